function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function render({ model, el }) {
  const text = make("p", "lab-try-text", { hidden: true });
  text.setAttribute("role", "status");
  const buttons = model.get("trials").map(({ name, title, text: words }) => {
    const button = make("button", "lab-try", { type: "button", textContent: title, title: words });
    button.addEventListener("click", () => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      text.textContent = `${words} The form is set: press Start.`;
      text.hidden = false;
      model.send(name);
    });
    return button;
  });
  el.append(make("span", "", { textContent: "Try" }), ...buttons, text);
}

export default { render };
