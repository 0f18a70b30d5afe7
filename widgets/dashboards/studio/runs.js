const STATES = {
  waiting: "Waiting for its turn",
  running: "Training",
  elsewhere: "Training, not from this page",
  paused: "Paused",
  failed: "Failed",
  finished: "Finished",
  shipped: "Comes with the lab",
};
const LABELS = { pause: "Pause", resume: "Resume", discard: "Discard", clone: "Clone" };
const HINTS = {
  pause: "Stop it for everyone; it can be resumed here",
  resume: "Resume it from where it stopped",
  discard: "Delete the run and its model",
  clone: "Put its recipe into the form, to change and start it under another name",
};

function make(tag, className = "", properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function left(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

function action(model, name, kind) {
  const button = make("button", "lab-run-action", { type: "button", textContent: LABELS[kind], title: HINTS[kind], value: kind });
  button.setAttribute("aria-label", `${LABELS[kind]} ${name}`);
  button.addEventListener("click", () => model.send({ action: kind, name }));
  return button;
}

// Deleting a network asks once more, in the row itself.
function discard(model, name) {
  const place = make("span", "lab-run-discard");
  place.dataset.kind = "discard";
  const ask = make("button", "lab-run-action", { type: "button", textContent: LABELS.discard, title: HINTS.discard });
  const sure = make("button", "lab-run-action lab-run-danger", { type: "button", textContent: "Delete it", hidden: true });
  const keep = make("button", "lab-run-action", { type: "button", textContent: "Keep", hidden: true });
  ask.setAttribute("aria-label", `Discard ${name}`);
  sure.setAttribute("aria-label", `Delete ${name} for good`);
  const asking = (now) => {
    ask.hidden = now;
    sure.hidden = keep.hidden = !now;
    if (now) keep.focus();
  };
  ask.addEventListener("click", () => asking(true));
  keep.addEventListener("click", () => asking(false));
  sure.addEventListener("click", () => model.send({ action: "discard", name }));
  place.append(ask, sure, keep);
  return place;
}

// The columns of accuracies, in the order in which the page sends them, and what they mean.
const MEASURED = {
  clean: "Accuracy without an attack",
  FGSM: "Accuracy under FGSM",
  PGD: "Accuracy under PGD: 40 steps, one random start",
  robust: "Robust accuracy: what the quick evaluation leaves of the first test images",
};

function line(model, name) {
  const row = make("tr", "lab-run");
  row.dataset.name = name;
  const check = make("input", "", { type: "checkbox" });
  const dot = make("span", "lab-dot");
  const label = make("label", "lab-run-name");
  label.append(check, dot, make("span", "", { textContent: name, title: name }));
  check.setAttribute("aria-label", `Show the curves of ${name}`);
  check.addEventListener("change", () => model.send({ action: "show", name }));
  const bar = make("progress", "lab-progress", { max: 1 });
  bar.setAttribute("aria-label", `Progress of ${name}`);
  const state = make("td", "lab-run-how");
  state.append(make("span"), bar, make("p", "lab-error"));
  const named = make("td");
  named.append(label);
  row.append(named, make("td", "lab-run-summary"), state);
  for (const measured of Object.keys(MEASURED)) {
    const share = make("td", "lab-run-share");
    share.dataset.measured = measured;
    row.append(share);
  }
  row.append(make("td", "lab-run-actions"));
  row.role = "row"; // on a phone it is a block
  for (const cell of row.children) cell.role = "cell";
  return row;
}

function fill(model, row, { name, colour, shown, summary, state, fraction, left: seconds, accuracies, error, actions }) {
  const [named, what, how, ...rest] = row.children;
  const [check, dot] = named.firstChild.children;
  check.checked = shown;
  dot.style.background = colour;
  write(what, summary);
  what.title = summary;
  row.dataset.state = state;
  const [said, bar, complaint] = how.children;
  const share = ["running", "elsewhere", "paused", "failed"].includes(state) ? `${Math.round(100 * fraction)}%` : "";
  write(said, [STATES[state], share, left(seconds)].filter(Boolean).join(" · "));
  bar.hidden = !["waiting", "running", "elsewhere", "paused"].includes(state);
  if (state === "waiting") bar.removeAttribute("value");
  else bar.value = fraction;
  write(complaint, error);
  complaint.hidden = !error;
  accuracies.forEach((each, i) => write(rest[i], each));
  const wanted = [...actions, "clone"];
  const place = rest.at(-1);
  if (place.dataset.wanted !== wanted.join(" ")) {
    place.dataset.wanted = wanted.join(" ");
    place.replaceChildren(...wanted.map((kind) => (kind === "discard" ? discard(model, name) : action(model, name, kind))));
  }
}

// The same each time this browser comes back, so that its runs are still its own.
function visitor() {
  const fresh = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (each) => each.toString(36)).join("");
  try {
    const known = localStorage.getItem("lab-visitor") ?? fresh();
    localStorage.setItem("lab-visitor", known);
    return known;
  } catch {
    return fresh(); // it keeps nothing: it is somebody new each time
  }
}

function render({ model, el }) {
  model.set("visitor", visitor());
  model.save_changes();
  const head = make("div", "lab-figure-head");
  head.append(make("h2", "lab-figure-title", { textContent: "Runs" }));
  const table = make("table", "lab-run-table", { role: "table" });
  const titles = make("tr");
  for (const title of ["Run", "Recipe", "State", ...Object.keys(MEASURED), "Actions"]) {
    titles.append(make("th", "", { textContent: title, scope: "col", title: MEASURED[title] ?? "" }));
  }
  titles.lastChild.replaceChildren(make("span", "lab-unseen", { textContent: "Actions" }));
  const top = make("thead");
  const body = make("tbody", "", { role: "rowgroup" });
  top.append(titles);
  table.append(top, body);
  const scroll = make("div", "lab-run-scroll");
  scroll.append(table);
  const empty = make("p", "lab-run-empty", { textContent: "No runs yet. Choose a recipe on the left and press Start." });
  const message = make("p", "lab-error lab-run-message");
  message.setAttribute("role", "alert");
  const problems = make("ul", "lab-run-problems");
  el.append(head, empty, scroll, message, problems);

  const show = () => {
    const rows = model.get("rows");
    const known = new Map([...body.children].map((row) => [row.dataset.name, row]));
    const wanted = rows.map((each) => known.get(each.name) ?? line(model, each.name));
    // A row that moves would lose the button that has the focus, so only what is in the wrong place is moved.
    wanted.forEach((row, i) => {
      if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
    });
    while (body.children.length > wanted.length) body.lastChild.remove();
    rows.forEach((each, i) => fill(model, wanted[i], each));
    empty.hidden = rows.length > 0;
    scroll.hidden = rows.length === 0;
    write(message, model.get("message"));
    message.hidden = !model.get("message");
    problems.replaceChildren(...model.get("problems").map((words) => make("li", "lab-error", { textContent: words })));
  };
  model.on("change", show);
  show();
}

export default { render };
