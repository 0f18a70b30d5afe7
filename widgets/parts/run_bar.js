const WORDS = {
  ready: "Ready",
  waiting: "Waiting",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Stopped",
};

const SILENCE = 5; // seconds without news after which it is said

function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function left(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

function render({ model, el }) {
  const run = make("button", "lab-button lab-button-run", { type: "button", textContent: "Run" });
  const stop = make("button", "lab-button lab-button-stop", { type: "button", textContent: "Stop" });
  const state = make("strong", "lab-run-state");
  const detail = make("span", "lab-run-detail");
  const rest = make("span", "lab-unseen");
  const words = make("p", "lab-run-words");
  const bar = make("progress", "lab-progress", { max: 1 });
  bar.setAttribute("aria-label", "Progress");
  words.setAttribute("role", "status");
  words.append(state, detail, rest);
  run.addEventListener("click", () => model.send("run"));
  stop.addEventListener("click", () => model.send("stop"));
  const buttons = make("div", "lab-run-buttons");
  buttons.append(run, stop);
  el.append(buttons, bar, words);

  let heard = performance.now(); // when the job was last heard of
  const quiet = () => Math.floor((performance.now() - heard) / 1000);

  // How far a job is; one that has said nothing for a while has no time left that could be told.
  const pace = () => {
    const share = `${Math.round(100 * model.get("fraction"))}%`;
    const time = quiet() < SILENCE ? left(model.get("seconds_left")) : `no progress for ${quiet()} seconds`;
    return [share, time, model.get("doing"), model.get("message")];
  };
  // What the bar says: the state, or what is in the way, in a word; then the details.
  const said = () => {
    const now = model.get("state");
    const refusal = model.get("refusal");
    if (now === "waiting" || now === "running") {
      const before = model.get("stale") ? "the figures show earlier settings" : "";
      const later = refusal || model.get("due") ? "the settings have changed since" : before;
      const about = now === "running" ? pace() : [model.get("message") || "for a free worker"];
      const [share, ...others] = about;
      return [WORDS[now], share, later, ...others];
    }
    if (refusal) return ["Check the settings", refusal];
    if (now === "done" && model.get("stale")) return ["Settings changed", "the figures show the previous ones"];
    const drawn = now === "cancelled" ? "the figures show what was finished" : "";
    return [WORDS[now] ?? now, model.get("message"), model.get("stale") ? "the figures show other settings" : drawn];
  };
  // In a narrow strip the last details give way to the others; they are in the title, and heard.
  const tell = (word, details) => {
    const all = details.join(" · ");
    words.title = all && `${word}: ${all}`;
    for (let kept = details.length; kept >= 0; kept--) {
      detail.textContent = details.slice(0, kept).join(" · ");
      rest.textContent = details.slice(kept).map((each) => ` · ${each}`).join("");
      if (words.scrollHeight <= words.clientHeight + 1) return;
    }
  };
  // On a phone one of the buttons is there at a time: the focus goes to it from the other.
  const handOver = () => {
    const [from, to] = document.activeElement === run ? [run, stop] : [stop, run];
    if (document.activeElement === from && !from.checkVisibility()) to.focus();
  };
  const show = () => {
    const now = model.get("state");
    const active = now === "waiting" || now === "running";
    el.dataset.state = !active && model.get("refusal") ? "refused" : now;
    el.dataset.stale = String(model.get("stale"));
    el.dataset.due = String(model.get("due"));
    stop.disabled = !active;
    run.classList.toggle("lab-button-due", model.get("due") || (!active && now !== "done"));
    handOver();
    bar.hidden = !active;
    if (now === "waiting") bar.removeAttribute("value");
    else bar.value = model.get("fraction");
    const [word, ...details] = said();
    state.textContent = word;
    tell(word, details.filter(Boolean));
  };
  const listen = () => {
    heard = performance.now();
    show();
  };
  const sizes = new ResizeObserver(show);
  sizes.observe(words);
  const timer = setInterval(() => model.get("state") === "running" && quiet() >= SILENCE && show(), 1000);
  model.on("change", listen);
  show();
  return () => {
    clearInterval(timer);
    sizes.disconnect();
    model.off("change", listen);
  };
}

export default { render };
