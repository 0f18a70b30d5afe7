function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function outcome({ state, symbol, words }) {
  const said = make("span", "lab-exhibit-outcome");
  said.dataset.state = state;
  const sign = make("span", "", { textContent: symbol });
  sign.setAttribute("aria-hidden", "true");
  said.append(sign, make("span", "", { textContent: words }));
  return said;
}

function card(model, { name, number, title, finding, outcome: found }) {
  const button = make("button", "lab-exhibit-card", { type: "button" });
  button.dataset.name = name;
  const top = make("span", "lab-exhibit-top");
  top.append(make("span", "lab-exhibit-number", { textContent: number }), outcome(found));
  button.append(
    top,
    make("span", "lab-exhibit-title", { textContent: title }),
    make("span", "lab-exhibit-finding", { textContent: finding }),
  );
  button.addEventListener("click", () => model.send(name));
  return button;
}

function shelf(model, { author, title, tally, cards }) {
  const part = make("section", "lab-shelf");
  const head = make("div", "lab-shelf-head");
  const heading = make("h2", "", { textContent: author });
  heading.append(make("span", "", { textContent: ` ${title}` }));
  head.append(heading, make("p", "", { textContent: tally }));
  const row = make("div", "lab-shelf-cards");
  row.append(...cards.map((each) => card(model, each)));
  part.append(head, row);
  return part;
}

function render({ model, el }) {
  const draw = () => {
    el.replaceChildren(...model.get("shelves").map((each) => shelf(model, each)));
  };
  let opened = "";
  const back = () => {
    const left = opened;
    opened = model.get("opened");
    if (opened || !left || document.activeElement?.closest(".lab-panel")) return;
    // The cards are in sight only when the classes of their box have changed, too.
    setTimeout(() => el.querySelector(`[data-name="${left}"]`)?.focus(), 50);
  };
  model.on("change:shelves", draw);
  model.on("change:opened", back);
  draw();
}

export default { render };
