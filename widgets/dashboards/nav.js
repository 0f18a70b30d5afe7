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
    model.set("state", "");
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
    const refusal = model.get("refusal");
    state.textContent = refusal || model.get("engine");
    state.classList.toggle("lab-engine-refusal", refusal !== "");
    if (OWN_PAGE) {
      const label = model.get("pages").find((page) => page.name === now)?.label;
      document.title = label ? `${label} · ${model.get("title")}` : model.get("title");
      const address = model.get("state") ? `#${now}?${model.get("state")}` : `#${now}`;
      if (location.hash !== address) history.replaceState(null, "", address);
    }
  };
  const follow = () => {
    const [name, token = ""] = location.hash.slice(1).split("?");
    if (!model.get("pages").some((page) => page.name === name)) return;
    if (name === model.get("selected") && token === model.get("state")) return;
    model.set("selected", name);
    model.set("state", token);
    model.save_changes();
  };
  if (OWN_PAGE) {
    follow();
    addEventListener("hashchange", follow);
  }
  model.on("change:selected change:state change:engine change:refusal", show);
  show();
  model.send("arrived");
  return () => removeEventListener("hashchange", follow);
}

export default { render };
