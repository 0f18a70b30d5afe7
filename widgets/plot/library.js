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

async function load(packed) {
  const text = await new Response(
    new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).text();
  // Without these shadows a page with require.js would take plotly for an AMD module and drop it.
  const module = { exports: {} };
  new Function("module", "exports", "define", "require", text)(module, module.exports);
  return module.exports.newPlot ? module.exports : globalThis.Plotly;
}

export default {
  initialize({ model }) {
    const place = promised();
    if (place.loading) return;
    place.loading = true;
    load(model.get("source")).then(place.keep, place.fail);
  },
};
