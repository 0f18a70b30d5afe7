// The colours of a page that may be dark. Python names each as it is in the light; the style sheet of a dark page has a
// variable for every one of them, called by that name: --lab-D55E00.

const COLOUR = /#[0-9a-f]{6}\b|rgba\((\d+),(\d+),(\d+),([\d.]+)\)/gi;

function hex(...channels) {
  return `#${channels.map((each) => Number(each).toString(16).padStart(2, "0")).join("")}`;
}

function channels(colour) {
  return [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));
}

// How the page around an element paints a colour, and how a painted one is named; both with an opacity, too.
function painter(el) {
  const style = getComputedStyle(el);
  const found = (colour) => style.getPropertyValue(`--lab-${colour.slice(1).toUpperCase()}`).trim();
  const named = new Map();
  const paint = (colour, red, green, blue, opacity) => {
    const painted = found(red === undefined ? colour : hex(red, green, blue));
    if (!painted) return colour;
    const made = red === undefined ? painted : `rgba(${channels(painted)},${opacity})`;
    named.set(made, colour);
    return made;
  };
  return { isDark: found("#FFFFFF") !== "", paint, name: (painted) => named.get(painted) ?? painted };
}

// A part of a figure with every colour in it as `paint` gives it; the pixels of pictures are no colours of the page.
function recoloured(part, paint) {
  if (typeof part === "string") return part.startsWith("data:") ? part : part.replace(COLOUR, paint);
  if (part === null || typeof part !== "object" || ArrayBuffer.isView(part)) return part;
  if (!Array.isArray(part)) return Object.fromEntries(Object.entries(part).map(([name, each]) => [name, recoloured(each, paint)]));
  if (typeof part[0] === "number" && typeof part.at(-1) === "number") return part;
  return part.map((each) => recoloured(each, paint));
}

// Calls back when the system, a person or JupyterLab turns from light to dark; gives what ends it.
function whenSchemeChanges(act) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = new MutationObserver(act);
  for (const each of [document.documentElement, document.body]) {
    chosen.observe(each, { attributeFilter: ["data-lab-scheme", "data-jp-theme-light"] });
  }
  system.addEventListener("change", act);
  return () => {
    chosen.disconnect();
    system.removeEventListener("change", act);
  };
}
