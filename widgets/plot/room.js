// The room that a figure has: its type as large as the page's, its captions in lines, and its panels below each other
// where the place is narrow. view.js comes after it.

const TYPE = 14; // pixels of the page's type beside which a figure has the sizes that Python gives it

// How much larger the page's type is, and with it all that is read in a figure.
function largerBy(el) {
  return Math.round((100 * Number.parseFloat(getComputedStyle(el).fontSize)) / TYPE) / 100 || 1;
}

const LENGTHS = { standoff: true, ticklen: true, xshift: true, yshift: true };

function enlargedAs(name, value, by) {
  if (typeof value === "number") return LENGTHS[name] ? value * by : value;
  if (name === "margin") return Object.fromEntries(Object.entries(value).map(([side, length]) => [side, length * by]));
  const key = /font$/.test(name) || name === "marker" ? "size" : name === "line" ? "width" : "";
  const made = enlarged(value, by);
  return typeof made?.[key] === "number" ? { ...made, [key]: made[key] * by } : made;
}

// A part of a figure with its type, lines, marks and margins so many times as large; what is drawn keeps its places.
function enlarged(part, by) {
  if (by === 1 || part === null || typeof part !== "object") return part;
  if (Array.isArray(part)) return typeof part[0] === "object" ? part.map((each) => enlarged(each, by)) : part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, enlargedAs(name, value, by)]));
}

const pen = document.createElement("canvas").getContext("2d");

// A text of plotly's, with its tags, in lines no wider than that; those it has stay. Spaces stay, too, for readers.
function inLines(text, width, size, family) {
  pen.font = `${size}px ${family}`;
  const wrap = (line) => {
    let far = 0;
    return line.split(/(<[^>]*>|[^\s<]+\s*)/).map((part) => {
      if (part.startsWith("<")) return part;
      const [whole, bare] = [pen.measureText(part).width, pen.measureText(part.trimEnd()).width];
      const breaks = far > 0 && far + bare > width;
      far = (breaks ? 0 : far) + whole;
      return breaks ? `<br>${part}` : part;
    }).join("");
  };
  return text.split(/<br\s*\/?>/).map(wrap).join("<br>");
}

// What is above a plot takes as many lines as it needs at this width: the legend's title, and the annotations that
// `meta.captions` names, each with the part of the plot's width that it has.
function fitted({ legend, annotations, margin = {}, meta, ...layout }, width, font) {
  const { l = 52, r = 16, t = 16 } = margin;
  const room = width ? Math.max(120, width - l - r) : Infinity;
  const inRoom = (text, part, own, shift = 0) => inLines(text, part * room - shift, own?.size ?? font.size, font.family);
  let more = 0;
  const lines = annotations?.map((each, i) => {
    if (!meta?.captions?.[i]) return each;
    const text = inRoom(each.text, meta.captions[i], each.font, each.xshift);
    const lines = text.split("<br>").length - each.text.split("<br>").length;
    if (each.yanchor === "bottom") more = Math.max(more, lines); // it stands above the plot
    return { ...each, text };
  });
  const title = legend?.title?.text && { ...legend.title, text: inRoom(legend.title.text, 1, legend.title.font) };
  return {
    ...layout,
    meta,
    margin: { ...margin, t: t + Math.ceil(1.3 * font.size * more) },
    ...(lines && { annotations: lines }),
    ...(legend && { legend: title ? { ...legend, title } : legend }),
  };
}

const isPlain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function merged(part, changes) {
  const made = { ...part };
  for (const [name, value] of Object.entries(changes)) made[name] = isPlain(value) ? merged(part[name], value) : value;
  return made;
}

// Whether a figure that says how it is drawn in less than its least width has less.
function lacksRoom(plot, { least, narrow } = {}, by = 1) {
  if (!narrow) return false;
  plot.style.minWidth = "";
  return plot.clientWidth > 0 && plot.clientWidth < least * by;
}

// A figure as it is drawn there: its height is its own, whatever its place would give it.
function narrowed({ data, layout, height: usual }) {
  const { captions, lowest, narrow } = layout.meta;
  const { height, ...changes } = narrow.layout;
  const meta = { captions: narrow.captions.length ? narrow.captions : captions, lowest: height ?? lowest, narrow };
  return {
    data: data.map((trace, i) => ({ ...trace, ...narrow.traces[i] })),
    layout: { ...merged(layout, changes), meta },
    height: height ?? usual,
  };
}

// A figure that says how wide and tall it is at least is squeezed no further; its caption's further lines come on top.
// Gives the layout, fitted to the width that it then has.
function withRoom(plot, layout, font) {
  const { least, lowest } = layout.meta ?? {};
  plot.style.minWidth = least ? `${least / TYPE}em` : "";
  const fit = fitted(layout, plot.clientWidth, font);
  const more = fit.margin.t - (layout.margin?.t ?? 16);
  plot.style.minHeight = lowest ? `calc(${lowest / TYPE}em + ${more}px)` : "";
  return fit;
}
