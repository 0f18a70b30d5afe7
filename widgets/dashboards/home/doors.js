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

// The first step without a guess; of a story that is finished, its first one.
function story(model, { name, title, about, steps }) {
  const made = make("button", "lab-door-story", { type: "button" });
  const words = make("span", "lab-door-story-words");
  const far = make("span", "lab-door-far");
  words.append(make("strong", "", { textContent: title }), make("span", "", { textContent: about }));
  made.append(words, far);
  const left = () => steps.filter((step) => guesses(name)[step] === undefined);
  const show = () => {
    const done = steps.length - left().length;
    const count = `${done} of ${steps.length}`;
    far.textContent = done === steps.length ? `✓ ${count}` : done ? `Continue · ${count}` : `Start · ${steps.length} steps`;
    made.dataset.done = String(done === steps.length);
  };
  made.addEventListener("click", () => {
    model.set("told", `${name}/${left()[0] ?? steps[0]}`);
    model.save_changes();
    model.set("told", "");
  });
  show();
  return { made, show };
}

function learn(model) {
  const section = door("Learn", "Six stories on the pages: guess first, then see what the numbers say. About ten minutes each.");
  const list = make("ol", "lab-door-stories");
  const stories = model.get("stories").map((each) => story(model, each));
  for (const { made } of stories) {
    const item = make("li", "");
    item.append(made);
    list.append(item);
  }
  const update = () => stories.forEach(({ show }) => show());
  addEventListener(STORED, update);
  const lessons = make("details", "lab-door-lessons");
  const titles = make("ol", "lab-door-list");
  titles.append(...model.get("lessons").map((textContent) => make("li", "", { textContent })));
  lessons.append(
    make("summary", "", { textContent: "The same as lessons of 45 minutes, in Jupyter" }),
    titles,
    make("code", "lab-door-command", { textContent: "python -m lab lessons my-lessons" }),
  );
  section.append(list, lessons);
  return { section, end: () => removeEventListener(STORED, update) };
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
  const { section, end } = learn(model);
  el.append(section, explore(model), evaluate(model));
  return end;
}

export default { render };
