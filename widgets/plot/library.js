// Views ask for the library and wait for this promise (view.js makes the same one); the library that arrives first on a
// page keeps it.
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

const QUIET = 1500; // milliseconds without a press or a move after which a busy second disturbs nobody
const DISTURBED = ["pointerdown", "pointermove", "wheel", "keydown", "input"];

// Nobody does anything on the page; given up when somebody asks.
function quiet(asked) {
  return new Promise((settle) => {
    let waiting = 0;
    const wait = () => {
      clearTimeout(waiting);
      waiting = setTimeout(end, QUIET);
    };
    const end = () => {
      clearTimeout(waiting);
      for (const event of DISTURBED) removeEventListener(event, wait, true);
      settle();
    };
    for (const event of DISTURBED) addEventListener(event, wait, true);
    asked.then(end);
    wait();
  });
}

async function sent(model) {
  if (!model.get("source").byteLength) {
    const came = new Promise((settle) => model.on("change:source", settle));
    model.send("source");
    await came;
  }
  return evaluated(model.get("source"));
}

async function evaluated(packed) {
  const text = await new Response(
    new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).text();
  // Without these shadows a page with require.js would take plotly for an AMD module and drop it.
  const module = { exports: {} };
  new Function("module", "exports", "define", "require", text)(module, module.exports);
  return module.exports.newPlot ? module.exports : globalThis.Plotly;
}

// The page's server may offer the library, as widgets/voila does; before a figure needs it, it waits for a quiet moment.
async function load(model, asked) {
  const served = globalThis[Symbol.for("adversarial-lab.served-plotly")];
  if (!served) return sent(model);
  await quiet(asked);
  return (await served()) || sent(model);
}

export default {
  initialize({ model }) {
    const place = promised();
    if (place.loading) return;
    place.loading = true;
    load(model, place.asked).then(place.keep, place.fail);
  },
};
