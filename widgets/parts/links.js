function render({ model, el }) {
  const made = () => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-button" });
    button.addEventListener("click", () => model.send([...el.children].indexOf(button)));
    return button;
  };
  // Buttons that are there stay: one that is replaced between press and release hears no click, and loses the focus.
  const draw = () => {
    const labels = model.get("labels");
    while (el.children.length > labels.length) el.lastChild.remove();
    while (el.children.length < labels.length) el.append(made());
    labels.forEach((label, place) => {
      if (el.children[place].textContent !== label) el.children[place].textContent = label;
    });
    el.hidden = labels.length === 0;
  };
  model.on("change:labels", draw);
  draw();
}

export default { render };
