const PAUSE = 160; // milliseconds that a level of ε, or a step, is shown while it plays
const SVG = "http://www.w3.org/2000/svg";

function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function button(className, textContent, name, press) {
  const made = make("button", className, { type: "button", textContent, title: name });
  made.setAttribute("aria-label", name);
  made.addEventListener("click", press);
  return made;
}

const percent = (value) => `${(100 * value).toFixed(value > 0.9995 || value < 0.0005 ? 0 : 1)}%`;
const bytes = (view, Kind, start, count) => new Kind(view.buffer, view.byteOffset + start, count);

// ---- pixels ----

const channelsOf = (colour) => [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));

function paint(canvas, [channels, height, width], colour, opacity = () => 255) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.classList.toggle("lab-front-smooth", width > 64);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let p = 0; p < height * width; p++) {
    for (let c = 0; c < 3; c++) image.data[4 * p + c] = colour(p, channels === 3 ? c : 0, c);
    image.data[4 * p + 3] = opacity(p);
  }
  context.putImageData(image, 0, 0);
}

// The changed image; without a change, the clean one.
function paintImage(canvas, record, clean, delta) {
  const [channels] = record.shape;
  const unit = (255 * record.largest) / 127;
  paint(canvas, record.shape, (p, c) => {
    const i = p * channels + c;
    return Math.round(clean[i] + (delta ? delta[i] * unit : 0));
  });
}

// The change alone, on a scale that stays the same for every ε: it visibly grows. A grey pixel that does not change is
// transparent, so that it has the colour of the page, light or dark.
function paintChange(canvas, record, delta) {
  const [channels] = record.shape;
  const [less, more] = record.colours.map(channelsOf);
  const change = (i) => (delta ? delta[i] : 0);
  if (channels > 1) paint(canvas, record.shape, (p, c) => 127.5 + change(p * channels + c));
  else paint(canvas, record.shape, (p, _, shown) => (change(p) < 0 ? less : more)[shown], (p) => 2 * Math.abs(change(p)));
}

// ---- the parts ----

function picture(name, caption = "") {
  const figure = make("figure", "lab-front-picture");
  const canvas = make("canvas", "");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", name); // until there is more to say of it
  const words = make("figcaption", "", { textContent: caption });
  figure.append(canvas, words);
  return { figure, canvas, words };
}

function bar() {
  const row = make("span", "lab-front-bar");
  row.append(make("span", "lab-front-class"), make("span", "lab-front-track"), make("span", "lab-front-number"));
  row.children[1].append(make("i", ""));
  return row;
}

function fillBar([name, track, number], words, value, kind) {
  name.textContent = words;
  track.firstChild.style.width = `${100 * value}%`;
  track.firstChild.dataset.kind = kind;
  number.textContent = percent(value);
}

// A model: pressed, the large picture is the one that attacks it.
function modelRow(press) {
  const row = make("button", "lab-front-model", { type: "button" });
  const head = make("span", "lab-front-name");
  head.append(make("span", "lab-dot"), make("strong", ""), make("span", "lab-front-note"));
  const bars = make("span", "lab-front-bars");
  bars.append(bar(), bar());
  row.append(make("canvas", ""), head, make("span", "lab-front-verdict"), bars);
  row.addEventListener("click", press);
  return row;
}

// Where a model is fooled: a pin on the slider's track, in a line of its own, which leads there when pressed.
function pin(press) {
  const made = make("button", "lab-front-pin", { type: "button" });
  const words = make("span", "");
  words.append(make("span", ""), make("span", "lab-front-wide"), make("span", ""));
  made.append(make("span", "lab-dot"), words);
  made.addEventListener("click", press);
  return made;
}

// A curve over the steps with its zero line; its name and the number at the step stand above it.
function chart(name) {
  const figure = make("figure", "lab-front-chart");
  const words = make("figcaption", "");
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "0 0 300 90");
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("aria-hidden", "true");
  figure.append(words, drawn);
  const fill = (values, place, colour) => {
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    const x = (i) => 8 + (284 * i) / Math.max(1, values.length - 1);
    const y = (value) => 82 - (74 * (value - low)) / (high - low || 1);
    const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    drawn.innerHTML = `<line x1="8" x2="292" y1="${y(0)}" y2="${y(0)}" class="lab-front-zero"/>
      <polyline points="${points}" stroke="${colour}"/>
      <path d="M${x(place)} ${y(values[place])}h0" class="lab-front-here" stroke="${colour}"/>`;
    words.textContent = `${name} ${values[place].toFixed(2).replace("-", "−")}`;
  };
  return { figure, fill };
}

