// The glossary of a page, { terms, write }, once it is there: glossary.js, which makes the same promise, keeps it.
function promisedGlossary() {
  const name = Symbol.for("adversarial-lab.glossary");
  if (!globalThis[name]) {
    const made = { glossary: null };
    made.ready = new Promise((tell) => {
      made.keep = (glossary) => {
        made.glossary = glossary;
        tell(glossary);
      };
    });
    globalThis[name] = made;
  }
  return globalThis[name];
}

// Writes words into an element. The terms of the glossary in them open what they mean.
function writeWithTerms(element, words) {
  if (element.textContent === words) return;
  const { glossary, ready } = promisedGlossary();
  if (glossary) {
    glossary.write(element, words);
    return;
  }
  element.textContent = words;
  ready.then(({ write }) => element.textContent === words && write(element, words));
}
