// What of the open page a visitor cannot get at in this window. Gives window.layout.
(() => {
  const here = () => document.querySelector(".lab-place:not(.lab-closed)");
  const CONTROLS = "button, input, select, textarea, summary, a[href], .lab-segment, [role=button]";
  const OUT = ".lab-hidden, .lab-skip, .modebar-btn, :disabled"; // behind their labels, on focus, or on hovering

  const FINGER = 44; // pixels that what is pressed has in each direction, at least
  const MARK = 28; // of a mark beside a label, or a word in a sentence, which must not lie over what is below it
  const forFingers = () => document.querySelector(".lab-app").clientWidth <= 850; // as theme.py has it

  const named = (each) =>
    (each.getAttribute("aria-label") || each.labels?.[0]?.innerText || each.innerText || each.className).replace(/\s+/g, " ").slice(0, 60);

  // After scrolling to a control as a browser does that gives it the focus, its middle must be in sight and its own.
  function fault(each) {
    const pressed = each.closest("label") ?? each;
    pressed.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = pressed.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return "is outside of the window";
    const hits = (top) => each.contains(top) || [...(each.labels ?? [])].some((label) => label.contains(top));
    const top = document.elementFromPoint(x, y);
    if (!hits(top)) return `is under ${top?.className || top?.tagName}`;
    return forFingers() ? tooSmall(each, pressed, hits) : "";
  }

  function tooSmall(each, pressed, hits) {
    pressed.scrollIntoView({ block: "center", inline: "center" }); // nothing of it is beyond the edge of what it scrolls in
    const { x, y, width, height } = pressed.getBoundingClientRect();
    const reach = (each.matches(".lab-help-sign, .lab-term") ? MARK : FINGER) / 2 - 2; // boxes lie between pixels
    const [other] = [[0, -reach], [0, reach], [-reach, 0], [reach, 0]]
      .map(([right, down]) => document.elementFromPoint(x + width / 2 + right, y + height / 2 + down))
      .filter((there) => there && !hits(there));
    return other ? `is smaller than a finger, beside ${other.className || other.tagName}` : "";
  }

  function unreachable(parts = [document.querySelector(".lab-header"), here()]) {
    const all = parts.flatMap((part) => [...part.querySelectorAll(CONTROLS)]);
    const shown = all.filter((each) => !each.matches(OUT) && !each.closest("[inert]") && each.checkVisibility());
    const found = shown.map((each) => [named(each), fault(each)]).filter(([, words]) => words);
    return { count: shown.length, found: found.map(([name, words]) => `${name} ${words}`) };
  }

  // The same, also in what is folded away: the menu of pages, what is said of the page, the drawer, and what opens in its place.
  function unfolded() {
    const seen = unreachable();
    for (const each of here().querySelectorAll("details:not([open])")) {
      each.open = true;
      seen.found.push(...unreachable([each]).found);
      each.open = false;
    }
    for (const css of [".lab-header .lab-menu-button", ...[".lab-guide-about", ".lab-drawer-button"].map((each) => `.lab-place:not(.lab-closed) ${each}`)]) {
      const button = document.querySelector(css);
      if (!button?.getClientRects().length || button.ariaExpanded === "true") continue;
      button.click();
      const { count, found } = unreachable([document.getElementById(button.getAttribute("aria-controls"))]);
      seen.count += count;
      seen.found.push(...found);
      button.click();
    }
    return seen;
  }

  // Parts of the page that reach out of their place sideways, and number boxes that cut what is in them; a card of
  // figures may be moved sideways itself.
  function overflowing() {
    const parts = ["html", ".lab-header", ".lab-tabs", ".lab-home", ".lab-strip", ".lab-panel", ".lab-settings", ".lab-panel-footer", ".lab-content"];
    const wide = (each) => each.getClientRects().length && each.scrollWidth > each.clientWidth + 1;
    const boxes = [...here().querySelectorAll(".lab-number")].filter(wide);
    return [...parts.filter((css) => [...document.querySelectorAll(css)].some(wide)), ...boxes.map(named)];
  }

  function luminance(colour) {
    const [red, green, blue] = colour.match(/[\d.]+/g).map((each) => (each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  // Words beside what figures plot whose contrast with their background is too small: axe-core leaves them out.
  function pale(least = 4.5) {
    const found = [];
    for (const plot of here().querySelectorAll(".js-plotly-plot")) {
      const behind = luminance(getComputedStyle(plot.querySelector(".main-svg")).backgroundColor);
      for (const each of plot.querySelectorAll(".xtick text, .ytick text, .xtitle, .ytitle, .legendtext, .legendtitletext, .cbaxis text")) {
        const [dark, light] = [behind, luminance(getComputedStyle(each).fill)].sort((a, b) => a - b);
        if ((light + 0.05) / (dark + 0.05) < least) found.push(each.textContent);
      }
    }
    return found;
  }

  // Parts of the page, the pictures aside, that are light.
  function glaring() {
    const parts = document.querySelectorAll(".lab-app, .lab-app :not(img, canvas, svg *, .lab-toggle, .lab-slider)");
    return [...parts].filter((each) => {
      const { backgroundColor, opacity } = getComputedStyle(each);
      const seen = each.checkVisibility() && each.clientWidth > 60 && each.clientHeight > 12 && opacity > 0;
      return seen && !/, 0(\.[0-4]\d*)?\)$/.test(backgroundColor) && luminance(backgroundColor) > 0.6;
    }).map((each) => each.className);
  }

  // plotly takes most of the time of a window that changes its size; for what can be reached its drawing does not count.
  const sheet = document.head.appendChild(document.createElement("style"));
  const drawing = (on) => {
    sheet.textContent = on ? "" : ".lab-figure-plot { display: none; }";
  };

  window.layout = { unfolded, overflowing, drawing, pale, glaring };
})();
