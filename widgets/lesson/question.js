let made = 0;

function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

// What stands between backticks is code.
function write(place, text) {
  const parts = text.split("`").map((part, i) => (i % 2 ? make("code", "", { textContent: part }) : part));
  place.replaceChildren(...parts);
  return place;
}

function choices(model, tell) {
  made += 1;
  const group = make("div", "lab-question-options");
  for (const option of model.get("options")) {
    const label = make("label", "lab-question-option");
    const input = make("input", "", { type: "radio", name: `lab-question-${made}`, value: option });
    input.addEventListener("change", () => tell(option));
    label.append(input, write(make("span", ""), option));
    group.append(label);
  }
  return group;
}

function number(model, tell) {
  const row = make("div", "lab-question-options");
  const box = make("input", "lab-question-number", { type: "text", inputMode: "decimal" });
  box.setAttribute("aria-label", model.get("prompt"));
  const check = make("button", "lab-button", { type: "button", textContent: "Check" });
  const send = () => tell(box.value.trim().replace(",", "."));
  check.addEventListener("click", send);
  box.addEventListener("keydown", (event) => event.key === "Enter" && send());
  const unit = model.get("unit");
  row.append(box, ...(unit ? [make("span", "", { textContent: unit })] : []), check);
  return row;
}

function render({ model, el }) {
  // JupyterLab tells a widget that it is displayed, which is when it gets its classes; out of sight it may forget to.
  el.classList.add(...model.get("_dom_classes"));
  const group = make("fieldset", "lab-question-body");
  const said = make("p", "lab-question-words");
  said.setAttribute("role", "status");
  const tell = (answer) => {
    model.set("answer", answer);
    model.save_changes();
  };
  group.append(write(make("legend", ""), model.get("prompt")));
  group.append(model.get("options").length ? choices(model, tell) : number(model, tell), said);
  el.append(group);
  const show = () => {
    write(said, model.get("words"));
    said.dataset.verdict = model.get("verdict");
  };
  model.on("change:words change:verdict", show);
  show();
}

export default { render };
