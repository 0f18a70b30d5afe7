function render({ model, el }) {
  const draw = () => {
    const buttons = model.get("labels").map((textContent, place) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-button", textContent });
      button.addEventListener("click", () => model.send(place));
      return button;
    });
    el.replaceChildren(...buttons);
    el.hidden = buttons.length === 0;
  };
  model.on("change:labels", draw);
  draw();
}

export default { render };
