// The data sets that are not here: each can be downloaded by one press, with its size, source and place said before.
function download(model, name) {
  const item = make("li", "lab-download");
  const words = make("p", "lab-field-note");
  const press = make("button", "lab-button", { type: "button" });
  const bar = make("progress", "lab-progress", { max: 1 });
  const detail = make("p", "lab-field-note");
  const error = make("p", "lab-error");
  error.setAttribute("role", "alert");
  item.append(words, press, bar, detail, error);
  let running = false;
  press.addEventListener("click", () => model.send({ action: running ? "stop" : "download", name }));
  const show = (row) => {
    running = row.running;
    words.textContent = `${row.words}.`;
    press.textContent = running ? "Stop" : row.begun ? "Try again" : "Download";
    press.setAttribute("aria-label", `${press.textContent}: ${row.words}`);
    bar.setAttribute("aria-label", `Progress of ${row.title}`);
    bar.hidden = !running;
    bar.value = row.fraction;
    detail.hidden = !running;
    detail.textContent = row.detail;
    error.hidden = !row.error;
    if (error.textContent !== row.error) error.textContent = row.error;
  };
  return { item, show };
}

function render({ model, el }) {
  const { body } = choice(model, el);
  const more = make("details", "lab-downloads");
  const list = make("ul", "lab-download-list");
  more.append(make("summary", "", { textContent: "Download another data set" }), list);
  body.after(more);
  const shown = new Map();
  const draw = () => {
    const rows = model.get("downloads");
    more.hidden = !rows.length;
    for (const name of [...shown.keys()].filter((each) => !rows.some((row) => row.name === each))) {
      shown.get(name).item.remove();
      shown.delete(name);
    }
    for (const row of rows) {
      if (!shown.has(row.name)) {
        shown.set(row.name, download(model, row.name));
        list.append(shown.get(row.name).item);
      }
      shown.get(row.name).show(row);
    }
  };
  model.on("change:downloads", draw);
  draw();
}

export default { render };
