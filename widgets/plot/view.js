// What all views share: plotly.js, once library.js has it, and those that wait for their turn.
function promised() {
  const name = Symbol.for("adversarial-lab.plotly");
  if (!globalThis[name]) {
    const made = {};
    made.asked = new Promise((ask) => Object.assign(made, { ask }));
    made.plotly = new Promise((keep, fail) => Object.assign(made, { keep, fail }));
    globalThis[name] = made;
  }
  return globalThis[name];
}

// plotly.js, which is evaluated for whoever asks first.
function library() {
  const place = promised();
  place.ask();
  return place.plotly;
}

function parsed(model, { isDark, paint }) {
  const figure = { ...JSON.parse(model.get("figure")), template: model.get("template") };
  const { data = [], layout: given = {}, template } = isDark ? recoloured(figure, paint) : figure;
  const { height, width, ...layout } = given;
  return {
    data,
    height: height ?? model.get("height"),
    layout: { uirevision: "kept", ...layout, autosize: true, template },
  };
}

// A finger moves the page, also where it lies on a figure: dragging is left to those who point, and so is the mode bar,
// which would stand over the caption for good. A scene, of which one side is seen at a time, is turned all the same.
const ONLY_FINGERS = matchMedia("(hover: none)").matches;

function forFingers(layout) {
  return ONLY_FINGERS && !scenes(layout).length ? { ...layout, dragmode: false } : layout;
}

function point(event) {
  const [first] = event.points ?? [];
  if (!first) return null;
  const { curveNumber: trace, pointNumber, x, y, customdata } = first;
  return JSON.parse(JSON.stringify({ trace, point: pointNumber ?? null, x, y, customdata: customdata ?? null }));
}

function tell(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

const SCENE = /^scene\d*$/;

function scenes(layout) {
  return Object.keys(layout).filter((name) => SCENE.test(name));
}

// What is in sight is drawn first, and a scene, which takes the browser long, last, so that a page is soon seen.
// Safari knows no idle time: there it comes after what is due by then.
function afterOthers() {
  return new Promise((begin) => {
    if (globalThis.requestIdleCallback) requestIdleCallback(begin, { timeout: 1000 });
    else setTimeout(begin, 100);
  });
}

// The figures in sight are drawn from the top of the page down, and between two of them the browser does what else is
// due: drawn in one go they would keep it from the next message and key. All views share the list of those that wait.
function turn(el) {
  return new Promise((begin) => {
    const shared = promised();
    shared.waiting ??= [];
    const { waiting } = shared;
    waiting.push({ el, begin });
    if (waiting.length === 1) setTimeout(next, 0, waiting);
  });
}

function next(waiting) {
  const top = ({ el }) => el.getBoundingClientRect().top;
  waiting.sort((one, other) => top(one) - top(other));
  waiting.shift().begin();
  if (waiting.length) setTimeout(next, 0, waiting);
}

// All scenes of a figure have one camera: turning one turns the others, and a redraw keeps it in all.
function turned(plot, change) {
  const moved = scenes(plot._fullLayout).find((name) => change[`${name}.camera`]);
  if (!moved) return null;
  const camera = change[`${moved}.camera`];
  const others = scenes(plot._fullLayout).filter((name) => name !== moved && plot._fullLayout[name]._scene);
  for (const name of others) plot._fullLayout[name]._scene.setViewport({ ...plot._fullLayout[name], camera });
  plot.labCamera = { camera, revision: plot.layout[moved].uirevision };
  return camera;
}

function keepCamera(plot, layout) {
  for (const name of scenes(layout)) {
    if (plot.labCamera?.revision === layout[name].uirevision) layout[name].camera = plot.labCamera.camera;
  }
}

// For axes with a fixed aspect plotly remembers the range it started from, also when a redraw brings another one.
function forgetRanges(plot) {
  for (const axis of Object.values(plot._fullLayout ?? {})) {
    if (axis?._inputRange) axis._inputRange = axis._inputDomain = undefined;
  }
}

// The ranges that the user has given the axes, or null after a double click that asks for everything.
function ranges(plot, change) {
  const touched = Object.keys(change).filter((key) => /^[xy]axis\d*\.(range|autorange)/.test(key));
  if (!touched.length) return undefined;
  if (touched.some((key) => key.endsWith("autorange"))) return { x: null, y: null };
  const number = touched[0].match(/^[xy]axis(\d*)/)[1];
  const [x, y] = ["x", "y"].map((letter) => [...plot._fullLayout[`${letter}axis${number}`].range]);
  return { x, y };
}

function listen(plot, model) {
  let last = null;
  plot.on("plotly_afterplot", () => leaveOut(plot));
  plot.on("plotly_click", (event) => tell(model, "clicked", point(event)));
  plot.on("plotly_hover", (event) => {
    const now = JSON.stringify(point(event));
    if (now === last) return;
    last = now;
    tell(model, "hovered", JSON.parse(now));
  });
  plot.on("plotly_unhover", () => {
    last = null;
    tell(model, "hovered", null);
  });
  plot.on("plotly_relayouting", (change) => turned(plot, change));
  plot.on("plotly_relayout", (change) => {
    const camera = turned(plot, change);
    if (camera) tell(model, "camera", camera);
    const now = ranges(plot, change);
    if (now) tell(model, "ranges", now);
  });
}

// Pictures of the point that is pointed at: Python replies to `hovered` with `tip`.
function showTips(plot, model, el) {
  const tip = Object.assign(document.createElement("div"), { className: "lab-tip", hidden: true });
  tip.setAttribute("role", "status");
  const words = document.createElement("p");
  el.append(tip);
  let pointer = { x: 0, y: 0 };
  plot.on("plotly_hover", ({ event }) => {
    if (event) pointer = { x: event.clientX, y: event.clientY }; // a scene that is redrawn under the pointer has none
  });
  const show = () => {
    const now = model.get("tip");
    tip.hidden = !now;
    if (!now) return;
    const images = now.pictures.map((src) => Object.assign(document.createElement("img"), { src, alt: "" }));
    words.textContent = now.words;
    tip.replaceChildren(...images, words);
    const place = el.getBoundingClientRect();
    const [x, y] = [pointer.x - place.left, pointer.y - place.top];
    tip.style.left = `${x > place.width / 2 ? x - tip.offsetWidth - 18 : x + 18}px`;
    tip.style.top = `${y > place.height / 2 ? y - tip.offsetHeight - 22 : y + 22}px`;
  };
  model.on("change:tip", show);
}

// The mode bar says what dragging with a pointer does: for the keyboard its buttons would be stops that do nothing.
function leaveOut(plot) {
  for (const button of plot.querySelectorAll(".modebar-btn")) button.tabIndex = -1;
}

function save(url, name) {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
}

function unpacked(packed) {
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

async function picture(plot, model, format) {
  const Plotly = await library();
  const heading = model.get("heading");
  const { width, height, margin, title, ...layout } = plot._fullLayout ? plot.layout : {};
  const room = heading ? 40 : 0;
  const size = { width: plot.clientWidth, height: plot.clientHeight + room };
  const titled = {
    ...layout,
    margin: { l: 52, r: 16, b: 44, ...margin, t: (margin?.t ?? 16) + room },
    title: { text: heading, x: 0.02, xanchor: "left", y: 1 - 20 / size.height, yanchor: "middle", font: { size: 16 } },
  };
  // Three times the screen's size: sharp on a projector and in print.
  const named = recoloured({ data: plot.data, layout: titled }, plot.labPainter.name); // on white, as it is printed
  const url = await Plotly.toImage(named, { format, scale: format === "png" ? 3 : 1, ...size });
  save(url, `${model.get("name")}.${format}`);
}

function button(label, title, press) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label, title });
  made.addEventListener("click", press);
  return made;
}

