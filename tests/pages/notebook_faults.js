// What is wrong with what a cell of the open notebook shows, in words; nothing once all of it is drawn. ``shows`` says
// whether the cell has anything to show.
([index, shows]) => {
  const { content } = jupyterapp.shell.currentWidget;
  const cell = content.widgets[index];
  if (cell.model.type !== "code") return [];
  const seen = (each) => each.checkVisibility() && each.getBoundingClientRect().height > 8;
  // What a figure draws in its axes: lines, points, bars and pictures; or, without axes, a scene on a canvas.
  const DRAWN = ".mlayer :is(path, image), .imagelayer image, canvas";
  const words = (each) => each.textContent.replace(/\s+/g, " ").trim().slice(0, 80);

  const errors = cell.model.outputs.toJSON().filter((each) => each.output_type === "error");
  const output = cell.outputArea.node;
  const found = errors.map((each) => `${each.ename}: ${each.evalue}`);
  const filled = (each) => seen(each) && (words(each) || each.querySelector("img, svg, canvas"));
  if (shows && ![...output.querySelectorAll(".jp-OutputArea-output")].some(filled)) found.push("an empty output");
  for (const each of [...output.querySelectorAll(".lab-figure-plot")].filter((one) => one.checkVisibility())) {
    if (![...each.querySelectorAll(DRAWN)].some((one) => one.checkVisibility())) found.push("a figure that is not drawn");
  }
  for (const each of output.querySelectorAll("img")) {
    if (seen(each) && !(each.complete && each.naturalWidth)) found.push("a picture that is not drawn");
  }
  const state = output.querySelector(".lab-run-bar")?.dataset.state ?? "done";
  if (!["done", "ready"].includes(state)) found.push(`a computation that is ${state}`);
  if (/Error displaying widget|Loading widget/.test(output.textContent)) found.push(words(output));
  return found;
};
