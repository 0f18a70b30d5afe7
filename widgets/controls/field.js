// What every control has in common: a label tied to its input, help on request, and an error in words.
function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function tell(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

// The options of a list, each under the heading of its group where it has one.
function grouped(options) {
  const [found, groups] = [[], new Map()];
  for (const { value, label, help = "", group = "" } of options) {
    const option = make("option", "", { value, textContent: label, title: help });
    if (group && !groups.has(group)) {
      groups.set(group, make("optgroup", "", { label: group }));
      found.push(groups.get(group));
    }
    if (group) groups.get(group).append(option);
    else found.push(option);
  }
  return found;
}

// Help is no stop on the way through the fields: a screen reader tells it with the field, and F1 in the field shows it.
function helper(model, id, wrap) {
  const sign = make("button", "lab-help-sign", { type: "button", textContent: "?", tabIndex: -1 });
  const text = make("p", "lab-help", { id, hidden: true });
  sign.setAttribute("aria-label", `What is ${model.get("label")}?`);
  sign.setAttribute("aria-controls", id);
  const show = () => sign.setAttribute("aria-expanded", String(!text.hidden));
  const turn = () => {
    text.hidden = !text.hidden;
    show();
  };
  sign.addEventListener("click", turn);
  wrap.addEventListener("keydown", (event) => {
    if (event.key !== "F1" || sign.hidden) return;
    event.preventDefault();
    turn();
  });
  const write = () => {
    text.textContent = model.get("help");
    sign.title = model.get("help");
    sign.hidden = !model.get("help");
  };
  model.on("change:help", write);
  write();
  show();
  return { sign, text };
}

function complaint(model, id, wrap) {
  const text = make("p", "lab-error", { id });
  text.setAttribute("role", "alert");
  const write = () => {
    const words = model.get("error");
    text.textContent = words;
    text.hidden = !words;
    wrap.classList.toggle("lab-field-wrong", Boolean(words));
  };
  model.on("change:error", write);
  write();
  return text;
}

// A labelled field. With `group`, the label names a group of inputs (a fieldset) instead of one input.
function field(model, el, { group = false } = {}) {
  const id = `lab-field-${Math.random().toString(36).slice(2)}`;
  const wrap = make(group ? "fieldset" : "div", "lab-field");
  const head = make("div", "lab-field-head");
  const label = make(group ? "legend" : "label", "lab-label", { textContent: model.get("label") });
  if (!group) label.htmlFor = id;
  const { sign, text } = helper(model, `${id}-help`, wrap);
  const body = make("div", "lab-field-body");
  const error = complaint(model, `${id}-error`, wrap);
  const described = `${id}-help ${id}-error`;
  if (group) {
    wrap.setAttribute("aria-describedby", described);
    label.append(sign);
    wrap.append(label, text, body, error);
  } else {
    head.append(label, sign);
    wrap.append(head, text, body, error);
  }
  el.append(wrap);
  return { id, wrap, head, body, described };
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };

// One stop of the tab key for many controls of a kind: arrow keys, Home and End go from one to the next. `across` says
// how many stand in a row, for arrows up and down. Gives what must be called when the controls are others.
function oneStop(group, css, across = () => 1) {
  const all = () => [...group.querySelectorAll(css)];
  const free = () => all().filter((each) => !each.disabled && !each.closest("[hidden]"));
  const stopAt = (stop) => all().forEach((each) => (each.tabIndex = each === stop ? 0 : -1));
  const aim = ({ key }, from, count) => {
    if (key === "Home") return 0;
    if (key === "End") return count - 1;
    return from + STEPS[key] * (key === "ArrowUp" || key === "ArrowDown" ? across() : 1);
  };
  group.addEventListener("keydown", (event) => {
    const stops = free();
    const from = stops.indexOf(event.target);
    if (from < 0 || !(event.key in STEPS || event.key === "Home" || event.key === "End")) return;
    event.preventDefault();
    const to = aim(event, from, stops.length);
    if (stops[to]) stops[to].focus();
  });
  group.addEventListener("focusin", (event) => {
    if (event.target.matches(css)) stopAt(event.target);
  });
  return () => {
    const stops = free();
    const on = (each) => each.checked || each.getAttribute("aria-pressed") === "true";
    stopAt(stops.find((each) => each === document.activeElement) ?? stops.find(on) ?? stops[0]);
  };
}
