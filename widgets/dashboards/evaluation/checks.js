const SYMBOLS = { passed: "✓", failed: "✗", unclear: "?", "not needed": "○", skipped: "–" };

function make(tag, className = "", properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

// A long name goes on in another line after a sign between its words, not within one.
function breakable(name) {
  return name.split(/(?<=[_./:@+])/).flatMap((part) => [part, make("wbr")]);
}

function headCells(columns) {
  const first = make("th", "", { scope: "col", textContent: "What should hold" });
  const models = columns.map(({ name, colour }) => {
    const cell = make("th", "", { scope: "col" });
    const dot = make("span", "lab-dot");
    dot.style.background = colour;
    const words = make("span");
    words.append(...breakable(name));
    cell.append(dot, words);
    return cell;
  });
  return [first, ...models];
}

function bodyCell({ state, words }) {
  const cell = make("td", "", { title: words });
  if (!state) return cell;
  cell.dataset.state = state;
  const outcome = make("p", "lab-outcome");
  outcome.append(make("span", "", { textContent: SYMBOLS[state] ?? "" }), make("span", "", { textContent: state }));
  outcome.firstChild.setAttribute("aria-hidden", "true");
  cell.append(outcome, make("p", "lab-measured", { textContent: words }));
  return cell;
}

// On a phone a row is a block, which has its roles all the same, and beside each outcome its model's name.
function bodyRow({ title, cells }, columns) {
  const row = make("tr", "", { role: "row" });
  const found = cells.map(bodyCell);
  for (const [i, cell] of found.entries()) Object.assign(cell, { role: "cell" }).dataset.model = columns[i].name;
  row.append(make("th", "", { scope: "row", role: "rowheader", textContent: title }), ...found);
  return row;
}

function save(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  Object.assign(document.createElement("a"), { href: url, download: "evaluation-checks.csv" }).click();
  URL.revokeObjectURL(url);
}

function render({ model, el }) {
  const head = make("div", "lab-figure-head");
  const words = make("div");
  const title = make("h3", "lab-figure-title", { textContent: model.get("heading") });
  const note = make("p", "lab-figure-note");
  const tools = make("div", "lab-figure-tools");
  const all = make("button", "", { type: "button", textContent: "All numbers", title: "Show what every check measured" });
  const csv = make("button", "", { type: "button", textContent: "CSV", title: "Download the numbers" });
  const table = make("table", "", { role: "table" });
  const [top, body] = [make("thead"), make("tbody", "", { role: "rowgroup" })];
  table.setAttribute("aria-label", model.get("heading"));
  table.append(top, body);
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", `Tools of ${model.get("heading")}`);
  tools.append(all, csv);
  words.append(title, note);
  head.append(words, tools);
  el.append(head, table);

  const unfold = (open) => {
    all.setAttribute("aria-pressed", String(open));
    el.dataset.all = String(open);
  };
  all.addEventListener("click", () => unfold(el.dataset.all !== "true"));
  csv.addEventListener("click", () => model.send("csv"));
  unfold(false);

  const show = () => {
    const [columns, rows] = [model.get("columns"), model.get("rows")];
    note.textContent = model.get("note");
    const line = make("tr");
    line.append(...headCells(columns));
    top.replaceChildren(line);
    table.style.setProperty("--least", `${150 + 108 * columns.length}px`);
    body.replaceChildren(...rows.map((row) => bodyRow(row, columns)));
    table.hidden = all.hidden = csv.hidden = rows.length === 0;
    el.dataset.drawn = Number(el.dataset.drawn ?? 0) + 1;
  };
  const answer = (content) => {
    if (content.csv !== undefined) save(content.csv);
  };
  model.on("change:columns change:rows change:note", show);
  model.on("msg:custom", answer);
  show();
  return () => {
    model.off("change:columns change:rows change:note", show);
    model.off("msg:custom", answer);
  };
}

export default { render };
