function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function render({ model, el }) {
  const text = make("p", "lab-try-text");
  text.setAttribute("role", "status");
  const buttons = model.get("trials").map(({ name, title, text: words }) => {
    const button = make("button", "lab-try", { type: "button", textContent: title, title: words });
    button.dataset.name = name;
    button.addEventListener("click", () => model.send(name));
    return button;
  });
  const show = () => {
    const chosen = model.get("trials").find(({ name }) => name === model.get("chosen"));
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset.name === chosen?.name));
    text.textContent = chosen ? `${chosen.text} The form is set: press Start.` : "";
    text.hidden = !chosen;
  };
  model.on("change:chosen", show);
  show();
  const row = make("div", "lab-try-row");
  row.append(make("span", "", { textContent: "Try" }), ...buttons);
  el.append(row, text);
}

export default { render };
