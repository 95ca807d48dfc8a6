// @ts-check
// How many links peers have: the share that has so many or more, both axes logarithmic, and the law of its tail.
import { Chart, logScale } from "./charts.js";
import { ccdf, fitPowerLaw, leastTail } from "./degrees.js";
import { element, sentence, tableOf } from "./dom.js";

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawDegrees(place, view) {
  const peers = view.model.sorted().filter(n => n.role === "peer" && n.state === "alive");
  const degrees = peers.map(n => n.degree ?? 0);
  const points = ccdf(degrees);
  if (points.length === 0) return void place.append(sentence("No peer has a link.", "none"));
  const law = fitPowerLaw(degrees);
  const most = points[points.length - 1].k;
  const { width, height } = view.room(0.6);
  const percent = (/** @type {number} */ share) => `${+(100 * share).toPrecision(3)} %`;
  const chart = new Chart("degrees: share of peers with at least so many links", width, height,
    { ...logScale(Math.max(1, points[0].k / 1.2), Math.max(10, most * 1.2)), title: "degree k" },
    { ...logScale(Math.min(0.1, 0.8 / degrees.length), 1, percent), title: "peers with k or more" });
  if (law) drawLaw(chart, law, degrees.length, most);
  for (const p of points) chart.add("circle", { class: "point", cx: chart.x(p.k), cy: chart.y(p.share), r: 3.5 });
  const box = element("div", "", { class: "beside" });
  box.append(chart.svg, words(peers, degrees, law, view));
  place.append(box);
}

/**
 * @param {Chart} chart @param {{exponent: number, from: number, tail: number}} law
 * @param {number} count @param {number} most
 */
function drawLaw(chart, law, count, most) {
  const at = (/** @type {number} */ k) =>
    ({ x: k, y: law.tail / count * ((k - 0.5) / (law.from - 0.5)) ** (1 - law.exponent) });
  const points = [];
  for (let k = law.from; k < most * 1.2; k *= 1.1) points.push(at(k));
  chart.line(points, "law");
}

/**
 * @param {any[]} peers @param {number[]} degrees @param {ReturnType<typeof fitPowerLaw>} law
 * @param {import("./panels.js").View} view
 */
function words(peers, degrees, law, view) {
  const box = element("div");
  const sorted = [...degrees].sort((a, b) => a - b);
  const mean = degrees.reduce((a, b) => a + b, 0) / degrees.length;
  box.append(element("p", law
    ? `Power law: exponent ${law.exponent.toFixed(2)} from degree ${law.from} on (${law.tail} peers, ` +
      `Kolmogorov–Smirnov distance ${law.distance.toFixed(3)}).`
    : `No law is fitted: a tail needs ${leastTail} peers and degrees that differ twofold.`));
  const median = sorted[sorted.length >> 1];
  box.append(element("p",
    `Degrees: least ${sorted[0]}, median ${median}, mean ${mean.toFixed(2)}, most ${sorted.at(-1)}.`));
  const hubs = [...peers].sort((a, b) => b.degree - a.degree).slice(0, 8);
  box.append(tableOf(["most links", "#degree"], hubs.map(n => ({
    key: n.id, chosen: view.selected === n.id, choose: () => view.select(n.id), cells: [n.name, n.degree],
  }))));
  return box;
}
