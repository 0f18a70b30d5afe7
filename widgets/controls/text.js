function render({ model, el }) {
  const { id, body, described } = field(model, el);
  const box = make("input", "lab-text", { id, type: "text", autocomplete: "off" });
  box.setAttribute("aria-describedby", described);
  const show = () => {
    box.value = String(model.get("value"));
  };
  box.addEventListener("change", () => tell(model, "value", box.value));
  model.on("change:value", show);
  show();
  body.append(box);
}

export default { render };
