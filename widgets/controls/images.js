function painted(model, i) {
  const [, height, width, channels] = model.get("shape");
  const pixels = model.get("pixels");
  const canvas = make("canvas", "lab-thumbnail", { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const start = i * height * width * channels;
  for (let p = 0; p < height * width; p++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * p + c] = pixels.getUint8(start + p * channels + (channels === 3 ? c : 0));
    }
    image.data[4 * p + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function chosen(model) {
  const value = model.get("value");
  return Array.isArray(value) ? value : [];
}

// Choose an image, or leave it out again; one that is typed in is chosen.
function choose(model, position, always = false) {
  const now = chosen(model);
  if (model.get("most") === 1) tell(model, "value", [position]);
  else if (now.includes(position)) {
    const others = now.filter((each) => each !== position);
    if (!always) tell(model, "value", others);
  } else if (now.length < model.get("most")) tell(model, "value", [...now, position]);
}

function thumbnail(model, i) {
  const position = model.get("positions")[i];
  const title = `image ${position}: ${model.get("names")[i]}`;
  const button = make("button", "lab-image", { type: "button", title, value: position });
  button.setAttribute("aria-label", title);
  button.addEventListener("click", () => choose(model, position));
  button.append(painted(model, i));
  return button;
}

// The thumbnails of a page; gives what draws them again, and what shows which are chosen.
function thumbnails(model) {
  const grid = make("div", "lab-images");
  const stop = oneStop(grid, "button", () => across(grid));
  const show = () => {
    const now = chosen(model);
    for (const button of grid.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(now.includes(Number(button.value))));
    }
    reveal(grid);
    stop();
  };
  const draw = () => {
    const buttons = model.get("positions").map((_, i) => thumbnail(model, i));
    grid.replaceChildren(...(buttons.length ? buttons : [make("p", "lab-field-note", { textContent: model.get("waiting") })]));
    show();
  };
  new ResizeObserver(() => reveal(grid)).observe(grid); // also when it is first laid out
  return { grid, draw, show };
}

function pager(model) {
  const bar = make("div", "lab-pager");
  const words = make("span", "lab-field-note");
  const turn = (by, sign, title) => {
    const button = make("button", "lab-small-button", { type: "button", textContent: sign, title });
    button.setAttribute("aria-label", title);
    button.addEventListener("click", () => tell(model, "page", model.get("page") + by));
    return button;
  };
  const back = turn(-1, "‹", "earlier images");
  const on = turn(1, "›", "later images");
  const show = () => {
    const shown = model.get("positions").length;
    const first = model.get("page") * model.get("a_page");
    const listed = model.get("listed");
    back.disabled = model.get("page") <= 0;
    on.disabled = shown === 0 || first + shown >= listed;
    const count = `${chosen(model).length} of at most ${model.get("most")} chosen`;
    const picked = model.get("most") > 1 ? count : `image ${chosen(model)[0]}`;
    const positions = model.get("positions");
    const from = model.get("numbered") ? positions[0] : first + 1; // numbers count from 0
    words.textContent = shown ? `${picked} · ${from}–${from + shown - 1} of ${listed}` : picked;
  };
  bar.append(words, back, on);
  return { bar, show };
}

function list(model, name, label) {
  const row = make("label", "lab-finder-field", { textContent: label });
  const select = make("select", "lab-select");
  const draw = () => {
    select.replaceChildren(...grouped(model.get(name.options)));
    select.value = model.get(name.value);
  };
  select.addEventListener("change", () => tell(model, name.value, select.value));
  model.on(`change:${name.options} change:${name.value}`, draw);
  draw();
  row.append(select);
  return row;
}

// A number that is typed in chooses the image of that number, and turns to it where all images are listed.
function byNumber(model) {
  const row = make("label", "lab-finder-field", { textContent: "Number" });
  const box = make("input", "lab-number", { type: "text", inputMode: "numeric", value: "" });
  const wrong = make("span", "lab-error");
  wrong.setAttribute("role", "alert");
  const go = () => {
    const text = box.value.trim();
    const last = model.get("total") - 1;
    const fits = /^\d+$/.test(text) && Number(text) <= last;
    wrong.textContent = text && !fits ? `There is no image ${text.slice(0, 12)}: they are counted from 0 to ${last}.` : "";
    if (!fits) return;
    choose(model, Number(text), true);
    if (model.get("numbered")) tell(model, "page", Math.floor(Number(text) / model.get("a_page")));
  };
  box.addEventListener("change", go);
  row.append(box);
  return [row, wrong];
}

const MAGNIFIER =
  '<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" fill="none" stroke="currentColor" ' +
  'stroke-width="1.8" stroke-linecap="round"><circle cx="6.5" cy="6.5" r="4.5"/><path d="m10 10 4.5 4.5"/></svg>';

// Large thumbnails, and what finds one among many: by its label, by what models make of it, by its number.
function finder(model) {
  const box = make("dialog", "lab-dialog lab-finder");
  const title = make("h2", "lab-dialog-title", { textContent: "Test images" });
  const close = make("button", "lab-button", { type: "button", textContent: "Close" });
  const { grid, draw, show } = thumbnails(model);
  const { bar, show: count } = pager(model);
  const found = make("p", "lab-field-note");
  found.setAttribute("role", "status");
  const [number, wrong] = byNumber(model);
  const fields = make("div", "lab-finder-fields");
  fields.append(
    list(model, { options: "criteria", value: "criterion" }, "Show"),
    list(model, { options: "orders", value: "order" }, "Order"),
    number,
  );
  const buttons = make("div", "lab-dialog-buttons");
  buttons.append(close);
  box.append(title, fields, wrong, found, grid, bar, buttons);
  box.setAttribute("aria-label", title.textContent);
  close.addEventListener("click", () => box.close());
  const say = () => {
    found.textContent = model.get("found");
  };
  const all = () => {
    draw();
    count();
    say();
  };
  const chose = () => {
    show();
    count();
  };
  const open = make("button", "lab-small-button lab-finder-button", { type: "button", innerHTML: MAGNIFIER });
  open.title = "Find a test image by its label, by what models predict, or by its number";
  open.setAttribute("aria-label", "Find a test image");
  open.addEventListener("click", () => {
    all();
    box.showModal();
  });
  model.on("change:positions change:pixels change:waiting change:listed", () => box.open && all());
  model.on("change:value change:page", () => box.open && chose());
  model.on("change:found", say);
  return { box, open };
}

function drawer(model) {
  const button = make("button", "lab-small-button lab-draw", { type: "button", textContent: "✎ Draw" });
  button.title = "Draw a test image of your own";
  button.addEventListener("click", () => tell(model, "drawing", !model.get("drawing")));
  const show = () => {
    button.hidden = !model.get("draws");
    button.setAttribute("aria-expanded", String(Boolean(model.get("drawing"))));
  };
  model.on("change:draws change:drawing", show);
  show();
  return button;
}

// How many thumbnails stand in a row; where there is one row only, up and down go from one to the next, too.
function across(grid) {
  const tops = [...grid.children].map((each) => each.offsetTop);
  const first = tops.filter((top) => top === tops[0]).length;
  return first < tops.length ? first : 1;
}

// Where there is one row only, which is moved sideways, let the chosen one be seen.
function reveal(grid) {
  const button = grid.querySelector("[aria-pressed=true]");
  if (!button) return;
  const hidden = button.offsetLeft + button.offsetWidth - grid.offsetLeft - grid.clientWidth;
  grid.scrollLeft = Math.max(0, hidden + 4); // its frame
}

function render({ model, el }) {
  const { wrap, body } = field(model, el, { group: true });
  const { box, open } = finder(model);
  wrap.querySelector("legend").append(open, drawer(model));
  const { grid, draw, show } = thumbnails(model);
  const { bar, show: count } = pager(model);
  body.append(grid, bar);
  wrap.append(box);
  const all = () => {
    draw();
    count();
  };
  model.on("change:positions change:pixels change:waiting change:listed", all);
  model.on("change:value change:page", () => {
    show();
    count();
  });
  all();
}

export default { render };
