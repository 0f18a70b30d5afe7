// A canvas for one image: strokes are kept as lines, so that a small drawing fills the image as a large one does.
const SIDE = 28; // pixels of the image
const PEN = 3.6; // width of a stroke in them
const FINE = 8; // every pixel is the mean of so many times as many
const LEAST = 0.2; // a drawing is magnified as if it were at least this large, or a dot would fill the image
const PAUSE = 150; // milliseconds between two drawings that are sent while a stroke goes on
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function trace(context, lines, width, place) {
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = "#fff";
  for (const line of lines) {
    context.beginPath();
    for (const point of [line[0], ...line]) context.lineTo(...place(point)); // a line of one point is a dot
    context.stroke();
  }
}

// Where the points come to lie in the image: the drawing fills it, in its middle.
function filling(lines) {
  const [across, down] = [0, 1].map((axis) => lines.flat().map((point) => point[axis]));
  const [left, right, top, bottom] = [Math.min(...across), Math.max(...across), Math.min(...down), Math.max(...down)];
  const scale = (SIDE - PEN) / Math.max(right - left, bottom - top, LEAST);
  const middle = [(left + right) / 2, (top + bottom) / 2];
  return (point) => point.map((value, axis) => FINE * (SIDE / 2 + scale * (value - middle[axis])));
}

// The image's bytes in URL-safe base64.
function pixels(lines) {
  const size = SIDE * FINE;
  const canvas = make("canvas", "", { width: size, height: size });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  trace(context, lines, PEN * FINE, filling(lines));
  const { data } = context.getImageData(0, 0, size, size);
  const sums = new Float64Array(SIDE * SIDE);
  for (let p = 0; p < size * size; p++) {
    sums[Math.floor(p / size / FINE) * SIDE + Math.floor((p % size) / FINE)] += data[4 * p + 3];
  }
  const bytes = [...sums].map((sum) => Math.round(sum / FINE ** 2));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

function classes(model, id) {
  const select = make("select", "lab-select", { id });
  const fill = () => {
    select.replaceChildren(
      ...model.get("classes").map((name, value) => make("option", "", { value, textContent: name })),
    );
    select.value = model.get("value")?.label ?? 0;
  };
  model.on("change:classes change:value", fill);
  fill();
  return select;
}

function render({ model, el }) {
  const { id, body, head } = field(model, el);
  const close = make("button", "lab-small-button", { type: "button", textContent: "✕", title: "Close the canvas" });
  close.setAttribute("aria-label", close.title);
  head.append(close);
  const asked = make("label", "lab-sketch-class", { textContent: "Draw a " });
  const select = classes(model, `${id}-class`);
  asked.append(select);
  const canvas = make("canvas", "lab-sketch-canvas", { id, width: 320, height: 320, tabIndex: 0 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Canvas. Arrow keys move the pen, Space puts it down and lifts it.");
  const buttons = make("div", "lab-sketch-buttons");
  const undo = make("button", "lab-button", { type: "button", textContent: "Undo" });
  const clear = make("button", "lab-button", { type: "button", textContent: "Clear" });
  const hint = make("p", "lab-field-note", {
    textContent: "With the pointer, a pen or a finger; or arrow keys, and Space for pen down.",
  });
  buttons.append(undo, clear);
  body.append(asked, canvas, buttons, hint);

  let lines = [];
  let pointer = null; // the one that draws: another finger does not
  let pen = null; // the keyboard's: where it is, and whether it is down
  let timer = 0;

  const paint = () => {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const place = (point) => point.map((value) => value * canvas.width);
    trace(context, lines, 0.075 * canvas.width, place);
    if (pen && document.activeElement === canvas) {
      context.strokeStyle = pen.down ? "#f90" : "#9ab";
      context.lineWidth = 3;
      context.beginPath();
      context.arc(...place(pen.at), 9, 0, 2 * Math.PI);
      context.stroke();
    }
    undo.disabled = clear.disabled = lines.length === 0;
  };
  const send = () => {
    clearTimeout(timer);
    timer = 0;
    if (lines.length) tell(model, "value", { pixels: pixels(lines), label: Number(select.value) });
  };
  const drawn = () => {
    paint();
    timer ||= setTimeout(send, PAUSE);
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const inside = (value) => Math.min(1, Math.max(0, value));
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    lines.push([at(event)]);
    drawn();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    lines.at(-1).push(...(passed.length ? passed : [event]).map(at));
    drawn();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      send();
    });
  }
  canvas.addEventListener("keydown", (event) => {
    pen ??= { at: [0.5, 0.5], down: false };
    if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) lines.push([pen.at]);
    } else if (event.key in MOVES) {
      pen.at = pen.at.map((value, axis) => Math.min(1, Math.max(0, value + MOVES[event.key][axis] / SIDE)));
      if (pen.down) lines.at(-1).push(pen.at);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // arrow keys and Space have other meanings on a page
    if (pen.down) drawn();
    else paint();
  });
  for (const event of ["focus", "blur"]) canvas.addEventListener(event, paint);

  undo.addEventListener("click", () => {
    lines.pop();
    if (pen) pen.down = false;
    drawn();
  });
  clear.addEventListener("click", () => {
    lines = [];
    if (pen) pen.down = false;
    paint();
    canvas.focus();
  });
  select.addEventListener("change", send);
  close.addEventListener("click", () => tell(model, "shown", false));
  const show = () => {
    const was = el.hidden;
    el.hidden = !model.get("shown") || model.get("classes").length === 0;
    if (was && !el.hidden) canvas.focus();
  };
  model.on("change:shown change:classes", show);
  show();
  paint();
  return () => clearTimeout(timer);
}

export default { render };
