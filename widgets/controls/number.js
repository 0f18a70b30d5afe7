// Six digits, or 1/255 and its multiples as such: the steps between the grey levels of an image.
function shown(value) {
  if (typeof value !== "number") return String(value);
  const rounded = Number(value.toPrecision(6));
  const levels = Math.round(255 * value);
  return rounded !== value && levels / 255 === value ? `${levels}/255` : String(rounded);
}

function meant(text) {
  const trimmed = text.trim().replace(",", ".");
  const [whole, above, below] = trimmed.match(/^(\d+)\s*\/\s*(\d+)$/) ?? [];
  const value = whole ? above / below : Number(trimmed);
  return trimmed !== "" && Number.isFinite(value) ? value : text;
}

// The slider counts a thousand places; on a logarithmic one equal distances are equal factors.
const PLACES = 1000;

function scale(model) {
  const [low, high] = model.get("usual");
  const log = model.get("log") && low > 0;
  const step = model.get("step");
  const fine = 10 ** Math.floor(Math.log10((high - low) / 50));
  const rounded = (value) => {
    if (step) return low + Math.round((value - low) / step) * step;
    if (log) return Number(value.toPrecision(2));
    return Number((Math.round(value / fine) * fine).toPrecision(6));
  };
  return {
    place: (value) => PLACES * (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)),
    value: (place) => rounded(log ? low * (high / low) ** (place / PLACES) : low + ((high - low) * place) / PLACES),
  };
}

function render({ model, el }) {
  const { id, head, body } = field(model, el);
  const box = make("input", "lab-number", { id, type: "text", inputMode: "decimal", autocomplete: "off" });
  const unit = make("span", "lab-unit", { textContent: model.get("unit") });
  const ranged = model.get("usual").length === 2;
  const slider = make("input", "lab-slider", { type: "range", min: 0, max: PLACES, step: 1, hidden: !ranged });
  slider.setAttribute("aria-label", `${model.get("label")}, slider`);
  head.append(box, unit);
  body.append(slider);

  const show = () => {
    const value = model.get("value");
    box.value = shown(value);
    if (!ranged) return;
    const place = typeof value === "number" ? scale(model).place(value) : 0;
    slider.value = place;
    slider.style.setProperty("--filled", `${Math.min(100, Math.max(0, place / (PLACES / 100)))}%`);
    slider.setAttribute("aria-valuetext", shown(value));
  };
  slider.addEventListener("input", () => tell(model, "value", scale(model).value(Number(slider.value))));
  box.addEventListener("change", () => tell(model, "value", meant(box.value)));
  model.on("change:value", show);
  show();
}

export default { render };
