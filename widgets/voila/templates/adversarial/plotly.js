// plotly.js from the server of the page: loaded with the page, and evaluated, once, when the function kept here is first
// called, because for that second the page answers nothing. Gives the library, or nothing where it does not come.
(() => {
  const { href } = document.getElementById("plotly-js");
  let evaluated = null;
  const evaluate = () => {
    evaluated ??= new Promise((settle) => {
      const script = Object.assign(document.createElement("script"), { src: href, onload: settle, onerror: settle });
      document.head.append(script);
    }).then(() => globalThis.Plotly);
    return evaluated;
  };
  globalThis[Symbol.for("adversarial-lab.served-plotly")] = evaluate;
  const [wanted] = location.hash.slice(1).split("?");
  if (wanted && wanted !== "home") evaluate(); // home has no figure
})();
