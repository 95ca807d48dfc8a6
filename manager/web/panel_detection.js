// @ts-check
// How ends were found out: every step's time, and a bar a case.
import { beginning, steps } from "./detection.js";
import { duration, element, sentence, svgElement, tableOf } from "./dom.js";

const shown = 40;
const width = 260;

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawDetection(place, view) {
  const { cases } = view.detections();
  const nothing = "No peer has ended, and none was suspected, so far.";
  if (cases.length === 0) return void place.append(sentence(nothing, "none"));
  const newest = cases.slice(-shown).reverse();
  const longest = Math.max(1000, ...newest.map(c => last(c) - beginning(c)));
  const key = element("p", "", { class: "note" });
  const parts = { silent: "nobody has noticed", suspect: "suspected", spread: "removed, not known to all" };
  for (const [kind, text] of Object.entries(parts)) {
    const icon = svgElement("svg", { width: 12, height: 12, "aria-hidden": "true" });
    icon.append(svgElement("rect", { class: kind, width: 12, height: 12 }));
    key.append(icon, ` ${text}; `);
  }
  key.append(`the whole width is ${duration(longest)}; ` +
    "times are from its end on, or from the first suspicion of one that lives");
  const titles = ["at", "peer", "", ...steps.map(([, title]) => "#" + title), "suspected by"];
  place.append(key, tableOf(titles, newest.map(c => ({
    key: c.node, chosen: view.selected === c.node, choose: () => view.select(c.node),
    cells: [
      view.stamp({ t: beginning(c) }), `${view.name(c.node)}: ${how(c)}`, bar(c, longest),
      ...steps.map(([step]) => (c[step] < 0 ? "–" : duration(c[step] - beginning(c)))), c.by.map(view.name).join(" "),
    ],
  }))));
}

/** @param {import("./detection.js").Detection} c */
function how(c) {
  if (c.refuted >= 0) return c.how === "paused" ? "paused, and back" : "cleared";
  if (c.how === "alive") return c.removed >= 0 ? "removed alive" : "in doubt";
  return c.how;
}

/** @param {import("./detection.js").Detection} c */
function last(c) { return Math.max(beginning(c), c.refuted, ...steps.map(([step]) => c[step])); }

/** @param {import("./detection.js").Detection} c @param {number} longest */
function bar(c, longest) {
  const svg = svgElement("svg", { class: "marks", width, height: 14, "aria-hidden": "true" });
  const x = (/** @type {number} */ t) => 1 + (width - 2) * (t - beginning(c)) / longest;
  const doubt = c.suspected >= 0 ? c.suspected : c.removed;
  const end = c.removed >= 0 ? c.removed : c.refuted >= 0 ? c.refuted : last(c);
  /** @type {[string, number, number][]} */ const parts = [
    ["silent", beginning(c), doubt < 0 ? last(c) : doubt], ["suspect", doubt, end],
    ["spread", c.removed, Math.max(c.known, c.removedAll)],
  ];
  for (const [kind, from, to] of parts) {
    if (from < 0 || to <= from) continue;
    svg.append(svgElement("rect", { class: kind, x: x(from), y: 2, width: Math.max(1, x(to) - x(from)), height: 10 }));
  }
  for (const [step] of steps) {
    if (c[step] >= 0) svg.append(svgElement("path", { class: "tick", d: `M${x(c[step])} 0v14` }));
  }
  return svg;
}
