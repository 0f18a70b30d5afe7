function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function opener(model, className, name, textContent = "") {
  const button = make("button", className, { type: "button", textContent });
  button.addEventListener("click", () => {
    model.set("opened", name);
    model.save_changes();
    model.set("opened", "");
  });
  return button;
}

function drawing(sketch) {
  const drawn = Object.assign(document.createElement("template"), { innerHTML: sketch }).content.firstElementChild;
  drawn.setAttribute("class", "lab-card-picture");
  drawn.setAttribute("aria-hidden", "true");
  return drawn;
}

function card(model, { name, label, source, text, sketch }) {
  const button = opener(model, "lab-card", name);
  button.append(
    drawing(sketch),
    make("span", "lab-card-title", { textContent: label }),
    make("span", "lab-card-text", { textContent: text }),
    make("span", "lab-card-source", { textContent: source }),
  );
  return button;
}

function door(heading, sentence) {
  const section = make("section", "lab-door");
  section.append(make("h2", "lab-door-title", { textContent: heading }), make("p", "", { textContent: sentence }));
  return section;
}

function learn(model) {
  const section = door(
    "Learn",
    "Six lessons of about 45 minutes, Jupyter notebooks with questions that are judged by what you measure. Shorter: " +
      "“Try this” at the head of every page.",
  );
  const list = make("ol", "lab-door-list");
  list.append(...model.get("lessons").map((textContent) => make("li", "", { textContent })));
  section.append(list, make("code", "lab-door-command", { textContent: "python -m lab lessons my-lessons" }));
  return section;
}

function evaluate(model) {
  const section = door(
    "Evaluate",
    "How robust is your own model? Attacks that need no tuning, a verdict with its reasons, and a report to keep.",
  );
  section.append(
    make("code", "lab-door-command", {
      textContent: "python -m lab evaluate --model mypackage.nets:build --weights net.safetensors --data mine.npz",
    }),
    make("p", "", { textContent: "The same on a page, also for a model that the lab is served with (serve --model):" }),
    opener(model, "lab-button", "evaluation", "Open Evaluation"),
  );
  return section;
}

function explore(model) {
  const section = door("Explore", "Every page is one experiment of a paper, on real data and trained models.");
  section.classList.add("lab-door-wide");
  const cards = make("div", "lab-cards");
  cards.append(...model.get("cards").map((each) => card(model, each)));
  section.append(cards);
  return section;
}

function render({ model, el }) {
  el.classList.add("lab-doors");
  el.append(learn(model), explore(model), evaluate(model));
}

export default { render };
