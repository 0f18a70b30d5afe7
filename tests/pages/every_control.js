// Moves the controls of the open page as a hand would, and tells what is drawn. Gives window.everyControl.
(() => {
  const here = () => document.querySelector(".lab-place:not(.lab-closed)");
  const put = (input, value, event) => {
    input.value = value;
    input.dispatchEvent(new Event(event, { bubbles: true }));
  };

  // Controls of one kind each: nothing where there is nothing to choose from, else the way there and the way back.
  function ofList(list) {
    const before = list.value;
    const other = [...list.options].find((each) => each.value !== before);
    return other && [() => put(list, other.value, "change"), () => put(list, before, "change")];
  }

  // By its slider where it has one, and back by typing.
  function ofBox(box, slider) {
    const before = box.value;
    const back = () => put(box, before, "change");
    if (slider) {
      const place = Number(slider.value) * (slider.value > 500 ? 0.35 : 1) + (slider.value > 500 ? 0 : 400);
      return [() => put(slider, place, "input"), back];
    }
    const numbers = before.split(",").map(Number);
    const more = numbers.length > 1 ? numbers.slice(0, -1).join(", ") : String(numbers[0] + 1);
    return [() => put(box, numbers.some(Number.isNaN) ? `${before}x` : more, "change"), back];
  }

  function ofPlayer(slider) {
    const before = Number(slider.value);
    if (slider.max === "0") return null;
    return [() => put(slider, before ? before - 1 : 1, "input"), () => put(slider, before, "input")];
  }

  // One of several: another one, and back to the one before.
  function ofOne(all, isOn) {
    const before = all.find(isOn);
    const other = all.find((each) => !isOn(each));
    return other && [() => other.click(), () => before.click()];
  }

  // Several of several: one more, or, where no more are possible, the one chosen last less.
  function ofSeveral(all, isOn, last) {
    const other = all.find((each) => !isOn(each) && !each.disabled) ?? last;
    return other && [() => other.click(), () => other.click()];
  }

  function ofChecks(checks, chips) {
    const on = checks.filter((each) => each.checked);
    const named = (each) => each.parentElement.textContent.startsWith(chips.at(-1)?.textContent.replace("×", ""));
    return ofSeveral(checks, (each) => each.checked, on.length > 1 ? on.find(named) ?? on.at(-1) : null);
  }

  // "3 of at most 4 chosen", or one that always is.
  function ofImages(images, said) {
    const pressed = (each) => each.getAttribute("aria-pressed") === "true";
    const [, now, most] = said.match(/(\d+) of at most (\d+)/) ?? [];
    if (!most) return ofOne(images, pressed);
    const last = images.findLast(pressed);
    return now === most ? [() => last.click(), () => last.click()] : ofSeveral(images, pressed);
  }

  function ways(field) {
    const all = (css) => [...field.querySelectorAll(css)].filter((each) => !each.closest("dialog:not([open])"));
    const [list] = all("select");
    const [box] = all(".lab-number, .lab-text:not(.lab-find)");
    const [slider] = all(".lab-slider:not([hidden])");
    const [images, radios, checks] = [all(".lab-image"), all(".lab-segment input"), all(".lab-check input")];
    if (list) return ofList(list);
    if (box) return ofBox(box, slider);
    if (slider) return ofPlayer(slider);
    if (radios.length) return ofOne(radios, (each) => each.checked);
    if (checks.length) return ofChecks(checks, all(".lab-chip"));
    if (images.length) return ofImages(images, field.querySelector(".lab-pager").textContent);
    return ofSeveral(all("input[type=checkbox]"), () => false); // a switch
  }

  // In sight, or in the drawer and in sight once it is open.
  function shown(field) {
    for (let each = field; each !== here(); each = each.parentElement) {
      if (!each.matches(".lab-panel") && getComputedStyle(each).display === "none") return false;
    }
    return true;
  }

  function fields() {
    const found = new Map();
    for (const field of here().querySelectorAll(".lab-field")) {
      if (!shown(field)) continue;
      const label = field.querySelector(".lab-label").firstChild.textContent;
      let name = label;
      for (let i = 2; found.has(name); i++) name = `${label} (${i})`;
      found.set(name, field);
    }
    return found;
  }

  // The drawer lies open over what is beside it, is closed, or stands beside it.
  function drawer() {
    const panel = here().querySelector(".lab-panel");
    if (!panel?.checkVisibility()) return "closed";
    return getComputedStyle(panel).position === "absolute" ? "over" : "beside";
  }

  // Opens the drawer for what is in it, closes it for what it lies over, and goes to the control.
  function reach(name) {
    const field = fields().get(name);
    const within = field.closest(".lab-panel") !== null;
    if (within && drawer() === "closed") here().querySelector(".lab-drawer-button").click();
    if (!within && drawer() === "over") here().querySelector(".lab-drawer-close button").click();
    field.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  const plain = (each) => (ArrayBuffer.isView(each) ? Array.from(each) : each);
  const colour = ({ marker, line, surfacecolor }) => [marker?.color, line?.color, surfacecolor];

  const returns = []; // the ways back of what has been moved, the last one first
  let [last, since] = ["", 0]; // the last state that was asked for, and since when it has been this one
  window.everyControl = {
    names: () => [...fields().keys()],
    reach,
    isSetting: (name) => fields().get(name).closest(".lab-panel, .lab-strip") !== null,
    move(name) {
      const [there, back] = ways(fields().get(name)) ?? [];
      there?.();
      if (there) returns.push(back);
      return Boolean(there);
    },
    back: () => returns.pop()(),
    state: () => ({
      address: location.hash + here().querySelector(".lab-run-bar").textContent,
      names: [...fields().keys()].join(),
      drawn: window.everyControl.drawn(),
      job: here().querySelector(".lab-run-bar").dataset.state,
      stale: here().querySelector(".lab-run-bar").dataset.stale,
    }),
    // For how many milliseconds, all told, nothing has changed; anew when told so.
    still(from) {
      const now = JSON.stringify(window.everyControl.state());
      if (now !== last || from !== undefined) [last, since] = [now, performance.now()];
      return performance.now() - since;
    },
    drawn: () => JSON.stringify([
      [...here().querySelectorAll(".js-plotly-plot")].map((plot) => [
        plot.textContent,
        (plot._fullData ?? []).map((trace) =>
          [trace.visible, trace.x, trace.y, trace.z, trace.text, trace.error_y?.visible, ...colour(trace)].map(plain)),
      ]),
      [...here().querySelectorAll(".lab-case")].map((card) =>
        [card.innerText, [...card.querySelectorAll("img")].map((image) => image.src)]),
    ]),
  };
})();
