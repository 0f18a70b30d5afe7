// The guesses of a class: told to the server without a name, and counted live for the teacher, whom only it knows.
const LOOK_AGAIN = 2000; // milliseconds

let teacher; // whether this browser is the teacher's, once the server has said so

function addressOf(query = "") {
  const { baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  return `${baseUrl}guesses${query}`;
}

const stepOf = ({ story, step }) => `${story}/${step}`;

// One that does not arrive is missing in the counts, and nowhere else.
function tellGuess(told, guess) {
  if (!told.collected || teacher || guess === null) return;
  fetch(addressOf(), { method: "POST", body: new URLSearchParams({ step: stepOf(told), guess }) }).catch(() => {});
}

function ofOptions(options, counts) {
  const most = Math.max(1, ...counts.values());
  return options.flatMap((words, position) => {
    const count = counts.get(position) ?? 0;
    const bar = make("div", "lab-story-class-bar");
    bar.style.width = `${(100 * count) / most}%`;
    const track = make("div", "lab-story-class-track");
    track.append(bar);
    return [make("span", "", { textContent: words }), track, make("strong", "", { textContent: count })];
  });
}

// A mark for every guess, on a line from the least to the largest that there can be.
function ofAmounts({ unit, least, most }, counts) {
  const line = make("div", "lab-story-class-line");
  const all = [...counts].flatMap(([guess, count]) => Array(count).fill(guess));
  for (const guess of all) {
    const mark = make("div", "lab-story-class-mark");
    mark.style.left = `${(100 * (guess - least)) / (most - least)}%`;
    line.append(mark);
  }
  const median = all.length ? `median ${all[Math.floor((all.length - 1) / 2)]}${unit}` : "";
  return [make("span", "", { textContent: `${least}${unit}` }), line, make("span", "", { textContent: `${most}${unit}` }), median];
}

function classGuesses() {
  const box = make("div", "lab-story-class", { hidden: true });
  const head = make("p", "lab-story-class-head");
  const rows = make("div", "lab-story-class-rows");
  const anew = button("lab-link-button", "Count again", () => {
    fetch(addressOf(query()), { method: "DELETE" }).then(look, () => {});
  });
  box.append(head, rows);
  let told = {};
  let timer;
  const query = () => `?${new URLSearchParams({ step: stepOf(told) })}`;

  function draw(guesses) {
    const counts = new Map(guesses);
    const total = guesses.reduce((sum, [, count]) => sum + count, 0);
    head.replaceChildren(make("strong", "", { textContent: "Your class" }), ` · ${total} ${total === 1 ? "guess" : "guesses"} `, anew);
    rows.replaceChildren(...(told.amount ? ofAmounts(told.amount, counts) : ofOptions(told.options, counts)));
    rows.classList.toggle("lab-story-class-amounts", Boolean(told.amount));
    box.hidden = false;
  }

  async function look() {
    clearTimeout(timer);
    const asked = told;
    try {
      const response = await fetch(addressOf(query()), { cache: "no-store" });
      if (response.status === 204) teacher = false;
      if (response.status === 200) {
        teacher = true;
        const { guesses } = await response.json();
        if (asked === told) draw(guesses);
      }
    } catch {
      // The server is away for a moment.
    }
    if (asked === told && teacher !== false) timer = setTimeout(look, LOOK_AGAIN);
  }

  const show = (now) => {
    clearTimeout(timer);
    told = now;
    box.hidden = true;
    if (now.collected && teacher !== false) look();
  };
  return { box, show };
}
