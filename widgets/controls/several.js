const LONG = 8; // options beyond which a list scrolls, can be searched, and says above what is chosen

function row(model, option) {
  const label = make("label", "lab-check");
  const input = make("input", "", { type: "checkbox", value: option.value });
  input.dataset.help = option.help ?? "";
  const words = make("span", "lab-check-label", { textContent: option.label });
  const note = make("span", "lab-check-note", { textContent: option.note ?? "" });
  input.addEventListener("change", () => choose(model, option.value, input.checked));
  label.append(input, dot(option), words, note);
  return label;
}

function dot(option) {
  const mark = make("span", "lab-dot");
  mark.style.background = option.colour ?? "transparent";
  mark.hidden = !option.colour;
  return mark;
}

function chosen(model) {
  const value = model.get("value");
  return Array.isArray(value) ? value : [];
}

function choose(model, value, wanted) {
  const others = chosen(model).filter((each) => each !== value);
  tell(model, "value", wanted ? [...others, value] : others);
}

// What is chosen from a long list, each with a button that leaves it out again.
function chip(model, option) {
  const button = make("button", "lab-chip", { type: "button", title: `Leave out ${option.label}` });
  button.setAttribute("aria-label", button.title);
  button.append(dot(option), make("span", "", { textContent: option.label }), make("span", "lab-chip-out", { textContent: "×" }));
  button.addEventListener("click", () => choose(model, option.value, false));
  return button;
}

// A line that leaves only the options with these letters; Enter chooses the first of them, Escape shows all again.
function search(rows, label, narrowed) {
  const box = make("input", "lab-text lab-find", { type: "search", autocomplete: "off" });
  box.setAttribute("aria-label", `Find in ${label}`);
  const narrow = () => {
    const letters = box.value.trim().toLowerCase();
    for (const each of rows.children) each.hidden = !each.textContent.toLowerCase().includes(letters);
    narrowed();
  };
  box.addEventListener("input", narrow);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Enter") rows.querySelector(":scope > :not([hidden]) > input:enabled")?.click();
    box.value = "";
    narrow();
  });
  return { box, narrow };
}

function render({ model, el }) {
  const { body } = field(model, el, { group: true });
  const chips = make("div", "lab-chips");
  const rows = make("div", "lab-checks");
  const apart = make("details", "lab-apart");
  const title = make("summary", "");
  const strange = make("div", "lab-checks");
  apart.append(title, strange);
  const stops = [oneStop(rows, "input"), oneStop(strange, "input"), oneStop(chips, "button")];
  const stop = () => stops.forEach((each) => each());
  const { box, narrow } = search(rows, model.get("label"), stop);
  body.append(chips, box, rows, apart);
  const every = () => [...model.get("options"), ...model.get("others")];
  const draw = () => {
    const options = model.get("options");
    const others = model.get("others");
    const long = options.length > LONG;
    rows.replaceChildren(...options.map((option) => row(model, option)));
    strange.replaceChildren(...others.map((option) => row(model, option)));
    strange.classList.toggle("lab-checks-long", others.length > LONG);
    apart.hidden = !others.length;
    title.textContent = `${model.get("apart")} (${others.length})`;
    rows.classList.toggle("lab-checks-long", long);
    chips.hidden = box.hidden = !long;
    box.placeholder = `Find among ${options.length}`;
    narrow();
    show();
  };
  const show = () => {
    const now = chosen(model);
    const most = model.get("most");
    for (const input of body.querySelectorAll(".lab-checks input")) {
      input.checked = now.includes(input.value);
      input.disabled = !input.checked && now.length >= most;
      input.parentElement.title = input.disabled ? `At most ${most} can be chosen: leave one out first` : input.dataset.help;
    }
    const options = now.map((value) => every().find((option) => option.value === value));
    if (model.get("others").some((option) => now.includes(option.value))) apart.open = true;
    const focused = chips.contains(document.activeElement);
    chips.replaceChildren(...options.filter(Boolean).map((option) => chip(model, option)));
    if (focused) box.focus();
    stop();
  };
  model.on("change:options", draw);
  model.on("change:others", draw);
  model.on("change:value", show);
  draw();
}

export default { render };
