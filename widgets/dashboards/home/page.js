function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function card(model, { name, label, source, text }) {
  const button = make("button", "lab-card", { type: "button" });
  button.append(
    picture(name),
    make("span", "lab-card-title", { textContent: label }),
    make("span", "lab-card-text", { textContent: text }),
    make("span", "lab-card-source", { textContent: source }),
  );
  button.addEventListener("click", () => {
    model.set("opened", name);
    model.save_changes();
    model.set("opened", "");
  });
  return button;
}

function render({ model, el }) {
  const words = make("div", "lab-home-words");
  words.append(make("h1", "lab-home-title", { textContent: model.get("title") }));
  for (const paragraph of model.get("paragraphs")) words.append(make("p", "", { textContent: paragraph }));
  const cards = make("div", "lab-cards");
  cards.append(...model.get("cards").map((each) => card(model, each)));
  el.append(words, cards);
}

export default { render };
