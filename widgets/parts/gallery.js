function make(tag, className = "") {
  return Object.assign(document.createElement(tag), { className });
}

// As many children as needed; those that are there stay, because a new picture would flash white before it is decoded.
function sized(parent, count, create) {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.append(create());
  return [...parent.children];
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

function picture() {
  const figure = make("figure", "lab-picture");
  figure.append(make("img"), make("figcaption"), make("p"));
  return figure;
}

function fillPicture(figure, { source, title, words = "", fooled = null }) {
  const [image, caption, verdict] = figure.children;
  if (image.src !== source) image.src = source;
  image.alt = [title, words].filter(Boolean).join(": ").replace("\n", " ");
  write(caption, title);
  write(verdict, words);
  verdict.dataset.fooled = String(fooled);
}

function card() {
  const made = make("div", "lab-case");
  const title = make("h4");
  title.append(make("span", "lab-dot"), make("span"));
  made.append(title, make("div", "lab-pictures"), make("ul", "lab-facts"), make("ul", "lab-badges"), make("p", "lab-refused"), make("button", "lab-button lab-fix"));
  return made;
}

function fillCard(element, { title, opens = "", colour = "", chosen = false, pale = false, pictures, facts = [], badges = [], error = "", fixes = "" }) {
  const [heading, shown, said, trust, refusal, fix] = element.children;
  const [dot, name] = heading.children;
  dot.hidden = !colour;
  dot.style.background = colour;
  write(name, title);
  element.title = opens;
  const pressed = opens ? { role: "button", tabindex: "0", "aria-label": `${title}: ${opens}`, "aria-pressed": String(chosen) } : {};
  for (const each of ["role", "tabindex", "aria-label", "aria-pressed"]) {
    if (each in pressed) element.setAttribute(each, pressed[each]);
    else element.removeAttribute(each);
  }
  element.dataset.chosen = String(chosen);
  element.dataset.pale = String(pale);
  element.dataset.failed = String(Boolean(error) && pictures.length === 0);
  sized(shown, pictures.length, picture).forEach((each, i) => fillPicture(each, pictures[i]));
  sized(said, facts.length, () => make("li")).forEach((each, i) => write(each, facts[i]));
  sized(trust, badges.length, () => make("li")).forEach((each, i) => {
    write(each, badges[i].words);
    each.dataset.good = String(badges[i].good);
  });
  write(refusal, error);
  fix.type = "button";
  write(fix, fixes);
}

function render({ model, el }) {
  const head = make("div", "lab-figure-head");
  const words = make("div");
  const title = make("h3", "lab-figure-title");
  const note = make("p", "lab-figure-note");
  const cards = make("div", "lab-cases");
  words.append(title, note);
  head.append(words);
  el.append(head, cards);
  const press = (event) => {
    const button = event.target.closest(".lab-fix");
    if (button) {
      model.send({ fix: [...cards.children].indexOf(button.closest(".lab-case")) });
      return;
    }
    const place = [...cards.children].indexOf(event.target.closest(".lab-case"));
    if (place >= 0 && cards.children[place].title) model.send(place);
  };
  cards.addEventListener("click", press);
  cards.addEventListener("keydown", (event) => {
    if ((event.key !== "Enter" && event.key !== " ") || event.target.closest(".lab-fix")) return; // a button presses itself
    event.preventDefault(); // or a space would scroll the page
    press(event);
  });
  const show = () => {
    write(title, model.get("heading"));
    note.hidden = !model.get("note");
    writeWithTerms(note, model.get("note"));
    const now = model.get("cards");
    sized(cards, now.length, card).forEach((each, i) => fillCard(each, now[i]));
    cards.dataset.count = now.length;
    cards.style.setProperty("--pictures", Math.max(1, ...now.map((each) => each.pictures.length)));
    el.dataset.drawn = Number(el.dataset.drawn ?? 0) + 1;
  };
  model.on("change:cards change:note", show);
  show();
}

export default { render };
