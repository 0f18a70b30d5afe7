function render({ model, el }) {
  const { id, head, described } = field(model, el);
  const box = make("input", "lab-toggle", { id, type: "checkbox" });
  box.setAttribute("role", "switch");
  box.setAttribute("aria-describedby", described);
  const show = () => {
    box.checked = model.get("value") === true;
  };
  box.addEventListener("change", () => tell(model, "value", box.checked));
  model.on("change:value", show);
  show();
  head.append(box);
}

export default { render };
