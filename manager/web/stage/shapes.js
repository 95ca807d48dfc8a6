// @ts-check
// Every condition of a node has a shape of its own beside its colour.

const d3 = /** @type {any} */ (window).d3;

/** @type {Record<string, string>} */
export const shapes = {
  alive: "circle", joining: "circle", suspected: "triangle-up", paused: "square", leaving: "diamond",
  left: "diamond", killed: "cross", died: "cross", elsewhere: "circle",
};

/** @param {string} state @param {number} size */
export function shape(state, size) {
  return d3.svg.symbol().type(shapes[state] ?? "circle").size(size)();
}

/** A cross stands upright: turned it is the mark of an end. @param {string} state */
export function turned(state) { return shapes[state] === "cross" ? "rotate(45)" : null; }