function formats(model, plot) {
  const found = [
    button("PNG", "Save as a picture", () => picture(plot, model, "png")),
    button("SVG", "Save as a drawing", () => picture(plot, model, "svg")),
    button("HTML", "Save as a page that stays interactive", () => model.send("html")),
  ];
  return model.get("has_csv") ? [button("CSV", "Save the numbers", () => model.send("csv")), ...found] : found;
}

// A menu of all that a figure can be saved as. Arrow keys go through it; Escape and whatever leaves it closes it.
function saveMenu(model, plot, head) {
  const bar = Object.assign(document.createElement("div"), { className: "lab-figure-tools" });
  const list = Object.assign(document.createElement("div"), { className: "lab-save-menu", hidden: true });
  const items = formats(model, plot);
  const show = (open) => {
    list.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) items[0].focus();
  };
  const opener = button("Save ▾", "Save the figure or its numbers", () => show(list.hidden));
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-label", `Save ▾ ${model.get("heading")}`);
  list.setAttribute("role", "menu");
  list.setAttribute("aria-label", `Save ${model.get("heading")}`);
  for (const each of items) {
    each.setAttribute("role", "menuitem");
    each.tabIndex = -1;
  }
  const close = () => {
    show(false);
    opener.focus();
  };
  list.addEventListener("click", close);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close();
    else if (step) items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
    else return;
    event.preventDefault();
  });
  bar.addEventListener("focusout", ({ relatedTarget }) => bar.contains(relatedTarget) || show(false));
  show(false);
  list.append(...items);
  bar.append(opener, list);
  head.append(bar);
}

function header(model, el) {
  const head = Object.assign(document.createElement("div"), { className: "lab-figure-head" });
  const title = Object.assign(document.createElement("h3"), { className: "lab-figure-title" });
  const note = Object.assign(document.createElement("p"), { className: "lab-figure-note" });
  const write = () => {
    title.textContent = model.get("heading");
    writeWithTerms(note, model.get("note"));
    el.setAttribute("aria-label", [model.get("heading"), model.get("note")].filter(Boolean).join(": "));
  };
  el.setAttribute("role", "figure");
  model.on("change:heading change:note", write);
  write();
  head.append(title);
  el.append(head, note);
  return head;
}

