// @ts-check
// The graph's legend: the shape of each condition.
import { byId, element, svgElement } from "./dom.js";
import { shape, shapes } from "./graph.js";

export function drawLegend() {
  for (const state of ["alive", "joining", "suspected", "paused", "killed", "left"]) {
    const item = element("li", "", { class: state });
    const icon = svgElement("svg", { viewBox: "-9 -9 18 18" });
    const path = svgElement("path", { d: shape(state, 90) });
    if (shapes[state] === "cross") path.setAttribute("transform", "rotate(45)");
    icon.append(path);
    item.append(icon, state);
    byId("legend").append(item);
  }
}
