const DEEPEST = 10;

function part(zoom) {
  return zoom === 1 ? "whole ball" : `1/${zoom} of it`;
}

function render({ model, el }) {
  const { id, body, described } = field(model, el);
  const slider = make("input", "lab-slider", { id, type: "range", min: 0, max: DEEPEST, step: 1 });
  slider.setAttribute("aria-describedby", described);
  const said = make("output", "lab-unit lab-zoom-words");
  said.htmlFor = id;
  body.append(slider);
  el.querySelector(".lab-field").append(said);

  const show = () => {
    const zoom = Number(model.get("value")) || 1;
    const place = Math.min(DEEPEST, Math.max(0, Math.round(Math.log2(zoom))));
    slider.value = place;
    slider.style.setProperty("--filled", `${(100 * place) / DEEPEST}%`);
    slider.setAttribute("aria-valuetext", part(zoom));
    said.textContent = part(zoom);
  };
  slider.addEventListener("input", () => tell(model, "value", 2 ** Number(slider.value)));
  model.on("change:value", show);
  show();
}

export default { render };
