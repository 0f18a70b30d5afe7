// How far a visitor is in the stories, which only this browser knows: of each story the guesses by the names of its steps.
// A guess is what was sent, or null where the numbers were looked at without one.
const STORED = "adversarial-lab.stories";

function progress() {
  try {
    const found = JSON.parse(localStorage.getItem(STORED) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {}; // a browser that stores nothing, or something else's text
  }
}

const guesses = (story) => Object(progress()[story]);

function remember(story, step, guess) {
  try {
    localStorage.setItem(STORED, JSON.stringify({ ...progress(), [story]: { ...guesses(story), [step]: guess } }));
  } catch {
    // then the next visit starts from the first step
  }
  dispatchEvent(new Event(STORED));
}
