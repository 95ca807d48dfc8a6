// @ts-check
// What faults do to the picture: links that are cut or impaired, and the sides into which cuts part the network. Pure.

/** @typedef {import("../model.js").Node} Node */

/** @param {Node|undefined} a @param {Node|undefined} b @returns {""|"cut"|"slow"} the worse of both directions */
export function faultBetween(a, b) {
  if (!a || !b) return "";
  if (a.cut?.includes(b.id) || b.cut?.includes(a.id)) return "cut";
  return a.slow?.includes(b.id) || b.slow?.includes(a.id) ? "slow" : "";
}

/**
 * The sides of a partition: who can reach each other, directly or by others. None when all can.
 * @param {Node[]} nodes @returns {Map<string, number>} by node, the largest side first; nodes that run only
 */
export function sidesOf(nodes) {
  if (!nodes.some(n => n.cut?.length)) return new Map();
  const left = new Set(nodes);
  /** @type {Node[][]} */ const sides = [];
  for (const first of nodes) {
    if (!left.delete(first)) continue;
    const side = [first];
    for (const a of side) {
      for (const b of left) {
        if (faultBetween(a, b) === "cut") continue;
        left.delete(b);
        side.push(b);
      }
    }
    sides.push(side);
  }
  if (sides.length < 2) return new Map();
  sides.sort((a, b) => b.length - a.length);
  return new Map(sides.flatMap((side, i) => side.map(n => /** @type {[string, number]} */ ([n.id, i]))));
}
