const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };

// One stop of the tab key for many controls of a kind: arrow keys, Home and End go from one to the next. `across` says
// how many stand in a row, for arrows up and down. Gives what must be called when the controls are others.
function oneStop(group, css, across = () => 1) {
  const all = () => [...group.querySelectorAll(css)];
  const free = () => all().filter((each) => !each.disabled && !each.closest("[hidden]"));
  const stopAt = (stop) => all().forEach((each) => (each.tabIndex = each === stop ? 0 : -1));
  const aim = ({ key }, from, count) => {
    if (key === "Home") return 0;
    if (key === "End") return count - 1;
    return from + STEPS[key] * (key === "ArrowUp" || key === "ArrowDown" ? across() : 1);
  };
  group.addEventListener("keydown", (event) => {
    const stops = free();
    const from = stops.indexOf(event.target);
    if (from < 0 || !(event.key in STEPS || event.key === "Home" || event.key === "End")) return;
    event.preventDefault();
    const to = aim(event, from, stops.length);
    if (stops[to]) stops[to].focus();
  });
  group.addEventListener("focusin", (event) => {
    if (event.target.matches(css)) stopAt(event.target);
  });
  return () => {
    const stops = free();
    const on = (each) => each.checked || each.getAttribute("aria-pressed") === "true";
    stopAt(stops.find((each) => each === document.activeElement) ?? stops.find(on) ?? stops[0]);
  };
}
