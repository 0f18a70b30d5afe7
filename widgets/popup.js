// Has a pop-up stand beside what opens it, within the window, and go when that moves: it would stand beside other words.
// Gives what places it, to be called with its opener before it opens.
function popupBeside(box) {
  box.classList.add("lab-popup");
  box.popover = "auto";
  let opener = null;
  let placed = null; // where the opener stood then
  const place = (button) => {
    opener = button;
    placed = button.getBoundingClientRect();
    const { left, top, bottom } = placed;
    const below = top < innerHeight / 2;
    const room = below ? innerHeight - bottom : top;
    box.style.setProperty("--left", `${left}px`);
    box.style.setProperty("--room", `${room}px`);
    box.style.top = below ? `${bottom + 4}px` : "auto";
    box.style.bottom = below ? "auto" : `${innerHeight - top + 4}px`;
  };
  const follow = () => {
    const { left, top } = opener.getBoundingClientRect();
    if (Math.abs(left - placed.left) > 1 || Math.abs(top - placed.top) > 1) box.hidePopover();
  };
  const hidden = new ResizeObserver(follow); // as when the drawer that it stands in closes
  // Escape closes the pop-up alone, and not also what it stands in.
  const closing = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    box.hidePopover();
  };
  box.addEventListener("beforetoggle", ({ newState }) => {
    const turn = newState === "open" ? addEventListener : removeEventListener;
    turn("scroll", follow, { capture: true, passive: true });
    turn("resize", follow);
    turn("keydown", closing, { capture: true });
    hidden.disconnect();
    if (newState === "open") hidden.observe(opener);
  });
  return place;
}
