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

function thumbnail(model, i) {
  const position = model.get("positions")[i];
  const title = `image ${position}: ${model.get("names")[i]}`;
  const button = make("button", "lab-image", { type: "button", title, value: position });
  button.setAttribute("aria-label", title);
  button.addEventListener("click", () => {
    const now = chosen(model);
    const others = now.filter((each) => each !== position);
    if (now.includes(position) && model.get("most") > 1) tell(model, "value", others);
    else if (model.get("most") === 1) tell(model, "value", [position]);
    else if (now.length < model.get("most")) tell(model, "value", [...now, position]);
  });
  button.append(painted(model, i));
  return button;
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
    const positions = model.get("positions");
    const total = model.get("total");
    back.disabled = model.get("page") <= 0;
    on.disabled = positions.length === 0 || positions.at(-1) + 1 >= total;
    const count = `${chosen(model).length} of at most ${model.get("most")} chosen`;
    const picked = model.get("most") > 1 ? count : `image ${chosen(model)[0]}`;
    words.textContent = positions.length ? `${picked} · ${positions[0]}–${positions.at(-1)} of ${total}` : picked;
  };
  bar.append(words, back, on);
  return { bar, show };
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
  wrap.querySelector("legend").append(drawer(model));
  const grid = make("div", "lab-images");
  const { bar, show: count } = pager(model);
  body.append(grid, bar);
  const stop = oneStop(grid, "button", () => across(grid));
  const draw = () => {
    const buttons = model.get("positions").map((_, i) => thumbnail(model, i));
    grid.replaceChildren(...(buttons.length ? buttons : [make("p", "lab-field-note", { textContent: model.get("waiting") })]));
    show();
  };
  const show = () => {
    const now = chosen(model);
    for (const button of grid.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(now.includes(Number(button.value))));
    }
    reveal(grid);
    count();
    stop();
  };
  model.on("change:positions change:pixels change:waiting", draw);
  model.on("change:value change:page", show);
  draw();
}

export default { render };
