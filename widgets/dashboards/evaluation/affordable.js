function render({ model, el }) {
  const words = document.createElement("p");
  const buttons = document.createElement("div");
  words.setAttribute("role", "status");
  el.append(words, buttons);
  const show = () => {
    words.textContent = model.get("words");
    const made = model.get("labels").map((textContent, place) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-button", textContent });
      button.addEventListener("click", () => model.send(place));
      return button;
    });
    buttons.replaceChildren(...made);
    el.hidden = words.textContent === "";
  };
  model.on("change:words change:labels", show);
  show();
}

export default { render };
