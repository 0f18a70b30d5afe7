function render({ model, el }) {
  const words = document.createElement("p");
  const buttons = document.createElement("div");
  words.setAttribute("role", "status");
  el.append(words, buttons);
  const made = () => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-button" });
    button.addEventListener("click", () => model.send([...buttons.children].indexOf(button)));
    return button;
  };
  // Buttons that are there stay: one that is replaced between press and release hears no click, and loses the focus.
  const show = () => {
    words.textContent = model.get("words");
    const labels = model.get("labels");
    while (buttons.children.length > labels.length) buttons.lastChild.remove();
    while (buttons.children.length < labels.length) buttons.append(made());
    labels.forEach((label, place) => {
      if (buttons.children[place].textContent !== label) buttons.children[place].textContent = label;
    });
    el.hidden = words.textContent === "";
  };
  model.on("change:words change:labels", show);
  show();
}

export default { render };
