function make(tag, className, textContent) {
  return Object.assign(document.createElement(tag), { className, textContent });
}

function tries(sentences) {
  const list = make("ul", "", "");
  for (const each of sentences) {
    const item = make("li", "", "");
    writeWithTerms(item, each);
    list.append(item);
  }
  const fold = make("details", "lab-guide-tries", "");
  fold.append(make("summary", "", "Try this"), list);
  fold.hidden = sentences.length === 0;
  return fold;
}

// On a phone only the question stands above the figures, and this button, which shows what else is said of the page.
function about(el) {
  const button = Object.assign(make("button", "lab-guide-about", "About"), { type: "button" });
  el.id ||= `lab-guide-${Math.random().toString(36).slice(2)}`;
  button.setAttribute("aria-label", "About this page");
  button.setAttribute("aria-controls", el.id);
  const show = (open) => button.setAttribute("aria-expanded", String(open));
  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  show(false);
  return button;
}

function render({ model, el }) {
  const head = make("div", "lab-words", "");
  head.append(make("h1", "", model.get("question")), about(el), make("p", "", model.get("source")));
  const sentence = make("p", "lab-guide-sentence", "");
  writeWithTerms(sentence, model.get("sentence"));
  sentence.hidden = !model.get("sentence");
  const { fold, show } = glossaryFold("lab-guide-terms");
  const explain = () => show(model.get("used"));
  model.on("change:used", explain);
  explain();
  el.append(head, sentence, tries(model.get("tries")), fold, make("h2", "lab-unseen", "Figures"));
}

export default { render };
