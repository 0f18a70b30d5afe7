const HEADINGS = {
  link: "A link to this picture",
  code: "This picture in Python",
  error: "Not now",
};

// In Voilà the page has its address to itself; in JupyterLab the address is not ours to hand out.
const OWN_PAGE = document.body.dataset.voila !== undefined;

function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function address(token) {
  const page = document.querySelector(".lab-tab[aria-current]").value;
  return `${location.origin}${location.pathname}#${page}?${token}`;
}

function save(bytes, name) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

function dialog() {
  const box = make("dialog", "lab-dialog");
  const title = make("h2", "lab-dialog-title");
  const text = make("textarea", "lab-dialog-text", { readOnly: true, spellcheck: false });
  const copy = make("button", "lab-button", { type: "button", textContent: "Copy" });
  const close = make("button", "lab-button", { type: "button", textContent: "Close" });
  const buttons = make("div", "lab-dialog-buttons");
  buttons.append(copy, close);
  box.append(title, text, buttons);
  copy.addEventListener("click", () => {
    text.select();
    // The clipboard is there on https and on this machine only; the selected text can be copied by hand anywhere.
    if (navigator.clipboard) navigator.clipboard.writeText(text.value).then(() => (copy.textContent = "Copied"), () => {});
  });
  close.addEventListener("click", () => box.close());
  const show = (heading, content) => {
    title.textContent = heading;
    copy.textContent = "Copy";
    text.setAttribute("aria-label", heading);
    text.value = content;
    text.rows = Math.min(24, content.split("\n").length + Math.floor(content.length / 90) + 1);
    if (!box.open) box.showModal();
    text.select();
  };
  return { box, show };
}

function render({ model, el }) {
  const { box, show } = dialog();
  const button = (label, title, wanted) => {
    const made = make("button", "lab-link-button", { type: "button", textContent: label, title });
    made.addEventListener("click", () => model.send(wanted));
    return made;
  };
  if (OWN_PAGE) el.append(button("Link", "An address that opens this page as it is now", "link"));
  el.append(
    button("Code", "The Python that computes and draws this", "code"),
    button("Numbers", "The result as .npz, with the settings that made it", "numbers"),
    box,
  );
  const answer = (content, buffers) => {
    if (content.kind === "numbers") save(buffers[0], "result.npz");
    else show(HEADINGS[content.kind], content.kind === "link" ? address(content.text) : content.text);
  };
  model.on("msg:custom", answer);
  return () => model.off("msg:custom", answer);
}

export default { render };
