// What of the open page is drawn badly: cut, overlapping, without size, or wider than its place. Gives window.blemishes.
(() => {
  const here = () => document.querySelector(".lab-place:not(.lab-closed)");
  const PRESSED = "button, input:not(.lab-hidden), select, textarea, summary, a[href], .lab-segment, [role=button]";
  const LEFT_OUT = ".lab-skip, .modebar-btn, [hidden] *";
  const SMALLEST = 8; // pixels of what is pressed, in both directions
  const OFF = 1.5; // pixels by which boxes that are drawn between pixels may reach into each other

  const words = (each) => (each?.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, 60);
  const named = (each) => {
    const name = each.getAttribute("aria-label") || each.labels?.[0]?.textContent || words(each) || each.className;
    return `“${String(name).replace(/\s+/g, " ").trim().slice(0, 60)}”`;
  };
  const layerOf = (each) => each.closest("dialog[open], .lab-panel, .lab-save-menu, .lab-tip, .lab-tabs") ?? document.body;
  const seen = (each) => each.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const unseen = (style) => style.clipPath !== "none" || style.clip !== "auto"; // words for those who listen

  // What is left of a box inside of everything around it that cuts or scrolls.
  function inSight(each, box) {
    let { left, top, right, bottom } = box;
    for (let around = each.parentElement; around; around = around.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(around);
      const edge = around.getBoundingClientRect();
      if (overflowX !== "visible") [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      if (overflowY !== "visible") [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
    }
    return { left, top, right, bottom };
  }
  const overlap = (one, other) => Math.min(
    Math.min(one.right, other.right) - Math.max(one.left, other.left),
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top),
  );

  function controls() {
    const all = [document.querySelector(".lab-header"), here()].flatMap((part) => [...(part?.querySelectorAll(PRESSED) ?? [])]);
    const drawer = here().querySelector(".lab-panel");
    const over = drawer && seen(drawer) && getComputedStyle(drawer).position === "absolute";
    const found = all.filter((each) => !each.matches(LEFT_OUT) && seen(each) && !(over && layerOf(each) === document.body));
    const small = found.filter((each) => {
      const { width, height } = each.getBoundingClientRect();
      return Math.min(width, height) < SMALLEST;
    }).map((each) => `${named(each)} has no size`);
    const boxes = found.map((each) => [each, layerOf(each), inSight(each, each.getBoundingClientRect())]);
    const crossing = boxes.flatMap(([one, layer, box], i) => boxes.slice(i + 1)
      .filter(([other, its, place]) => its === layer && overlap(box, place) > OFF && !one.contains(other) && !other.contains(one))
      .map(([other]) => `${named(one)} overlaps ${named(other)}`));
    return [...small, ...crossing];
  }

  // Words that what is around them cuts, where nobody can scroll to them.
  function cutWords() {
    const found = [];
    const walker = document.createTreeWalker(document.querySelector(".lab-app"), NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const own = node.parentElement;
      if (!node.data.trim() || own.closest("svg, option, style, .lab-place.lab-closed, .lab-skip") || !seen(own)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (box.width === 0) continue;
      let free = { x: true, y: true };
      for (let around = own; around && !around.matches(".lab-app"); around = around.parentElement) {
        const style = getComputedStyle(around);
        if (unseen(style)) break;
        const edge = around.getBoundingClientRect();
        const scrolls = (way) => ["auto", "scroll"].includes(way);
        if (scrolls(style.overflowX)) free.x = false;
        if (scrolls(style.overflowY)) free.y = false;
        const cutX = free.x && style.overflowX !== "visible" && (box.right > edge.right + OFF || box.left < edge.left - OFF);
        const cutY = free.y && style.overflowY !== "visible" && (box.bottom > edge.bottom + 3 || box.top < edge.top - 3);
        if (cutX || cutY) {
          found.push(`“${node.data.trim().slice(0, 60)}” is cut by ${around.className}`);
          break;
        }
      }
    }
    const pen = document.createElement("canvas").getContext("2d");
    for (const list of here().querySelectorAll("select")) {
      if (!seen(list)) continue;
      const style = getComputedStyle(list);
      pen.font = style.font;
      const room = list.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 16; // its arrow
      for (const { textContent: name } of list.options) {
        if (pen.measureText(name).width > room + OFF) found.push(`“${name}” is cut in its list`);
      }
    }
    for (const box of here().querySelectorAll("input:is(.lab-number, .lab-text)")) {
      if (seen(box) && box.scrollWidth > box.clientWidth + 1) found.push(`“${box.value}” is cut in ${named(box)}`);
    }
    return found;
  }

  // Words in figures that reach out of their drawing or stand on each other.
  function figures() {
    const found = [...here().querySelectorAll(".lab-figure")]
      .filter((each) => seen(each) && each.scrollWidth > each.clientWidth + 1)
      .map((each) => `what is in “${words(each.querySelector(".lab-figure-title"))}” is wider than its card`);
    for (const plot of here().querySelectorAll(".js-plotly-plot")) {
      if (!seen(plot)) continue;
      const card = plot.closest(".lab-figure") ?? plot;
      const heading = card.querySelector(".lab-figure-title")?.textContent ?? "";
      const edge = plot.getBoundingClientRect();
      const texts = [...plot.querySelectorAll(".main-svg text")].filter((each) => {
        const { opacity, fill } = getComputedStyle(each);
        return words(each) && seen(each) && Number(opacity) > 0 && fill !== "none" && !each.closest(".hoverlayer");
      }).map((each) => [each, each.getBoundingClientRect()]);
      for (const [each, box] of texts) {
        const out = Math.max(edge.left - box.left, box.right - edge.right, edge.top - box.top, box.bottom - edge.bottom);
        if (out > 2) found.push(`“${words(each)}” reaches ${Math.round(out)} px out of figure “${heading}”`);
      }
      const turned = (each) => /rotate\((?!0|-?90|-?270|360)/.test(each.getAttribute("transform") ?? "");
      const level = texts.filter(([each]) => !turned(each));
      level.forEach(([one, box], i) => {
        for (const [other, place] of level.slice(i + 1)) {
          if (overlap(box, place) > 3.5) found.push(`“${words(one)}” is on “${words(other)}” in figure “${heading}”`);
        }
      });
    }
    return found;
  }

  window.blemishes = () => {
    const { scrollWidth } = document.documentElement;
    const wide = scrollWidth > innerWidth ? [`the page is ${scrollWidth} px wide in a window of ${innerWidth}`] : [];
    return [...wide, ...controls(), ...cutWords(), ...figures()];
  };
})();