// A slider with a button that plays it, and one step back and on for a hand.
function player(name, move, stepping) {
  const row = make("div", "lab-front-player");
  const slider = make("input", "lab-slider", { type: "range", min: 0, max: 1, step: 1, value: 0 });
  slider.setAttribute("aria-label", name);
  let timer = 0;
  const sign = () => {
    play.textContent = timer ? "❚❚" : "▶";
    play.setAttribute("aria-label", `${timer ? "Pause" : "Play"}: ${name}`);
    play.title = timer ? "Pause" : "Play";
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    sign();
  };
  const last = () => Number(slider.max);
  const go = (value) => move(Math.min(last(), Math.max(0, value)));
  const play = button("lab-small-button", "▶", `Play: ${name}`, () => {
    if (timer) {
      stop();
      return;
    }
    if (Number(slider.value) >= last()) go(0);
    timer = setInterval(() => {
      if (Number(slider.value) >= last()) stop();
      else go(Number(slider.value) + 1);
    }, PAUSE);
    sign();
  });
  const step = (by, text, title) =>
    button("lab-small-button", text, title, () => {
      stop();
      go(Number(slider.value) + by);
    });
  slider.addEventListener("input", () => {
    stop();
    move(Number(slider.value));
  });
  const hands = stepping ? [step(-1, "◂", "One step back"), step(1, "▸", "One step on")] : [];
  row.append(play, ...hands, slider);
  const show = (value, most, words) => {
    slider.max = most;
    slider.value = value;
    slider.style.setProperty("--filled", `${most ? (100 * value) / most : 0}%`);
    slider.setAttribute("aria-valuetext", words);
  };
  const enable = (able) => {
    for (const each of [play, ...hands, slider]) each.disabled = !able;
  };
  return { row, slider, show, stop, enable };
}

