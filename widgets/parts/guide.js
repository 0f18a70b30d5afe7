function make(tag, className, textContent) {
  return Object.assign(document.createElement(tag), { className, textContent });
}

function render({ model, el }) {
  const head = make("div", "lab-words", "");
  head.append(make("h1", "", model.get("question")), make("p", "", model.get("source")));
  const list = make("ul", "", "");
  for (const each of model.get("tries")) list.append(make("li", "", each));
  const more = make("details", "lab-guide-tries", "");
  more.append(make("summary", "", "Try this"), list);
  const figures = make("h2", "lab-unseen", "Figures");
  el.append(head, make("p", "lab-guide-sentence", model.get("sentence")), more, figures);
}

export default { render };
