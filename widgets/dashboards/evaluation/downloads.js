const KINDS = { html: "text/html", json: "application/json", csv: "text/csv", npz: "application/octet-stream" };

function save(name, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: KINDS[name.split(".").at(-1)] ?? "text/plain" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

function render({ model, el }) {
  const label = Object.assign(document.createElement("span"), { textContent: model.get("label") });
  const refusal = document.createElement("span");
  refusal.setAttribute("role", "status");
  const buttons = model.get("files").map((name, place) => {
    const textContent = name.split(".").at(-1).toUpperCase();
    const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-link-button", textContent });
    button.setAttribute("aria-label", `${model.get("label")} ${textContent}`);
    button.addEventListener("click", () => model.send(place));
    return button;
  });
  el.append(label, ...buttons, refusal);
  const answer = ({ name, error = "" }, buffers) => {
    refusal.textContent = error;
    if (name) save(name, buffers[0]);
  };
  model.on("msg:custom", answer);
  return () => model.off("msg:custom", answer);
}

export default { render };
