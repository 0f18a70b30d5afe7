// Views wait for this promise (view.js makes the same one); the library that arrives first on a page keeps it.
function promised() {
  const name = Symbol.for("adversarial-lab.plotly");
  if (!globalThis[name]) {
    const made = {};
    made.plotly = new Promise((keep, fail) => Object.assign(made, { keep, fail }));
    globalThis[name] = made;
  }
  return globalThis[name];
}

// plotly.js from the server of the page, whose script is in the page until it fails.
async function served() {
  const script = document.getElementById("plotly-js");
  if (script && !globalThis.Plotly) {
    await new Promise((settle) => {
      for (const end of ["load", "error"]) script.addEventListener(end, settle);
    });
  }
  return script && globalThis.Plotly;
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

async function load(model) {
  return (await served()) || sent(model);
}

export default {
  initialize({ model }) {
    const place = promised();
    if (place.loading) return;
    place.loading = true;
    load(model).then(place.keep, place.fail);
  },
};
