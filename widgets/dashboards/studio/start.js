function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function render({ model, el }) {
  const start = make("button", "lab-button lab-button-run lab-button-due", { type: "button", textContent: "Start" });
  const buttons = make("div", "lab-run-buttons");
  const words = make("p", "lab-run-words");
  const state = make("strong", "lab-run-state");
  const detail = make("span", "lab-run-detail");
  words.setAttribute("role", "status");
  words.append(state, detail);
  buttons.append(start);
  el.append(buttons, words);
  start.addEventListener("click", () => model.send("start"));
  const show = () => {
    const refusal = model.get("refusal");
    el.dataset.state = refusal ? "refused" : model.get("said") ? "done" : "ready";
    state.textContent = refusal ? "Not started" : model.get("said") ? "Started" : "";
    detail.textContent = refusal || [model.get("said"), model.get("cost")].filter(Boolean).join(" · ");
  };
  model.on("change", show);
  show();
}

export default { render };
