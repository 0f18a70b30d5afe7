// The scheme that a person has chosen (nav.js keeps it), before anything is seen.
try {
  const chosen = localStorage.getItem("adversarial-lab.scheme");
  if (chosen) document.documentElement.dataset.labScheme = chosen;
} catch {
  // a browser that stores nothing is as the system is
}
