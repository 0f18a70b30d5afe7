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

function render({ model, el }) {
  const head = make("div", "lab-words", "");
  head.append(make("h1", "", model.get("question")), make("p", "", model.get("source")));
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
