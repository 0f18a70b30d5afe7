function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

// In Voilà the page has its address to itself, so a tab can have one; in JupyterLab the address is not ours.
const OWN_PAGE = document.body.dataset.voila !== undefined;

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

function render({ model, el }) {
  const bar = make("header", "lab-header");
  const brand = make("a", "lab-brand", { href: "#", textContent: model.get("title") });
  const tabs = make("nav", "lab-tabs");
  tabs.setAttribute("aria-label", "Pages");
  const state = make("p", "lab-engine");
  state.setAttribute("role", "status");
  bar.append(skipLink(), brand, tabs, state);
  el.append(bar);

  const pages = model.get("pages");
  for (const { name, label } of pages) {
    const tab = make("button", "lab-tab", { type: "button", textContent: label, value: name });
    tab.addEventListener("click", () => open(name));
    tabs.append(tab);
  }
  brand.addEventListener("click", (event) => {
    event.preventDefault();
    open(pages[0].name);
  });

  const here = () => location.hash.slice(1).split("?");
  // Another page is a step that Back takes back; what is set on a page is where it stands. Where the address already
  // names a page that we have not followed to, Back was pressed, and what is said meanwhile of the page before is late.
  let followed = here()[0];
  const address = () => {
    if (!OWN_PAGE) return;
    const [now, token] = [model.get("selected"), model.get("state")];
    document.title = [pages.find(({ name }) => name === now)?.label, model.get("title")].filter(Boolean).join(" · ");
    const wanted = token ? `#${now}?${token}` : `#${now}`;
    const [before] = here();
    if (before !== followed) return;
    followed = now;
    if (location.hash === wanted) return;
    const step = before !== now && pages.some(({ name }) => name === before);
    history[step ? "pushState" : "replaceState"](null, "", wanted);
  };
  const show = () => {
    const now = model.get("selected");
    for (const tab of tabs.children) {
      if (tab.value === now) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const refusal = model.get("refusal");
    state.textContent = refusal || model.get("engine");
    state.classList.toggle("lab-engine-refusal", refusal !== "");
    if (!going) address();
  };
  // Page and state change together: between the two the address would be that of neither.
  let going = false;
  const go = (name, token) => {
    going = true;
    model.set("selected", name);
    model.set("state", token);
    model.save_changes();
    going = false;
    show();
  };
  const open = (name) => {
    if (name !== model.get("selected")) go(name, "");
  };
  const follow = () => {
    const [name, token = ""] = here();
    followed = name;
    const there = name === model.get("selected") && token === model.get("state");
    if (!there && pages.some((page) => page.name === name)) go(name, token);
  };
  if (OWN_PAGE) {
    follow();
    addEventListener("hashchange", follow);
  }
  model.on("change:selected change:state change:engine change:refusal", show);
  show();
  markMain(bar);
  model.send("arrived");
  return () => removeEventListener("hashchange", follow);
}

export default { render };
