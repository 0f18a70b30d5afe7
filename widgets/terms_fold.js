// A fold with the terms of these names and, behind them, all others. Gives the fold and what shows other names.
function glossaryFold(className) {
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const listed = (terms) => {
    const list = make("dl", {});
    for (const { name, meaning, source } of terms) {
      const said = make("dd", { textContent: `${meaning} ` });
      if (source) said.append(make("span", { className: "lab-term-source", textContent: source }));
      list.append(make("dt", { textContent: name }), said);
    }
    return list;
  };
  const fold = make("details", { className: `lab-terms ${className}` });
  const inside = make("div", { className: "lab-terms-inside" });
  fold.append(make("summary", { textContent: "Glossary" }), inside);
  const show = async (names) => {
    const { terms } = await promisedGlossary().ready;
    const others = terms.filter(({ name }) => !names.includes(name));
    const rest = make("details", { hidden: others.length === 0 });
    rest.append(make("summary", { textContent: `${others.length} other terms` }), listed(others));
    inside.replaceChildren(listed(terms.filter(({ name }) => names.includes(name))), rest);
  };
  return { fold, show };
}
