const WIDE = 1100; // pixels of a page from which on its drawer stands beside the figures, as theme.css has it
const KEY = "s";
const TYPED_IN = "textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])";

// In Voilà the page has the keyboard to itself; in JupyterLab only what is pressed inside of it is ours.
const OWN_PAGE = document.body.dataset.voila !== undefined;

// Of one visit, for all its pages: whether the drawer stands open where there is room beside the figures.
const SHARED = Symbol.for("adversarial-lab.drawer");
globalThis[SHARED] ??= { open: true };
const visit = globalThis[SHARED];

function isKey(event, page) {
  if (event.key.toLowerCase() !== KEY || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return false;
  if (event.target.closest?.(TYPED_IN) || document.querySelector("dialog[open]")) return false;
  if (page.closest("[data-without-settings]")) return false;
  return OWN_PAGE || page.contains(event.target);
}

function drawerOf(page, button) {
  const panel = page.querySelector(".lab-panel");
  const stage = page.querySelector(".lab-stage");
  panel.id ||= `lab-drawer-${Math.random().toString(36).slice(2)}`;
  panel.tabIndex = -1;
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", "Settings");
  button.setAttribute("aria-controls", panel.id);

  let over = false; // open above the figures, where there is no room beside them
  let wide = null;
  const isOpen = () => page.dataset.drawer === "open";
  const show = () => {
    if (page.clientWidth === 0) return; // another page is in sight
    const now = page.clientWidth >= WIDE;
    if (now !== wide) over = false;
    wide = now;
    page.dataset.drawer = (wide ? visit.open : over) ? "open" : "closed";
    stage.inert = isOpen() && !wide;
    button.setAttribute("aria-expanded", String(isOpen()));
    button.title = `${isOpen() ? "Close" : "Open"} the settings (key ${KEY.toUpperCase()})`;
  };
  const turn = (open) => {
    const held = panel.contains(document.activeElement);
    if (wide) visit.open = open;
    else over = open;
    show();
    if (open) panel.focus({ preventScroll: true });
    else if (held) button.focus();
  };
  return { isOpen, show, turn, closes: (event) => isOpen() && !wide && !panel.contains(event.target) };
}

function opener(el) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-button lab-drawer-button" });
  button.textContent = "Settings";
  el.append(button);
  let page = null;
  let drawer = null;
  const pressed = (event) => {
    if (!page || page.clientWidth === 0) return;
    if (isKey(event, page)) {
      event.preventDefault();
      drawer.turn(!drawer.isOpen());
    } else if (event.key === "Escape" && !event.defaultPrevented && drawer.closes({ target: page })) drawer.turn(false);
  };
  const outside = (event) => {
    if (!drawer.closes(event)) return;
    event.preventDefault(); // or what was pressed would take the focus
    drawer.turn(false);
  };
  // The button may be made before the page that it stands on.
  const sizes = new ResizeObserver(() => {
    if (!page && el.closest(".lab-page")?.querySelector(".lab-panel")) {
      page = el.closest(".lab-page");
      drawer = drawerOf(page, button);
      button.addEventListener("click", () => drawer.turn(!drawer.isOpen()));
      page.addEventListener("mousedown", outside);
      page.addEventListener("lab-drawer", () => drawer.turn(false));
      sizes.observe(page);
    }
    drawer?.show();
  });
  sizes.observe(button);
  document.addEventListener("keydown", pressed);
  return () => {
    sizes.disconnect();
    document.removeEventListener("keydown", pressed);
  };
}

function closer(el) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-small-button", textContent: "✕" });
  button.title = "Close the settings (Escape)";
  button.setAttribute("aria-label", button.title);
  button.addEventListener("click", () => button.dispatchEvent(new Event("lab-drawer", { bubbles: true })));
  el.append(button);
}

export default {
  render: ({ model, el }) => (model.get("inside") ? closer(el) : opener(el)),
};
