function row(model, option) {
  const label = make("label", "lab-check", { title: option.help ?? "" });
  const input = make("input", "", { type: "checkbox", value: option.value });
  const dot = make("span", "lab-dot");
  dot.style.background = option.colour ?? "transparent";
  const words = make("span", "lab-check-label", { textContent: option.label });
  const note = make("span", "lab-check-note", { textContent: option.note ?? "" });
  input.addEventListener("change", () => {
    const others = chosen(model).filter((value) => value !== option.value);
    tell(model, "value", input.checked ? [...others, option.value] : others);
  });
  label.append(input, dot, words, note);
  return label;
}

function chosen(model) {
  const value = model.get("value");
  return Array.isArray(value) ? value : [];
}

function render({ model, el }) {
  const { body } = field(model, el, { group: true });
  const draw = () => {
    body.replaceChildren(...model.get("options").map((option) => row(model, option)));
    show();
  };
  const show = () => {
    const now = chosen(model);
    for (const input of body.querySelectorAll("input")) {
      input.checked = now.includes(input.value);
      input.disabled = !input.checked && now.length >= model.get("most");
    }
  };
  model.on("change:options", draw);
  model.on("change:value", show);
  draw();
}

export default { render };
