// A sketch of what each page draws, by the page's name: SVG in a field of 240 × 96, in the colours of the theme.
const FIRST = "var(--lab-first)";
const SECOND = "var(--lab-second)";
const THIRD = "var(--lab-third)";
const QUIET = "var(--lab-faint)";

const CRISP = 'shape-rendering="crispEdges"';

const range = (count) => Array.from({ length: count }, (_, i) => i);
const waved = (i) => Math.sin(i * 12.9898) * Math.cos(i * 4.1414); // between -1 and 1, without any pattern to see
const box = (x, y, width, height, fill, more = "") =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`;
const line = (points, colour, more = "") =>
  `<polyline points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")}" fill="none"
    stroke="${colour}" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round" ${more}/>`;
const curve = (height, colour, more) => line(range(45).map((i) => [12 + 4.9 * i, height(i / 44)]), colour, more);
const stairs = (heights, colour) =>
  line(heights.flatMap((y, i) => [[12 + 43 * i, y], [55 + 43 * i, y]]), colour);
const floor = line([[12, 86], [228, 86]], QUIET, 'style="stroke-width:1"');

function histogram(middle, width, top, colour) {
  return range(26).map((i) => {
    const height = top * Math.exp(-(((i - middle) / width) ** 2)) * (1 + 0.25 * waved(i));
    return height > 1 ? box(14 + i * 8.2, 86 - height, 7, height, colour, 'opacity="0.85"') : "";
  });
}

const THREE = ["........", "..####..", ".....##.", "....##..", ".....##.", ".....##.", "..####..", "........"];

function digit(left, colour) {
  return range(64).map((i) => {
    const [row, column] = [Math.floor(i / 8), i % 8];
    return box(left + column * 8, 16 + row * 8, 8, 8, colour(THREE[row][column] === "#", waved(i)), CRISP);
  });
}

function ridge(i) {
  const height = (x) => 30 * Math.exp(-((x - 0.62) ** 2) / 0.02) * Math.exp(-((i - 4) ** 2) / 7);
  const bowl = (x) => 14 * (x - 0.35) ** 2 * (8 - i) * 0.5;
  const points = range(41).map((j) => [34 + j * 3.6 + i * 4, 84 - (8 - i) * 6.4 - height(j / 40) - bowl(j / 40)]);
  const outline = points.map((each) => each.map((v) => v.toFixed(1)).join(",")).join(" ");
  return `<polygon points="${outline} ${178 + i * 4},110 ${34 + i * 4},110" fill="var(--lab-page)"/>
    ${line(points, SECOND, `style="stroke-width:1.5" opacity="${0.5 + 0.06 * i}"`)}`;
}

function cloud(x, y, colour, seed) {
  return range(16).map((i) => {
    const [across, down] = [waved(seed + i) * 26, waved(seed + 50 + i) * 20];
    return `<circle cx="${(x + across).toFixed(1)}" cy="${(y + down).toFixed(1)}" r="2.8" fill="${colour}" opacity="0.8"/>`;
  });
}

function arrow([x, y], [toX, toY]) {
  const angle = (Math.atan2(toY - y, toX - x) * 180) / Math.PI;
  return `${line([[x, y], [toX, toY]], "var(--lab-ink)", 'style="stroke-width:1.6"')}
    <path d="M0 0-7-3.5v7z" transform="translate(${toX} ${toY}) rotate(${angle})" fill="var(--lab-ink)"/>`;
}

const PICTURES = {
  "pgd-restarts": () => [...histogram(5, 2.2, 66, SECOND), ...histogram(18, 3.2, 52, FIRST), floor],
  "attack-explorer": () => [
    ...digit(14, (ink) => (ink ? "#fff" : "var(--lab-ink)")),
    ...digit(88, (_, sign) => (sign > 0 ? FIRST : SECOND)),
    ...digit(162, (ink, sign) => (ink ? (sign > 0.4 ? "#cfd6de" : "#fff") : sign > 0.15 ? "#56606e" : "var(--lab-ink)")),
  ],
  evaluation: () => [
    stairs([10, 66, 84, 85, 85], FIRST),
    stairs([12, 40, 78, 83, 84], THIRD),
    stairs([14, 26, 38, 44, 47], SECOND),
    floor,
  ],
  "loss-surface": () => range(9).map(ridge),
  masking: () => [
    curve((x) => 14 + 66 / (1 + Math.exp(-14 * (x - 0.3))), SECOND),
    curve((x) => 14 + 52 * Math.exp(-(((x - 0.28) / 0.16) ** 2)) + 10 * x, THIRD),
    floor,
  ],
  transfer: () =>
    range(24).map((i) => {
      const [row, column] = [Math.floor(i / 6), i % 6];
      const share = row === column ? 0.95 : 0.12 + 0.5 * Math.abs(waved(i + 3));
      return box(49 + column * 24, 4 + row * 22.5, 22.5, 21, SECOND, `opacity="${share.toFixed(2)}" rx="2"`);
    }),
  embeddings: () => [
    ...cloud(60, 32, SECOND, 1),
    ...cloud(182, 34, FIRST, 7),
    ...cloud(118, 72, THIRD, 19),
    line([[128, 4], [116, 44], [30, 92]], QUIET, 'stroke-dasharray="4 5" style="stroke-width:1.5"'),
    arrow([66, 28], [152, 34]),
    arrow([56, 44], [104, 68]),
  ],
  "robustness-curves": () => [
    curve((x) => 12 + 72 * (1 - Math.exp(-9 * x * x)), FIRST),
    curve((x) => 16 + 66 * x ** 1.6, SECOND),
    curve((x) => 12 + 72 / (1 + Math.exp(-12 * (x - 0.42))), THIRD, 'stroke-dasharray="1 6"'),
    floor,
  ],
  "training-studio": () => [
    curve((x) => 84 - 66 * Math.exp(-4 * x) - 7 * waved(Math.round(x * 44)) * (1 - x), FIRST),
    curve((x) => 84 - 70 * (1 - Math.exp(-3.2 * x)) - 5 * waved(Math.round(x * 44) + 9) * (1 - 0.6 * x), SECOND),
    floor,
  ],
  exhibits: () =>
    range(3).flatMap((row) => [
      ...range(5).map((i) => {
        const height = 12 + 8 * Math.abs(waved(i + 5 * row));
        return box(20 + i * 41, 29 - height + row * 29, 34, height, [FIRST, SECOND, THIRD][(i + row) % 3], 'opacity="0.85" rx="2"');
      }),
      line([[12, 31 + 29 * row], [228, 31 + 29 * row]], QUIET, 'style="stroke-width:1.5"'),
    ]),
};

// A page of a plug-in has no sketch of its own.
const plain = () => [histogram(12.5, 7, 60, QUIET), floor];

function picture(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("class", "lab-card-picture");
  drawn.setAttribute("viewBox", "0 0 240 96");
  drawn.setAttribute("aria-hidden", "true");
  drawn.innerHTML = (PICTURES[name] ?? plain)().flat().join("");
  return drawn;
}