function render({ model, el }) {
  const look = { model: 0, level: 0, step: null };

  const words = make("div", "lab-front-words");
  const lead = make("p", "lab-front-lead");
  words.append(make("h1", "lab-home-title", { textContent: "Fool a model in ten seconds" }), lead);

  const stage = make("section", "lab-front-stage");
  stage.setAttribute("aria-label", "An image under attack");
  const image = picture("The image");
  const change = picture("The perturbation");
  const pictures = make("div", "lab-front-pictures");
  pictures.append(image.figure, change.figure);
  const models = make("div", "lab-front-models");
  models.setAttribute("role", "group");
  models.setAttribute("aria-label", "Models, each attacked on its own");

  const eps = make("output", "lab-front-eps");
  const dial = player("ε, largest change of a pixel", (level) => {
    look.step = null;
    look.level = level;
    draw();
    askPath();
  });
  const sweep = make("div", "lab-front-sweep");
  const pins = make("div", "lab-front-pins");
  const head = make("p", "lab-front-dial-head");
  head.append("ε, the largest change of a pixel: ", eps);
  sweep.append(head, dial.row, pins);

  const caption = make("p", "lab-front-caption");
  const said = make("p", "lab-front-said");
  said.setAttribute("role", "status");

  const target = make("select", "lab-select");
  const aim = make("label", "lab-front-aim");
  aim.append("Make it a ", target);
  const sets = make("span", "lab-front-sets");
  const send = (wish, value) => model.send({ [wish]: value });
  const tools = make("div", "lab-front-tools");
  const closer = button("lab-button", "Look closer in the Attack explorer", "Look closer in the Attack explorer", () => {
    const { level } = look;
    const { fooled } = model.get("record").models[at()];
    send("closer", [at(), level || fooled || 1]);
  });
  tools.append(
    aim,
    button("lab-button", "Next image", "Next image", () => send("image", "next")),
    button("lab-button", "Shuffle", "Any other image", () => send("image", "random")),
    sets,
    closer,
  );
  target.addEventListener("change", () => send("target", target.value === "" ? null : Number(target.value)));

  const walk = make("details", "lab-front-walk");
  const steps = player("step of the attack", (step) => {
    look.step = step;
    draw();
  }, true);
  const stepWords = make("p", "lab-front-step");
  const charts = [chart("loss"), chart("margin")];
  const small = [picture("The image", "image at this step"), picture("The perturbation", "perturbation so far")];
  const curves = make("div", "lab-front-charts");
  curves.append(...small.map(({ figure }) => figure), ...charts.map(({ figure }) => figure));
  const walked = make("div", "lab-front-walked");
  walked.append(steps.row, stepWords, curves);
  walk.append(make("summary", "", { textContent: "Follow the attack step by step" }), walked);

  stage.append(pictures, sweep, models, caption, said, tools, walk);
  el.append(words, stage);

  // ---- what is shown ----

  const ready = () => (model.get("record").models ?? []).length > 0;
  // The chosen model; while a new image is attacked, the last one that is there.
  const at = () => Math.min(look.model, Math.max(0, model.get("record").models.length - 1));
  const path = () => {
    const found = model.get("path");
    const { image: which } = model.get("record");
    return found.models && found.level === look.level && found.image === which ? found : null;
  };
  const clean = () => bytes(model.get("pixels"), Uint8Array, 0, size());
  const size = () => model.get("record").shape.reduce((product, each) => product * each, 1);
  const end = (which) => {
    const { eps: levels } = model.get("record");
    return bytes(model.get("pixels"), Int8Array, size() * (1 + which * levels.length + look.level), size());
  };
  const onPath = (which) => {
    const { steps: last } = model.get("record");
    return bytes(model.get("path_pixels"), Int8Array, size() * (which * (last + 1) + look.step), size());
  };
  // What the picture and the predictions are of: a step of the path where one is followed, else the attack's end.
  const shown = (which) => {
    const walking = look.step !== null && path();
    const found = walking ? walking.models[which] : model.get("record").models[which];
    const at = walking ? look.step : look.level;
    const delta = walking ? onPath(which) : end(which);
    const of = (name) => found[name][at];
    return { delta, predicted: of("predicted"), succeeded: of("succeeded"), label: of("of_label"), rival: of("rival"), ofRival: of("of_rival") };
  };

  const drawModels = () => {
    const record = model.get("record");
    [...models.children].forEach((row, i) => {
      const [thumbnail, , verdict, bars] = row.children;
      const waiting = i >= record.models.length;
      row.disabled = waiting;
      row.setAttribute("aria-pressed", String(i === at()));
      bars.hidden = waiting;
      if (waiting) {
        paintImage(thumbnail, record, clean());
        verdict.textContent = "is being attacked …";
        verdict.dataset.fooled = "";
        return;
      }
      const { delta, predicted, succeeded, label, rival, ofRival } = shown(i);
      const wrong = predicted !== record.label;
      paintImage(thumbnail, record, clean(), delta);
      verdict.textContent = `${wrong ? "✗" : "✓"} predicts ${predicted}`;
      verdict.dataset.fooled = String(wrong);
      row.dataset.succeeded = String(succeeded);
      fillBar(bars.children[0].children, record.label, label, "label");
      fillBar(bars.children[1].children, rival, ofRival, "rival");
    });
  };

  const drawPins = () => {
    const { eps: levels, models: found, target: aimed } = model.get("record");
    // The one that is fooled last stands on the first line, so that no pin crosses another's words.
    const last = ({ fooled }) => fooled ?? levels.length;
    const order = found.map((_, i) => i).sort((one, other) => last(found[other]) - last(found[one]));
    found.forEach(({ name, fooled, colour }, i) => {
      const made = pins.children[i];
      const place = fooled === null ? 1 : fooled / (levels.length - 1);
      made.style.setProperty("--place", place);
      made.style.setProperty("--line", order.indexOf(i));
      made.style.color = colour;
      made.dataset.side = place > 0.55 ? "left" : "right";
      made.disabled = fooled === null;
      const done = aimed === null ? " is fooled at" : ` predicts ${aimed} at`;
      const never = aimed === null ? ` withstands ε up to ${levels.at(-1)}` : ` never predicts ${aimed}`;
      const parts = fooled === null ? [name, "", never] : [name, done, ` ${levels[fooled]}`];
      [...made.lastChild.children].forEach((part, k) => {
        part.textContent = parts[k];
      });
      const told = parts.join("");
      made.setAttribute("aria-label", fooled === null ? told : `${told}: set ε there`);
    });
  };

  const drawPath = () => {
    const found = path();
    steps.enable(Boolean(found));
    if (!walk.open) return;
    if (!found) {
      writeWithTerms(stepWords, ready() && look.level === 0 ? "At ε 0 there is no path to follow: raise ε." : "…");
      curves.hidden = true;
      return;
    }
    const record = model.get("record");
    const here = look.step ?? record.steps;
    const { loss, margin, predicted } = found.models[at()];
    const { name, colour } = record.models[at()];
    const words = `${name} at ε ${record.eps[look.level]}, step ${here} of ${record.steps}: predicts ${predicted[here]}.`;
    writeWithTerms(stepWords, `${words} Below a margin of 0 the prediction is wrong.`);
    steps.show(here, record.steps, `step ${here}: ${name} predicts ${predicted[here]}`);
    curves.hidden = false;
    const delta = look.step === null ? end(at()) : onPath(at());
    paintImage(small[0].canvas, record, clean(), delta);
    paintChange(small[1].canvas, record, delta);
    small[0].canvas.setAttribute("aria-label", `The image at step ${here}: ${name} predicts ${predicted[here]}`);
    small[1].canvas.setAttribute("aria-label", `The perturbation at step ${here}`);
    charts[0].fill(loss, here, colour);
    charts[1].fill(margin, here, colour);
  };

  const draw = () => {
    const record = model.get("record");
    if (!record.shape) return;
    look.level = Math.min(look.level, record.eps.length - 1);
    if (look.step !== null && !path()) look.step = null;
    drawModels();
    const now = record.eps[look.level];
    eps.textContent = now;
    const { delta, predicted } = ready() ? shown(at()) : { delta: null, predicted: record.label };
    paintImage(image.canvas, record, clean(), delta);
    paintChange(change.canvas, record, delta);
    const name = record.models[at()]?.name ?? "";
    const seen = ready() ? `${name} predicts ${predicted}` : "the clean image";
    image.words.textContent = look.level ? `Image ${record.image}, attacked: ${seen}` : `Image ${record.image}: ${seen}`;
    image.canvas.setAttribute("aria-label", `Image ${record.image}, a ${record.label}, at ε ${now}: ${seen}`);
    change.canvas.setAttribute("aria-label", `What the attack on ${name} has changed, at most ${now} a pixel`);
    const told = record.models.map(({ name: each }, i) => `${each} predicts ${shown(i).predicted}`).join(", ");
    dial.show(look.level, record.eps.length - 1, `${now}: ${told}`);
    drawPath();
    el.dataset.drawn = Number(el.dataset.drawn ?? 0) + 1;
  };

  const askPath = () => {
    if (walk.open && ready() && look.level > 0 && !path()) send("path", look.level);
  };

  // ---- a new image, or more models of it ----

  const rebuild = () => {
    const record = model.get("record");
    if (!record.shape) return;
    const notes = model.get("notes");
    const names = [...record.models.map(({ name }) => name), ...record.waiting];
    while (models.children.length > names.length) models.lastChild.remove();
    while (models.children.length < names.length) {
      const place = models.children.length;
      models.append(modelRow(() => {
        look.model = place;
        draw();
      }));
    }
    names.forEach((name, i) => {
      const [dot, strong, note] = models.children[i].children[1].children;
      dot.style.background = record.models[i]?.colour ?? "var(--lab-faint)";
      strong.textContent = name;
      note.textContent = notes[name] ?? "";
    });
    while (pins.children.length > record.models.length) pins.lastChild.remove();
    while (pins.children.length < record.models.length) {
      const place = pins.children.length;
      pins.append(pin(() => {
        dial.stop();
        Object.assign(look, { model: place, level: model.get("record").models[place].fooled, step: null });
        draw();
        askPath();
      }));
    }
    pins.style.setProperty("--lines", names.length);
    drawPins();
    const seen = `You see: ${record.label}. Move ε, and the attack may change every pixel by that much.`;
    writeWithTerms(lead, `${seen} When does each model stop seeing what you still see?`);
    const extreme = record.eps.at(-1);
    change.words.textContent =
      record.shape[0] === 1
        ? `Perturbation, always on the same scale: blue −${extreme}, orange +${extreme}`
        : `Perturbation, always on the same scale: grey 0, black and white ±${extreme}`;
    writeWithTerms(caption, record.caption);
    dial.enable(ready());
    closer.disabled = !ready();
    aim.hidden = record.targets.length === 0;
    target.replaceChildren(
      new Option(`different class than ${record.label}`, ""),
      ...record.targets.map(([value, name]) => new Option(name, value)),
    );
    target.value = record.targets.find(([, name]) => name === record.target)?.[0] ?? "";
    draw();
    askPath();
  };
  const tell = () => {
    said.textContent = model.get("said");
    el.dataset.busy = String(!model.get("record").done);
  };
  const offer = () => {
    const all = model.get("sets");
    sets.replaceChildren(
      ...(all.length > 1 ? all : []).map(({ name }) => {
        const made = button("lab-button", name, name, () => send("set", name));
        made.setAttribute("aria-pressed", String(name === model.get("chosen")));
        return made;
      }),
    );
  };
  walk.addEventListener("toggle", () => {
    if (!walk.open) {
      steps.stop();
      look.step = null;
      draw();
    }
    if (walk.open && look.level === 0 && ready()) {
      look.level = model.get("record").models[at()].fooled || look.level;
    }
    draw();
    askPath();
  });
  model.on("change:record", () => {
    rebuild();
    tell();
  });
  model.on("change:path", draw);
  model.on("change:said", tell);
  model.on("change:chosen", offer);
  offer();
  rebuild();
  tell();
  return () => {
    dial.stop();
    steps.stop();
  };
}

export default { render };
