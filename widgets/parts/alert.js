// A sentence about an error, a button that reloads, one that closes it. The page below stays as it is.

function render({ model, el }) {
  const box = document.createElement("div");
  const words = document.createElement("p");
  const reload = button("Reload the page", () => location.reload());
  const close = button("Close", () => {
    box.hidden = true;
    model.send("close");
  });
  box.className = "lab-alert-box";
  box.setAttribute("role", "alert");
  box.append(words, reload, close);
  el.append(box);

  const show = () => {
    words.textContent = model.get("words");
    box.hidden = words.textContent === "";
  };
  model.on("change:words", show);
  show();
}

function button(label, press) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  made.addEventListener("click", press);
  return made;
}

export default { render };
