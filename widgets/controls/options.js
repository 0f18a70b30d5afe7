function segments(model, field) {
  const row = make("div", "lab-segments");
  for (const option of model.get("options")) {
    const label = make("label", "lab-segment", { title: option.help ?? "" });
    const input = make("input", "lab-hidden", { type: "radio", name: field.id, value: option.value });
    input.addEventListener("change", () => tell(model, "value", option.value));
    label.append(input, make("span", "", { textContent: option.label }));
    row.append(label);
  }
  return row;
}

function list(model, field) {
  const select = make("select", "lab-select", { id: `${field.id}-list` });
  select.setAttribute("aria-label", model.get("label"));
  select.append(...grouped(model.get("options")));
  select.addEventListener("change", () => tell(model, "value", select.value));
  return select;
}

// The field of a choice, which other controls build on.
function choice(model, el) {
  const frame = field(model, el, { group: true });
  const note = make("p", "lab-field-note");
  const draw = () => {
    const options = model.get("options");
    // Long lists and long words do not fit beside each other in the panel.
    const letters = options.reduce((sum, option) => sum + option.label.length + 3, 0);
    frame.body.replaceChildren(letters <= 38 ? segments(model, frame) : list(model, frame), note);
    show();
  };
  const show = () => {
    const value = model.get("value");
    for (const input of frame.body.querySelectorAll("input")) input.checked = input.value === value;
    for (const select of frame.body.querySelectorAll("select")) select.value = value;
    note.textContent = model.get("options").find((option) => option.value === value)?.note ?? "";
  };
  model.on("change:options", draw);
  model.on("change:value", show);
  draw();
  return frame;
}
