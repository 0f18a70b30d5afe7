function make(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function button(className, textContent, pressed, title = "") {
  const made = make("button", className, { type: "button", textContent, title });
  made.addEventListener("click", pressed);
  return made;
}

// In Voilà the page has its address to itself; in JupyterLab the address is not ours to hand out.
const OWN_PAGE = document.body.dataset.voila !== undefined;

function check(words, changed) {
  const label = make("label", "lab-story-check");
  const box = make("input", "", { type: "checkbox" });
  box.addEventListener("change", changed);
  label.append(box, words);
  return { label, box };
}

// What folds away lies over the page; Escape closes it.
function closesByEscape(fold) {
  fold.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !fold.open) return;
    event.preventDefault();
    fold.open = false;
    fold.firstChild.focus();
  });
}

// For a class: a link that starts this step, and how it is shown there; for everyone, the same story as a notebook.
function more() {
  const fold = make("details", "lab-story-more");
  const inside = make("div", "lab-story-fold");
  const text = make("input", "lab-text", { readOnly: true, spellcheck: false });
  text.setAttribute("aria-label", "Link that starts this step");
  const copy = button("lab-button", "Copy", () => {
    text.select();
    // The clipboard is there on https and on this machine only; the selected text can be copied by hand anywhere.
    navigator.clipboard?.writeText(text.value).then(() => (copy.textContent = "Copied"), () => {});
  });
  let step = "";
  const write = () => {
    const options = [settings.box.checked && "settings=hidden", results.box.checked && "results=after-guess"];
    text.value = `${location.origin}${location.pathname}#story?${[step, ...options].filter(Boolean).join("&")}`;
    copy.textContent = "Copy";
  };
  const settings = check("hide the settings", write);
  const results = check("show results only after a guess", write);
  const line = make("div", "lab-story-link");
  line.append(text, copy);
  const notebook = make("p", "");
  if (OWN_PAGE) inside.append(make("strong", "", { textContent: "A link for a class" }), settings.label, results.label, line);
  inside.append(notebook);
  fold.append(make("summary", "", { textContent: "Share" }), inside);
  closesByEscape(fold);
  const show = (told) => {
    fold.open = false;
    step = `${told.story}/${told.step}`;
    notebook.replaceChildren(
      `The same in a notebook, ${told.lesson}: `,
      make("code", "", { textContent: "python -m lab lessons my-lessons" }),
    );
    write();
  };
  return { fold, show };
}

function options(told, guess) {
  return told.options.map((words, position) => button("lab-button lab-story-option", words, () => guess(position)));
}

function amount({ unit, least, most }, guess) {
  const form = make("form", "lab-story-amount", { noValidate: true });
  const box = make("input", "lab-number", { type: "number", min: least, max: most, step: "any", required: true });
  box.setAttribute("aria-label", `Your guess, ${least} to ${most}${unit}`);
  const words = make("span", "", { textContent: unit || "ε" });
  form.append(...(unit ? [box, words] : [words, box]), make("button", "lab-button", { textContent: "Guess" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (box.checkValidity()) guess(box.valueAsNumber);
    else box.focus();
    box.ariaInvalid = String(!box.checkValidity());
  });
  return [form];
}

function render({ model, el }) {
  const section = make("section", "lab-story-inside");
  const where = make("p", "lab-story-where");
  const question = make("h1", "lab-story-question", { tabIndex: -1 });
  const guessed = make("div", "lab-story-guess");
  guessed.setAttribute("role", "group");
  guessed.setAttribute("aria-label", "Your guess");
  const reply = make("p", "lab-story-reply");
  reply.setAttribute("role", "status");
  const send = (wish) => () => model.send(wish);
  const back = button("lab-button", "Back", send("back"));
  const next = button("lab-button", "Next", send("next"));
  const leave = button("lab-small-button", "✕", send("leave"), "Leave the story");
  leave.setAttribute("aria-label", leave.title);
  const restore = button("lab-link-button", "Set it as the step does", send("restore"));
  const { fold, show: showMore } = more();
  const { fold: terms, show: showTerms } = glossaryFold("lab-story-more");
  terms.lastChild.classList.add("lab-story-fold");
  closesByEscape(terms);
  const { box: ofClass, show: showClass } = classGuesses();
  const steps = make("div", "lab-story-steps");
  steps.append(terms, fold, back, next, leave);
  section.append(where, question, guessed, reply, restore, steps, ofClass);
  el.append(section);

  const guess = (value) => {
    const now = model.get("told");
    remember(now.story, now.step, value);
    tellGuess(now, value);
    model.send({ guess: value });
  };
  const told = () => {
    const now = model.get("told");
    el.hidden = !now.story;
    el.closest(".lab-app")?.toggleAttribute("data-story", !el.hidden);
    showClass(now);
    if (el.hidden) return;
    section.setAttribute("aria-label", `Story: ${now.title}`);
    where.replaceChildren(make("strong", "", { textContent: now.title }), ` · step ${now.position + 1} of ${now.count}`);
    writeWithTerms(question, now.question);
    const skip = button("lab-link-button", "Show without a guess", () => guess(null));
    skip.hidden = now.guess_first;
    guessed.replaceChildren(...(now.amount ? amount(now.amount, guess) : options(now, guess)), skip);
    back.disabled = now.position === 0;
    next.textContent = now.position + 1 === now.count ? "Finish" : "Next";
    showMore(now);
    terms.open = false;
    const earlier = guesses(now.story)[now.step];
    if (earlier !== undefined && (earlier !== null || !now.guess_first)) model.send({ guess: earlier });
  };
  const said = () => {
    const { words, state } = model.get("said");
    writeWithTerms(reply, words ?? "");
    reply.dataset.state = state ?? "";
    guessed.hidden = Boolean(model.get("guessed"));
    restore.hidden = !model.get("stale");
    const app = el.closest(".lab-app");
    app?.toggleAttribute("data-veiled", model.get("veiled"));
    app?.toggleAttribute("data-without-settings", Boolean(model.get("told").without_settings));
  };
  const explain = () => showTerms(model.get("used"));
  model.on("change:used", explain);
  explain();
  const all = () => {
    told();
    said();
    if (!el.hidden) question.focus(); // what was pressed is gone, or soon will be with the page before
  };
  model.on("change:told", all);
  model.on("change:said change:guessed change:stale change:veiled", () => {
    const held = guessed.contains(document.activeElement);
    said();
    if (held && guessed.hidden) next.focus();
  });
  // The card may be made before the application that it stands in.
  const seen = new ResizeObserver(() => {
    if (!el.closest(".lab-app")) return;
    seen.disconnect();
    told();
    said();
  });
  seen.observe(document.body);
  return () => {
    seen.disconnect();
    showClass({});
  };
}

export default { render };
