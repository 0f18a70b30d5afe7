function render({ model, el }) {
  const said = Object.assign(document.createElement("p"), { className: "lab-links-words" });
  const buttons = Object.assign(document.createElement("div"), { className: "lab-links-buttons" });
  el.append(said, buttons);
  const made = () => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-button" });
    button.addEventListener("click", () => model.send([...buttons.children].indexOf(button)));
    return button;
  };
  // Buttons that are there stay: one that is replaced between press and release hears no click, and loses the focus.
  const draw = () => {
    const labels = model.get("labels");
    while (buttons.children.length > labels.length) buttons.lastChild.remove();
    while (buttons.children.length < labels.length) buttons.append(made());
    labels.forEach((label, place) => {
      if (buttons.children[place].textContent !== label) buttons.children[place].textContent = label;
    });
    said.textContent = model.get("words");
    said.hidden = said.textContent === "";
    el.hidden = labels.length === 0 && said.hidden;
  };
  model.on("change:labels change:words", draw);
  draw();
}

export default { render };
