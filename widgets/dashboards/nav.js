function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

// In Voilà the page has its address to itself, so a tab can have one; in JupyterLab the address is not ours.
const OWN_PAGE = document.body.dataset.voila !== undefined;

const STORY = "story"; // in the address, instead of a page's name: what follows is a step of a story

// What stands below the header is the page's main part; the header may be there before it, and before it is laid out.
function markMain(bar) {
  const mark = () => {
    const main = bar.closest(".lab-app")?.querySelector(".lab-places");
    main?.setAttribute("role", "main");
    if (main) watch.disconnect();
  };
  const watch = new MutationObserver(mark);
  watch.observe(document.body, { childList: true, subtree: true });
  mark();
}

const TOGETHER = 1000; // milliseconds within which what is done on a page is one change, as when a slider is dragged
const DONE_BY = ["input", "change", "click", "pointerup"];
const RELEASED_BY = ["pointerup", "pointercancel"];

// Counts what a person does on the pages, such as dragging a slider once, however long that is held. Gives the count so
// far, and what ends it.
function changesByHand() {
  let [count, last] = [0, -TOGETHER];
  let held = ""; // "down" from when the pointer is pressed, "moved" once something has been done with it
  const notice = ({ target, timeStamp, type }) => {
    if (!target.closest?.(".lab-place")) return;
    if (type === "pointerdown") {
      held = "down";
      return;
    }
    if (held !== "moved" && timeStamp - last > TOGETHER) count++;
    last = timeStamp;
    if (held) held = "moved";
  };
  const release = () => {
    held = "";
  };
  const events = ["pointerdown", ...DONE_BY];
  for (const event of events) addEventListener(event, notice, true);
  for (const event of RELEASED_BY) addEventListener(event, release);
  return {
    count: () => count,
    end: () => {
      for (const event of events) removeEventListener(event, notice, true);
      for (const event of RELEASED_BY) removeEventListener(event, release);
    },
  };
}

// Past the header and a page's settings, straight to its figures.
function skipLink() {
  const skip = make("a", "lab-skip", { href: "#", textContent: "Skip to the figures" });
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    const open = document.querySelector(".lab-place:not(.lab-closed)");
    const content = open?.querySelector(".lab-content") ?? open;
    if (!content) return;
    content.tabIndex = -1;
    content.focus();
  });
  return skip;
}

// On a narrow page the tabs are a menu; it closes by Escape, by a press elsewhere, and when a page is opened.
function menuButton(bar, tabs) {
  const button = make("button", "lab-menu-button", { type: "button", textContent: "☰ Pages" });
  tabs.id = `lab-pages-${Math.random().toString(36).slice(2)}`;
  button.setAttribute("aria-controls", tabs.id);
  const turn = (open) => {
    bar.dataset.menu = open ? "open" : "closed";
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => turn(bar.dataset.menu !== "open"));
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || bar.dataset.menu !== "open") return;
    event.preventDefault();
    turn(false);
    button.focus();
  });
  tabs.addEventListener("click", () => turn(false));
  const outside = (event) => bar.contains(event.target) || turn(false);
  document.addEventListener("pointerdown", outside);
  turn(false);
  return { button, end: () => document.removeEventListener("pointerdown", outside) };
}

const TYPED_IN = "textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])";

