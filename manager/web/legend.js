// @ts-check
// The stage's legend: the shape of each condition, the kinds of links, and the colours of hops.
import { byId, element, svgElement } from "./dom.js";
import { shape, turned } from "./stage/shapes.js";
import { hopClass } from "./stage/wave.js";

const hopsShown = 5;
const links = [["", "link by preference"], ["ring-link", "ring link"], ["cut", "cut"], ["slow", "impaired"]];

export function drawLegend() {
  for (const state of ["alive", "joining", "suspected", "paused", "killed", "left"]) {
    const path = svgElement("path", { d: shape(state, 90), class: "condition" });
    const turn = turned(state);
    if (turn) path.setAttribute("transform", turn);
    add(state, [path], state);
  }
  for (const [kind, text] of links) {
    const pathLength = kind === "cut" ? 100 : 18;
    add(text, [svgElement("path", { d: "M-9 0Q0 0 9 0", class: `link ${kind}`, pathLength })]);
  }
  const width = 18 / hopsShown;
  const hops = Array.from({ length: hopsShown }, (_, hop) =>
    svgElement("rect", { x: -9 + hop * width, y: -5, width, height: 10, class: hopClass(hop) }));
  add("hops of a message", hops);
}

/** @param {string} text @param {Element[]} marks @param {string} [kind] */
function add(text, marks, kind = "") {
  const item = element("li", "", { class: kind });
  const icon = svgElement("svg", { viewBox: "-10 -9 20 18" });
  icon.append(...marks);
  item.append(icon, text);
  byId("legend").append(item);
}
