function shown(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
}

function meant(text) {
  const trimmed = text.trim().replace(",", ".");
  const value = Number(trimmed);
  return trimmed !== "" && Number.isFinite(value) ? value : text;
}

// The slider counts a thousand places; on a logarithmic one equal distances are equal factors.
const PLACES = 1000;

function scale(model) {
  const [low, high] = model.get("usual");
  const log = model.get("log") && low > 0;
  const whole = model.get("whole");
  const step = 10 ** Math.floor(Math.log10((high - low) / 50));
  const rounded = (value) => {
    if (whole) return Math.round(value);
    if (log) return Number(value.toPrecision(2));
    return Number((Math.round(value / step) * step).toPrecision(6));
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
