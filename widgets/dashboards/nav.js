function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

// In Voilà the page has its address to itself, so a tab can have one; in JupyterLab the address is not ours.
const OWN_PAGE = document.body.dataset.voila !== undefined;

function render({ model, el }) {
  const bar = make("header", "lab-header");
  const brand = make("a", "lab-brand", { href: "#", textContent: model.get("title") });
  const tabs = make("nav", "lab-tabs");
  tabs.setAttribute("aria-label", "Pages");
  const state = make("p", "lab-engine");
  state.setAttribute("role", "status");
  bar.append(brand, tabs, state);
  el.append(bar);

  const open = (name) => {
    model.set("selected", name);
    model.save_changes();
  };
  for (const { name, label } of model.get("pages")) {
    const tab = make("button", "lab-tab", { type: "button", textContent: label, value: name });
    tab.addEventListener("click", () => open(name));
    tabs.append(tab);
  }
  brand.addEventListener("click", (event) => {
    event.preventDefault();
    open(model.get("pages")[0].name);
  });

  const show = () => {
    const now = model.get("selected");
    for (const tab of tabs.children) {
      if (tab.value === now) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    state.textContent = model.get("engine");
    if (OWN_PAGE) {
      const label = model.get("pages").find((page) => page.name === now)?.label;
      document.title = label ? `${label} · ${model.get("title")}` : model.get("title");
      if (location.hash !== `#${now}`) history.replaceState(null, "", `#${now}`);
    }
  };
  const follow = () => {
    const name = location.hash.slice(1);
    if (name !== model.get("selected") && model.get("pages").some((page) => page.name === name)) open(name);
  };
  if (OWN_PAGE) {
    follow();
    addEventListener("hashchange", follow);
  }
  model.on("change:selected change:engine", show);
  show();
  model.send("arrived");
  return () => removeEventListener("hashchange", follow);
}

export default { render };
