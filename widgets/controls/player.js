const PAUSE = 600; // milliseconds that a level is shown while it plays

function render({ model, el }) {
  const { id, head, body, described } = field(model, el);
  const row = make("div", "lab-player");
  const button = make("button", "lab-small-button", { type: "button" });
  const slider = make("input", "lab-slider", { id, type: "range", min: 0, step: 1 });
  const said = make("output", "lab-player-words");
  said.htmlFor = id;
  slider.setAttribute("aria-describedby", described);
  head.append(said);
  row.append(button, slider);
  body.append(row);

  let timer = 0;
  const last = () => Math.max(0, model.get("words").length - 1);
  const place = () => Math.min(last(), Math.max(0, Math.round(Number(model.get("value")) || 0)));
  const show = () => {
    const words = model.get("words");
    slider.max = last();
    slider.value = place();
    slider.style.setProperty("--filled", `${last() ? (100 * place()) / last() : 0}%`);
    slider.setAttribute("aria-valuetext", words[place()] ?? "");
    said.textContent = words[place()] ?? "";
    button.textContent = timer ? "❚❚" : "▶";
    button.title = timer ? "Pause" : "Play";
    button.setAttribute("aria-label", `${button.title} ${model.get("label")}`);
    button.disabled = last() === 0;
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    show();
  };
  const next = () => {
    if (place() >= last()) stop();
    else tell(model, "value", place() + 1);
  };
  button.addEventListener("click", () => {
    if (timer) {
      stop();
      return;
    }
    if (place() >= last()) tell(model, "value", 0);
    timer = setInterval(next, PAUSE);
    show();
  });
  slider.addEventListener("input", () => {
    const chosen = Number(slider.value); // before the slider is shown where the model still is
    stop();
    tell(model, "value", chosen);
  });
  model.on("change:value change:words", show);
  show();
  return () => clearInterval(timer);
}

export default { render };
