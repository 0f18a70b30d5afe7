// The terms of the field, for all that is written on a page. One pop-up says what the pressed one means.

// Of all terms: each has a group of its own. As Python's, it finds only what is a word of its own.
function patternOf(terms) {
  const letter = "\\p{L}\\p{N}_";
  const forms = terms.map((each) => `(${each.forms})`).join("|");
  return new RegExp(`(?<![${letter}+-])(?:${forms})(?![${letter}+]|-[${letter}])`, "gu");
}

const BREAKS = /([ \n]+|(?<=[/–—]))/u; // where a line may end

// Words and buttons as they go into lines: a button stays with what stands beside it without a space, such as a comma.
function inWords(parts) {
  const found = [];
  let word = [];
  const end = () => {
    const alone = word.length < 2 || word.every((each) => typeof each === "string");
    const whole = alone ? word : [Object.assign(document.createElement("span"), { className: "lab-unbroken" })];
    if (!alone) whole[0].append(...word);
    found.push(...whole);
    word = [];
  };
  for (const each of parts.flatMap((part) => (typeof part === "string" ? part.split(BREAKS) : [part]))) {
    if (typeof each === "string" && /^[ \n]*$/.test(each)) {
      end();
      found.push(each);
    } else word.push(each);
  }
  end();
  return found;
}

function meaningPopup() {
  const box = Object.assign(document.createElement("div"), { className: "lab lab-meaning" });
  const id = `lab-meaning-${Math.random().toString(36).slice(2)}`;
  const [name, words, source] = ["strong", "p", "span"].map((tag) => document.createElement(tag));
  name.id = id;
  words.id = `${id}-words`;
  source.className = "lab-term-source";
  box.append(name, words, source);
  // It has the focus while it is open, so that it is read out; Escape gives the focus back.
  Object.assign(box, { tabIndex: -1, autofocus: true });
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-labelledby", id);
  box.setAttribute("aria-describedby", words.id);

  let opener = null;
  const place = popupBeside(box);
  // Before the browser does what a press of the button does: it opens, or closes what it has opened.
  const pressed = (button, term) => {
    const isOpen = box.matches(":popover-open");
    if (!box.isConnected) document.body.append(box);
    if (opener && opener !== button) opener.popoverTargetElement = null;
    button.popoverTargetElement = box;
    button.popoverTargetAction = isOpen && opener === button ? "hide" : "show";
    opener = button;
    name.textContent = term.name;
    words.textContent = term.meaning;
    source.textContent = term.source;
    box.classList.toggle("lab-presenter", button.closest(".lab-presenter") !== null);
    place(button);
    if (isOpen) box.focus();
  };
  return { pressed };
}

function glossaryOf(terms) {
  const pattern = patternOf(terms);
  const popup = meaningPopup();
  const written = new WeakMap(); // of an element: its buttons by their terms, and its stop of the tab key

  const makeButton = (term) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "lab-term" });
    button.title = `What does “${term.name}” mean?`;
    button.addEventListener("click", () => popup.pressed(button, term));
    return button;
  };

  // Of each term the first occurrence. A button that is there stays, with the focus where it has it.
  const write = (element, words) => {
    if (!written.has(element)) written.set(element, { buttons: new Map(), settle: oneStop(element, ".lab-term") });
    const { buttons, settle } = written.get(element);
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const [parts, seen] = [[], new Set()];
    let end = 0;
    for (const found of words.matchAll(pattern)) {
      const term = terms[found.slice(1).findIndex((each) => each !== undefined)];
      if (seen.has(term)) continue;
      seen.add(term);
      if (!buttons.has(term)) buttons.set(term, makeButton(term));
      const button = buttons.get(term);
      button.textContent = found[0];
      parts.push(words.slice(end, found.index), button);
      end = found.index + found[0].length;
    }
    element.replaceChildren(...inWords([...parts, words.slice(end)]));
    element.normalize();
    settle();
    if (focused?.isConnected) focused.focus();
    // Who is led to a heading goes on from there to what it is about.
    if (element.matches("h1")) for (const button of buttons.values()) button.tabIndex = -1;
  };
  return { terms, write };
}

export default {
  initialize({ model }) {
    const place = promisedGlossary();
    if (!place.glossary) place.keep(glossaryOf(model.get("terms")));
  },
  render({ el }) {
    el.hidden = true;
  },
};
