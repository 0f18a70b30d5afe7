// Six digits, or 1/255 and its multiples as such: the steps between the grey levels of an image.
function shown(value, zero) {
  if (typeof value !== "number") return String(value);
  if (value === 0 && zero) return zero;
  const rounded = Number(value.toPrecision(6));
  const levels = Math.round(255 * value);
  return rounded !== value && levels / 255 === value ? `${levels}/255` : String(rounded);
}

function meant(text, zero) {
  const trimmed = text.trim().replace(",", ".");
  if (zero && trimmed === zero) return 0;
  const [whole, above, below] = trimmed.match(/^(\d+)\s*\/\s*(\d+)$/) ?? [];
  const value = whole ? above / below : Number(trimmed);
  return trimmed !== "" && Number.isFinite(value) ? value : text;
}

// The slider counts a thousand places, on a logarithmic one equal distances being equal factors; its keys count steps.
const PLACES = 1000;
const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

function scale(model) {
  const [low, high] = model.get("usual");
  const log = model.get("logarithmic") && low > 0;
  const zero = log && model.get("zero") !== ""; // 0 is a place of its own, before the lowest number
  const step = model.get("step");
  const fine = 10 ** Math.floor(Math.log10((high - low) / 50));
  const clean = (value) => Number(value.toPrecision(6));
  const parts = step > 0 && step < 1 ? Math.round(1 / step) : 0; // exactly k/255, not k times 1/255
  const stepped = (value) => (parts ? Math.round(value * parts) / parts : clean(value));
  const rounded = (value) => {
    if (step) return stepped(low + Math.round((value - low) / step) * step);
    if (log) return Number(value.toPrecision(2));
    return clean(Math.round(value / fine) * fine);
  };
  // The least change that a value can have there: on a logarithmic scale the last of two digits.
  const stepAt = (value, up) => step || (log ? 10 ** (Math.floor(Math.log10(value) + (up ? 1e-9 : -1e-9)) - 1) : fine);
  const next = (value, up) => {
    const size = stepAt(value, up);
    const first = step ? low : 0;
    const count = (value - first) / size;
    const there = first + (up ? Math.floor(count + 1e-6) + 1 : Math.ceil(count - 1e-6) - 1) * size;
    return step ? stepped(there) : clean(there);
  };
  const within = (value) => Math.min(high, Math.max(low, value));
  return {
    low,
    high,
    moved(value, steps) {
      let now = typeof value !== "number" ? low : zero && value === 0 ? 0 : within(value);
      for (let i = 0; i < Math.abs(steps); i++) {
        if (zero && now === 0) now = steps > 0 ? low : 0;
        else now = zero && steps < 0 && now === low ? 0 : within(next(now, steps > 0));
      }
      return now;
    },
    place: (value) => {
      if (zero && value === 0) return 0;
      return PLACES * (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
    },
    value: (place) => {
      if (zero && place === 0) return 0;
      return rounded(log ? low * (high / low) ** (place / PLACES) : low + ((high - low) * place) / PLACES);
    },
  };
}

const WALK = 30; // steps of a walk through the slider's range
const REST = 120; // milliseconds for which each is looked at, at least

// A button that walks the value through its range; each step waits until the page has drawn the last one.
function walker(model, slider) {
  const button = make("button", "lab-small-button lab-walk", { type: "button" });
  let timer = 0;
  let walking = false;
  let left = null; // where it was stopped, and goes on
  const show = () => {
    button.textContent = walking ? "❚❚" : "▶";
    button.title = walking ? "Stop" : "Play: from the least to the largest";
    button.setAttribute("aria-label", `${walking ? "Stop" : "Play"} ${model.get("label")}`);
  };
  const turn = (on) => {
    walking = on;
    clearTimeout(timer);
    if (!on) left = model.get("value");
    show();
  };
  const rest = () => {
    clearTimeout(timer);
    timer = setTimeout(step, REST);
  };
  const go = (value) => {
    tell(model, "value", value);
    if (model.get("reached") === value) rest();
  };
  const step = () => {
    const { high, moved, place, value } = scale(model);
    const now = model.get("value");
    if (!walking) return;
    if (!(now < high) || !button.checkVisibility()) turn(false);
    else go(Math.min(high, Math.max(moved(now, 1), value(place(now) + PLACES / WALK))));
  };
  button.addEventListener("click", () => {
    const goesOn = model.get("value") === left && left < scale(model).high;
    turn(!walking);
    if (!walking) return;
    if (goesOn) step();
    else go(scale(model).low);
  });
  slider.addEventListener("input", () => walking && turn(false));
  const drawn = () => walking && model.get("reached") === model.get("value") && rest();
  const offer = () => {
    button.hidden = !model.get("plays");
  };
  model.on("change:reached", drawn);
  model.on("change:plays", offer);
  offer();
  show();
  return { button, end: () => turn(false) };
}

function render({ model, el }) {
  const { id, head, body, described } = field(model, el);
  const box = make("input", "lab-number", { id, type: "text", inputMode: "decimal", autocomplete: "off" });
  box.classList.toggle("lab-number-words", model.get("zero") !== "");
  box.style.setProperty("--letters", model.get("zero").length);
  const unit = make("span", "lab-unit", { textContent: model.get("unit") });
  const ranged = model.get("usual").length === 2;
  const slider = make("input", "lab-slider", { type: "range", min: 0, max: PLACES, step: 1, hidden: !ranged });
  slider.setAttribute("aria-label", `${model.get("label")}, slider`);
  for (const input of [box, slider]) input.setAttribute("aria-describedby", described);
  head.append(box, unit);
  const { button, end } = walker(model, slider);
  const row = make("div", "lab-slider-row");
  row.append(button, slider);
  body.append(row);

  const show = () => {
    const value = model.get("value");
    const said = shown(value, model.get("zero"));
    box.value = said;
    if (!ranged) return;
    const place = typeof value === "number" ? scale(model).place(value) : 0;
    slider.value = place;
    slider.style.setProperty("--filled", `${Math.min(100, Math.max(0, place / (PLACES / 100)))}%`);
    slider.setAttribute("aria-valuetext", said);
  };
  slider.addEventListener("input", () => tell(model, "value", scale(model).value(Number(slider.value))));
  slider.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's own, such as Back
    const { high, moved, value } = scale(model);
    const ends = { Home: value(0), End: high };
    if (!(event.key in KEYS) && !(event.key in ends)) return;
    event.preventDefault();
    tell(model, "value", ends[event.key] ?? moved(model.get("value"), KEYS[event.key]));
  });
  box.addEventListener("change", () => tell(model, "value", meant(box.value, model.get("zero"))));
  model.on("change:value", show);
  model.on("change:usual", show);
  show();
  return end;
}

export default { render };
