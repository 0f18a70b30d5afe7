function make(tag, className, textContent) {
  return Object.assign(document.createElement(tag), { className, textContent });
}

function folded(className, words, ...inside) {
  const found = make("details", className, "");
  found.append(make("summary", "", words), ...inside);
  return found;
}

function explained(terms) {
  const list = make("dl", "", "");
  for (const { name, meaning, source } of terms) {
    const said = make("dd", "", `${meaning} `);
    if (source) said.append(make("span", "lab-guide-from", source));
    list.append(make("dt", "", name), said);
  }
  return list;
}

function render({ model, el }) {
  const head = make("div", "lab-words", "");
  head.append(make("h1", "", model.get("question")), make("p", "", model.get("source")));
  const list = make("ul", "", "");
  for (const each of model.get("tries")) list.append(make("li", "", each));
  const terms = make("div", "", "");
  const explain = () => {
    const [used, others] = ["terms", "others"].map((each) => model.get(each));
    terms.replaceChildren(explained(used));
    if (others.length) terms.append(folded("", `${others.length} other terms`, explained(others)));
  };
  model.on("change:terms", explain);
  explain();
  el.append(
    head,
    make("p", "lab-guide-sentence", model.get("sentence")),
    folded("lab-guide-tries", "Try this", list),
    folded("lab-guide-terms", "Glossary", terms),
    make("h2", "lab-unseen", "Figures"),
  );
}

export default { render };