function fits(plot) {
  const { width, height } = plot._fullLayout;
  return Math.abs(width - plot.clientWidth) <= 1 && Math.abs(height - plot.clientHeight) <= 1;
}

async function resize(Plotly, plot, layout, font) {
  await Plotly.Plots.resize(plot);
  const { legend, margin, annotations } = withRoom(plot, layout, font);
  const changes = { "margin.t": margin.t };
  if (annotations) changes.annotations = annotations;
  if (legend?.title?.text) changes["legend.title.text"] = legend.title.text;
  // plotly leaves a legend that now has more or fewer rows where the old margins were.
  if (plot._fullLayout.legend) changes["legend.y"] = plot._fullLayout.legend.y;
  await Plotly.relayout(plot, changes);
}

async function render({ model, el }) {
  const head = header(model, el);
  const plot = Object.assign(document.createElement("div"), { className: "lab-figure-plot" });
  el.append(plot);
  saveMenu(model, plot, head);
  plot.style.setProperty("--height", `${model.get("height") / TYPE}em`);
  plot.labPainter = painter(el);

  let drawing = false;
  let due = false;
  let resized = false;
  let listening = false;
  let inSight = true;
  let tellPlace;
  const placed = new Promise((tell) => {
    tellPlace = tell;
    setTimeout(tell, 500); // a page in the background is not told what would be in sight
  });
  let unfitted = {};
  let drawnBy = 1;
  let meta = {};
  let isNarrow = false;
  let { font } = model.get("template").layout;
  const wanted = () => due && (inSight || !model.get("provisional"));
  // In another size of type, by another light, or with less or more room than it was drawn for.
  const looksOther = () =>
    largerBy(el) !== drawnBy ||
    painter(el).isDark !== plot.labPainter.isDark ||
    (plot.clientWidth > 0 && lacksRoom(plot, meta, drawnBy) !== isNarrow);
  // New data and a new size come one after the other, each when plotly is ready with the last.
  async function draw() {
    if (drawing) return;
    drawing = true;
    try {
      const Plotly = await library();
      while (wanted() || resized) {
        if (resized && listening && looksOther()) due = true;
        resized = false;
        if (wanted()) await redraw(Plotly);
        if (listening && plot.clientWidth > 0 && !fits(plot)) await resize(Plotly, plot, unfitted, font);
      }
    } finally {
      drawing = false;
    }
  }

  async function redraw(Plotly) {
    if (!listening) await placed;
    if (!inSight || model.get("figure").includes('"scene"')) await afterOthers();
    else if (!listening) await turn(el);
    due = false;
    if (!model.get("figure")) return;
    plot.labPainter = painter(el);
    drawnBy = largerBy(el);
    const figure = parsed(model, plot.labPainter);
    isNarrow = lacksRoom(plot, figure.layout.meta, drawnBy);
    meta = figure.layout.meta;
    const { data, layout, height } = isNarrow ? narrowed(figure) : figure;
    plot.style.setProperty("--height", `${height / TYPE}em`);
    keepCamera(plot, layout);
    forgetRanges(plot);
    unfitted = enlarged(forFingers(layout), drawnBy);
    font = enlarged(model.get("template"), drawnBy).layout.font;
    const fit = withRoom(plot, unfitted, font);
    const config = ONLY_FINGERS ? { ...model.get("config"), displayModeBar: false } : { ...model.get("config") };
    await Plotly.react(plot, enlarged(data, drawnBy), fit, config);
    if (!listening) {
      listen(plot, model);
      leaveOut(plot);
      showTips(plot, model, el);
    }
    listening = true;
    el.dataset.drawn = Number(el.dataset.drawn ?? 0) + 1;
  }

  function changed() {
    due = true;
    draw();
  }

  async function answer(content, buffers) {
    const format = ["csv", "html"].find((name) => content[name] !== undefined);
    if (!format) return;
    const text = format === "csv" ? content.csv : await unpacked(buffers[0]);
    const url = URL.createObjectURL(new Blob([text], { type: `text/${format}` }));
    save(url, `${model.get("name")}.${format}`);
    URL.revokeObjectURL(url);
  }

  const sizes = new ResizeObserver(() => {
    resized = true;
    draw();
  });
  sizes.observe(plot);
  const sight = new IntersectionObserver((entries) => {
    inSight = entries[entries.length - 1].isIntersecting;
    tellPlace();
    draw();
  });
  sight.observe(el);
  const endOfScheme = whenSchemeChanges(changed);
  model.on("change:figure change:provisional", changed);
  model.on("msg:custom", answer);
  changed();
  return async () => {
    sizes.disconnect();
    sight.disconnect();
    endOfScheme();
    model.off("change:figure change:provisional", changed);
    model.off("msg:custom", answer);
    (await library()).purge(plot);
  };
}

export default { render };
