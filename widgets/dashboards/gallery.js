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
  image.alt = [title, words].filter(Boolean).join(": ");
  write(caption, title);
  write(verdict, words);
  verdict.dataset.fooled = String(fooled);
}

function card() {
  const article = make("article", "lab-case");
  const title = make("h4");
  title.append(make("span", "lab-dot"), make("span"));
  article.append(title, make("div", "lab-pictures"), make("ul", "lab-facts"), make("ul", "lab-badges"), make("p", "lab-error"));
  return article;
}

function fillCard(article, { title, opens = "", colour = "", chosen = false, pale = false, pictures, facts = [], badges = [], error = "" }) {
  const [heading, shown, said, trust, failure] = article.children;
  const [dot, name] = heading.children;
  dot.hidden = !colour;
  dot.style.background = colour;
  write(name, title);
  article.title = opens;
  article.tabIndex = opens ? 0 : -1;
  if (opens) article.setAttribute("role", "button");
  else article.removeAttribute("role");
  article.dataset.chosen = String(chosen);
  article.dataset.pale = String(pale);
  article.dataset.failed = String(Boolean(error) && pictures.length === 0);
  sized(shown, pictures.length, picture).forEach((each, i) => fillPicture(each, pictures[i]));
  sized(said, facts.length, () => make("li")).forEach((each, i) => write(each, facts[i]));
  sized(trust, badges.length, () => make("li")).forEach((each, i) => {
    write(each, badges[i].words);
    each.dataset.good = String(badges[i].good);
  });
  write(failure, error);
}

function render({ model, el }) {
  const head = make("header", "lab-figure-head");
  const words = make("div");
  const title = make("h3", "lab-figure-title");
  const note = make("p", "lab-figure-note");
  const cards = make("div", "lab-cases");
  words.append(title, note);
  head.append(words);
  el.append(head, cards);
  const press = (event) => {
    const place = [...cards.children].indexOf(event.target.closest(".lab-case"));
    if (place >= 0 && cards.children[place].title) model.send(place);
  };
  cards.addEventListener("click", press);
  cards.addEventListener("keydown", (event) => {
    if (event.key === "Enter") press(event);
  });
  const show = () => {
    write(title, model.get("heading"));
    write(note, model.get("note"));
    const now = model.get("cards");
    sized(cards, now.length, card).forEach((each, i) => fillCard(each, now[i]));
    cards.dataset.count = now.length;
    el.dataset.drawn = Number(el.dataset.drawn ?? 0) + 1;
  };
  model.on("change:cards change:note", show);
  show();
}

export default { render };
