function make(tag, className, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), { className, ...properties });
  made.append(...children);
  return made;
}

function symbol({ state, symbol: sign, words }, unseen) {
  const shown = make("span", "", { textContent: sign });
  shown.setAttribute("aria-hidden", "true");
  const made = make("span", "lab-exhibit-mark", {}, shown);
  made.append(make("span", unseen ? "lab-unseen" : "", { textContent: ` ${words}` }));
  made.dataset.state = state;
  return made;
}

// A wide table is moved sideways, also by the keyboard.
function movable(table, label) {
  const place = make("div", "lab-exhibit-wide", { tabIndex: 0 }, table);
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", label);
  return place;
}

function card(title, ...children) {
  return make("section", "lab-exhibit-card-part", {}, make("h3", "lab-figure-title", { textContent: title }), ...children);
}

const SIDES = { paper: "the paper's value", ours: "ours" };

function cell(record, sides) {
  const made = make("td");
  made.dataset.at = JSON.stringify(record.place);
  made.title = record.interval;
  for (const side of sides) {
    const value = make("span", `lab-exhibit-${side}`, { textContent: record[side] });
    value.prepend(make("span", "lab-unseen", { textContent: `${SIDES[side]} ` }));
    if (side === "ours" && record.mark) value.append(symbol(record.mark, true));
    made.append(value);
  }
  return made;
}

function values({ unit, groups, columns, sides, rows }, label) {
  const head = make("thead");
  if (groups.length) {
    const cells = groups.map(({ name, span }) => make("th", "", { scope: "colgroup", colSpan: span, textContent: name }));
    head.append(make("tr", "lab-exhibit-groups", {}, make("td"), ...cells));
  }
  const corner = make("th", "", { scope: "col", textContent: unit ? `in ${unit}` : "row" });
  head.append(make("tr", "", {}, corner, ...columns.map((each) => make("th", "", { scope: "col", textContent: each }))));
  const body = make("tbody");
  for (const { name, cells } of rows) {
    const row = make("tr", "", {}, make("th", "", { scope: "row", textContent: name }));
    row.append(...cells.map((each) => cell(each, sides)));
    body.append(row);
  }
  const table = make("table", "lab-exhibit-values", {}, head, body);
  table.setAttribute("aria-label", label);
  return table;
}

function legend({ sides, meanings }) {
  const line = make("p", "lab-exhibit-legend");
  const said = { both: "Above the paper's value, below ours.", ours: "Our values; the paper prints none.", paper: "" };
  line.append(said[sides.length > 1 ? "both" : sides[0]]);
  if (sides.includes("ours")) line.append(" Point at one for its 95% interval.");
  if (meanings.length) line.append(" A mark is the outcome of the claim computed from that value, of several the worst: ");
  line.append(...meanings.flatMap((each, i) => [i ? ", " : "", symbol(each)]));
  return line;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

function claimRow(claim, place, press) {
  const words = make("td", "lab-exhibit-claim", {}, claim.sentence, make("span", "", { textContent: ` ${claim.where}` }));
  const letter = make("td", "", { textContent: LETTERS[place] });
  if (claim.places?.length) {
    const button = make("button", "lab-exhibit-letter", { type: "button", textContent: LETTERS[place] });
    button.setAttribute("aria-label", `Mark the values of claim ${LETTERS[place]}`);
    button.setAttribute("aria-pressed", "false");
    button.title = "Mark the values from which it is computed";
    button.addEventListener("click", () => press(button, claim.places));
    letter.replaceChildren(button);
  }
  const row = make("tr", "", {}, letter, words);
  row.append(make("td", "", { textContent: claim.paper ?? "–" }), make("td", "", { textContent: claim.ours ?? "–" }));
  for (const outcome of [claim.kind, claim.size]) row.append(make("td", "", {}, outcome ? symbol(outcome) : "–"));
  return row;
}

function claims(record, press) {
  const heads = ["", "Claim", "Paper", "Here", "In kind", "In size"];
  const top = make("tr", "", {}, make("td"));
  top.append(...heads.slice(1).map((each) => make("th", "", { scope: "col", textContent: each })));
  const table = make("table", "lab-exhibit-claims", {}, make("thead", "", {}, top));
  table.append(make("tbody", "", {}, ...record.map((each, place) => claimRow(each, place, press))));
  table.setAttribute("aria-label", "Claims");
  return table;
}

const EFFECT =
  "An effect is above 0 where its claim holds; ± is half the 95% interval, as far as the number of images decides it. " +
  "The letter marks the values from which it is computed.";

function models(record) {
  const top = make("tr");
  top.append(...["In the paper", "Here", "Weights"].map((each) => make("th", "", { scope: "col", textContent: each })));
  const rows = record.map(({ role, about, model, sha256 }) => {
    const name = make("th", "", { scope: "row" }, make("strong", "", { textContent: role }), about ? ` ${about}` : "");
    const weights = make("td", "", {}, sha256 ? make("code", "", { textContent: sha256 }) : "–");
    return make("tr", "", {}, name, make("td", "", { textContent: model }), weights);
  });
  const table = make("table", "lab-exhibit-models", {}, make("thead", "", {}, top), make("tbody", "", {}, ...rows));
  table.setAttribute("aria-label", "Models");
  return table;
}

function facts(record) {
  const list = make("dl", "lab-exhibit-facts");
  for (const [name, text] of record) {
    list.append(make("dt", "", { textContent: name }), make("dd", "", { textContent: text }));
  }
  return list;
}

function command({ label, command: text, words }) {
  const copy = make("button", "lab-button", { type: "button", textContent: "Copy" });
  copy.setAttribute("aria-label", `Copy the command: ${label}`);
  const code = make("code", "", { textContent: text });
  copy.addEventListener("click", () => {
    getSelection().selectAllChildren(code);
    // The clipboard is there on https and on this machine only; the selected text can be copied by hand anywhere.
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => (copy.textContent = "Copied"), () => {});
  });
  const line = make("div", "lab-exhibit-command", {}, code, copy);
  return make("div", "", {}, make("h4", "", { textContent: label }), line, make("p", "", { textContent: words }));
}

function render({ model, el }) {
  const press = (button, places) => {
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const each of el.querySelectorAll(".lab-exhibit-letter")) each.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(on));
    const marked = new Set(on ? places.map((each) => JSON.stringify(each)) : []);
    for (const each of el.querySelectorAll("td[data-at]")) each.classList.toggle("lab-marked", marked.has(each.dataset.at));
  };
  const draw = () => {
    const record = model.get("record");
    if (!record.heading) return;
    const parts = [];
    if (record.table) {
      const table = movable(values(record.table, record.heading), record.heading);
      parts.push(card(record.heading, table, legend(record.table)));
    }
    if (record.claims.length) {
      const table = movable(claims(record.claims, press), "The claims, each with its effect");
      parts.push(card("Claims", table, make("p", "lab-exhibit-legend", { textContent: EFFECT })));
    }
    if (record.models.length) parts.push(card("Which model plays which", movable(models(record.models), "Which model plays which")));
    if (record.facts.length) parts.push(card("Where the values come from", facts(record.facts)));
    if (record.commands.length) parts.push(card("Run it again", ...record.commands.map(command)));
    el.replaceChildren(...parts);
  };
  model.on("change:record", draw);
  draw();
}

export default { render };