// Calls back when a key is pressed alone, and not typed into a field; in JupyterLab only inside the lab. Gives what ends it.
function whenPressed(key, bar, act) {
  const pressed = (event) => {
    if (event.key.toLowerCase() !== key || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest?.(TYPED_IN) || document.querySelector("dialog[open]")) return;
    if (OWN_PAGE || bar.closest(".lab-app")?.contains(event.target)) act();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

function lookButton(textContent, title) {
  const button = make("button", "lab-look-button", { type: "button", textContent, title });
  button.setAttribute("aria-label", title);
  return button;
}

// What the browser stores for the lab under a name, null where it stores nothing; where it stores nothing, nothing is kept.
function kept(storage, name) {
  try {
    return OWN_PAGE ? globalThis[storage].getItem(name) : null;
  } catch {
    return null;
  }
}

function keep(storage, name, value) {
  try {
    if (!OWN_PAGE) return;
    if (value === null) globalThis[storage].removeItem(name);
    else globalThis[storage].setItem(name, value);
  } catch {
    // then a reloaded page opens as the lab was started, and as the system is
  }
}

// Whether this window's page was made large, which reloading keeps: "true", "false", or null where nothing was said.
const PRESENTER = "adversarial-lab.presenter";

// What drawer.js keeps for all pages of a visit, also for those that are yet to be opened.
function closeDrawers(app) {
  const drawer = Symbol.for("adversarial-lab.drawer");
  globalThis[drawer] ??= {};
  globalThis[drawer].open = false;
  for (const page of app?.querySelectorAll(".lab-page") ?? []) page.dispatchEvent(new Event("lab-drawer"));
}

// Larger type, stronger colours, and the drawer closed: for a projector.
function presenterButton(bar, opensSo) {
  const button = lookButton("Aa", "Larger type and stronger colours, for a projector (key P)");
  const isOn = () => button.getAttribute("aria-pressed") === "true";
  const turn = (on) => {
    const app = bar.closest(".lab-app");
    button.setAttribute("aria-pressed", String(on));
    app?.classList.toggle("lab-presenter", on);
    if (on) closeDrawers(app);
  };
  const change = () => {
    turn(!isOn());
    keep("sessionStorage", PRESENTER, String(isOn()));
  };
  button.addEventListener("click", change);
  const end = whenPressed("p", bar, change);
  const seen = new ResizeObserver(() => {
    seen.disconnect();
    const before = kept("sessionStorage", PRESENTER);
    const large = before === null ? opensSo : before === "true";
    turn(large);
  });
  seen.observe(bar);
  return { button, end };
}

// "dark" or "light" where a person wants it other than the system; the page's template reads it before anything is seen.
const SCHEME = "adversarial-lab.scheme";

// Dark or light, as the system is until a person says otherwise, in all windows of this browser. JupyterLab has its own themes.
function schemeButton(bar) {
  const button = lookButton("◐", "Dark or light (key D)");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = document.documentElement.dataset;
  const scheme = () => chosen.labScheme ?? (system.matches ? "dark" : "light");
  const show = () => button.setAttribute("aria-pressed", String(scheme() === "dark"));
  const change = () => {
    const wanted = scheme() === "dark" ? "light" : "dark";
    const asSystem = (wanted === "dark") === system.matches;
    if (asSystem) delete chosen.labScheme;
    else chosen.labScheme = wanted;
    keep("localStorage", SCHEME, asSystem ? null : wanted);
    show();
  };
  button.hidden = !OWN_PAGE;
  button.addEventListener("click", change);
  system.addEventListener("change", show);
  const released = OWN_PAGE ? whenPressed("d", bar, change) : () => {};
  show();
  return {
    button,
    end: () => {
      released();
      system.removeEventListener("change", show);
    },
  };
}

const RESTS = 80; // milliseconds after which a pointer rests on a tab, and does not only pass over it

// Calls back once a pointer rests on a tab or the keys have reached it: a press may follow.
function whenPointedAt(tab, act) {
  let resting;
  const begin = () => {
    clearTimeout(resting);
    resting = setTimeout(act, RESTS);
  };
  const end = () => clearTimeout(resting);
  for (const event of ["pointerenter", "focus"]) tab.addEventListener(event, begin);
  for (const event of ["pointerleave", "blur", "click"]) tab.addEventListener(event, end);
}

function render({ model, el }) {
  const bar = make("header", "lab-header");
  const brand = make("a", "lab-brand", { href: "#", textContent: model.get("title") });
  const tabs = make("nav", "lab-tabs");
  tabs.setAttribute("aria-label", "Pages");
  const state = make("p", "lab-engine");
  state.setAttribute("role", "status");
  const menu = menuButton(bar, tabs);
  const presenter = presenterButton(bar, model.get("presenter"));
  const scheme = schemeButton(bar);
  bar.append(skipLink(), menu.button, brand, tabs, state, scheme.button, presenter.button);
  el.append(bar);

  const pages = model.get("pages");
  for (const { name, label } of pages) {
    const tab = make("button", "lab-tab", { type: "button", textContent: label, value: name });
    tab.addEventListener("click", () => open(name));
    whenPointedAt(tab, () => model.send({ pointed: name }));
    tabs.append(tab);
  }
  brand.addEventListener("click", (event) => {
    event.preventDefault();
    open(pages[0].name);
  });

  const here = () => location.hash.slice(1).split("?");
  // Another page, another step of a story, and what a person changes on a page is what Back takes back; what a page
  // itself adds to its settings only says where it stands. Where the address already names one that we have not
  // followed to, Back was pressed, and what is said meanwhile of the one before is late.
  const stop = ([name, token]) => (name === STORY ? `${name}?${token}` : name);
  const isStop = (name) => name.startsWith(`${STORY}?`) || pages.some((page) => page.name === name);
  let followed = stop(here());
  const changes = changesByHand();
  let written = 0; // how many changes by hand the address knows
  const address = () => {
    if (!OWN_PAGE) return;
    const [page, step] = [model.get("selected"), model.get("step")];
    document.title = [pages.find(({ name }) => name === page)?.label, model.get("title")].filter(Boolean).join(" · ");
    const [name, token] = step ? [STORY, step] : [page, model.get("state")];
    const wanted = token ? `#${name}?${token}` : `#${name}`;
    const [before, now] = [stop(here()), stop([name, token])];
    if (before !== followed) return;
    followed = now;
    if (location.hash === wanted) return;
    const left = before !== now && isStop(before);
    const changed = before === now && Boolean(here()[1]) && Boolean(token) && written !== changes.count();
    written = changes.count();
    history[(left || changed) && !model.get("refusal") ? "pushState" : "replaceState"](null, "", wanted);
  };
  // The tab of the page that is in sight is marked, and the one that is asked for until it comes; meanwhile the other
  // page is pale, because what is said of it is not said of the page that was asked for.
  const show = () => {
    const [wanted, now] = [model.get("selected"), model.get("shown")];
    for (const tab of tabs.children) {
      if (tab.value === now) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
      tab.toggleAttribute("data-coming", tab.value === wanted && wanted !== now);
    }
    bar.closest(".lab-app")?.toggleAttribute("data-going", wanted !== now);
    const refusal = model.get("refusal");
    state.textContent = refusal || model.get("engine");
    state.classList.toggle("lab-engine-refusal", refusal !== "");
    if (!going) address();
  };
  // Page, state and step change together: between them the address would be that of none.
  let going = false;
  const go = (name, token, step = "") => {
    going = true;
    model.set("selected", name);
    model.set("state", token);
    model.set("step", step);
    model.save_changes();
    going = false;
    show();
  };
  const open = (name) => {
    if (name !== model.get("selected")) go(name, "");
  };
  const follow = () => {
    const [name, token = ""] = here();
    followed = stop(here());
    written = changes.count();
    if (name === STORY) {
      if (token !== model.get("step")) go(model.get("selected"), model.get("state"), token);
      return;
    }
    const there = name === model.get("selected") && token === model.get("state") && !model.get("step");
    if (!there && pages.some((page) => page.name === name)) go(name, token);
  };
  if (OWN_PAGE) {
    follow();
    addEventListener("hashchange", follow);
  }
  model.on("change:selected change:shown change:state change:step change:engine change:refusal", show);
  show();
  markMain(bar);
  model.send("arrived");
  return () => {
    removeEventListener("hashchange", follow);
    changes.end();
    menu.end();
    presenter.end();
    scheme.end();
  };
}

export default { render };
