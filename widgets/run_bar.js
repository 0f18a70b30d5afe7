const WORDS = {
  ready: "Ready",
  waiting: "Waiting for a free worker",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Stopped",
  refused: "Check the settings",
};

function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function left(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1.5) return "about a second left";
  if (seconds < 90) return `about ${Math.round(seconds)} seconds left`;
  return `about ${Math.round(seconds / 60)} minutes left`;
}

function render({ model, el }) {
  const run = make("button", "lab-button lab-button-run", { type: "button", textContent: "Run" });
  const stop = make("button", "lab-button", { type: "button", textContent: "Stop" });
  const state = make("strong", "lab-run-state");
  const detail = make("span", "lab-run-detail");
  const words = make("p", "lab-run-words");
  const bar = make("progress", "lab-progress", { max: 1 });
  bar.setAttribute("aria-label", "Progress");
  words.setAttribute("role", "status");
  words.append(state, detail);
  run.addEventListener("click", () => model.send("run"));
  stop.addEventListener("click", () => model.send("stop"));
  const buttons = make("div", "lab-run-buttons");
  buttons.append(run, stop);
  el.append(buttons, bar, words);

  const show = () => {
    const now = model.get("state");
    const active = now === "waiting" || now === "running";
    const stale = model.get("stale");
    el.dataset.state = now;
    el.dataset.stale = String(stale);
    stop.disabled = !active;
    run.classList.toggle("lab-button-due", stale || now === "ready");
    bar.hidden = !active;
    if (now === "waiting") bar.removeAttribute("value");
    else bar.value = model.get("fraction");
    state.textContent = stale && !active && now !== "refused" ? "Settings changed" : WORDS[now] ?? now;
    const parts = active
      ? [now === "running" ? `${Math.round(100 * model.get("fraction"))} %` : "", model.get("doing"), left(model.get("seconds_left"))]
      : [stale && now !== "refused" ? "the figures show the settings before" : "", model.get("message")];
    if (stale && active) parts.push("settings changed since");
    if (!active && !model.get("message") && !stale) parts.push(model.get("cost"));
    detail.textContent = parts.filter(Boolean).join(" · ");
  };
  model.on("change", show);
  show();
}

export default { render };
