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
  const text = make("p", "lab-help", { id });
  const place = popupBeside(text);
  sign.popoverTargetElement = text;
  sign.setAttribute("aria-label", `What is ${model.get("label")}?`);
  sign.setAttribute("aria-controls", id);
  const show = (open) => sign.setAttribute("aria-expanded", String(open));
  text.addEventListener("beforetoggle", ({ newState }) => show(newState === "open"));
  sign.addEventListener("click", () => place(sign)); // before the browser does what a press of it does
  wrap.addEventListener("keydown", (event) => {
    if (event.key !== "F1" || sign.hidden) return;
    event.preventDefault();
    place(sign);
    text.togglePopover();
  });
  const write = () => {
    text.textContent = model.get("help");
    sign.title = model.get("help");
    sign.hidden = !model.get("help");
  };
  model.on("change:help", write);
  write();
  show(false);
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
