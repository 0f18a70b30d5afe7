const ALL = "all";

function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function sign(symbol) {
  const made = make("span", "", { textContent: symbol });
  made.setAttribute("aria-hidden", "true");
  return made;
}

function render({ model, el }) {
  const turn = make("nav", "lab-exhibit-turn");
  turn.setAttribute("aria-label", "Exhibits");
  const title = make("h1", "lab-exhibit-name", { tabIndex: -1 });
  const caption = make("p", "lab-exhibit-caption");
  const found = make("p", "lab-exhibit-found");
  const warning = make("p", "lab-exhibit-warning");
  el.append(turn, title, caption, found, warning, make("h2", "lab-unseen", { textContent: "Values and claims" }));
  el.setAttribute("role", "region");
  el.setAttribute("aria-label", "The opened exhibit");

  const button = (name, label, words) => {
    const made = make("button", "lab-button", { type: "button", title: words });
    made.append(...label);
    made.setAttribute("aria-label", words);
    made.addEventListener("click", () => model.send(name));
    return made;
  };
  let shown;
  const show = () => {
    const record = model.get("record");
    if (!record.name) return;
    const { before, after } = record.near;
    turn.replaceChildren(button(ALL, [sign("← "), "All exhibits"], "All exhibits"));
    if (before) turn.append(button(before.name, [sign("‹ "), before.label], `Before: ${before.title}`));
    if (after) turn.append(button(after.name, [after.label, sign(" ›")], `Next: ${after.title}`));
    title.replaceChildren(make("span", "", { textContent: record.label }), record.title);
    caption.textContent = record.caption;
    const { state, symbol, words } = record.outcome;
    const said = make("span", "lab-exhibit-outcome");
    said.dataset.state = state;
    said.append(sign(symbol), make("span", "", { textContent: words }));
    found.replaceChildren(said, " ", record.finding);
    warning.textContent = record.warning;
    warning.hidden = !record.warning;
    // Whoever pressed a card, or a button of the exhibit before, goes on at the title; the panel's list keeps the focus.
    const at = document.activeElement;
    const moves = shown !== record.name && (at === document.body || at?.closest(".lab-content"));
    shown = record.name;
    if (!moves) return;
    requestAnimationFrame(() => {
      if (!title.offsetParent) return;
      title.closest(".lab-content")?.scrollTo(0, 0);
      title.focus({ preventScroll: true });
    });
  };
  model.on("change:record", show);
  show();
}

export default { render };
