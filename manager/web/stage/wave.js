// @ts-check
// Which message the stage shows as a wave, and who has it after how many hops. Pure.

const hopColours = 6;
const fades = 10e6;  // µs of the network's time after its last receipt

/** Until what a message is shown: the next thing that somebody does or that happens to a process. */
export class Acts {
  constructor() { /** @type {number} */ this.last = -1; }

  /** @param {import("../timeline.js").Frame} frame */
  take({ kind, t, data }) {
    if (kind === "phase" || kind === "change" || kind === "fault" || kind === "command") this.last = data.t ?? t;
  }
}

/**
 * @param {import("../spread.js").Message|undefined} message @param {Acts} acts @param {number} time
 * @returns {boolean} whether a message that somebody typed is what the stage is about at that time
 */
export function isShown(message, acts, time) {
  return message !== undefined && message.typed && message.born >= 0 && acts.last <= message.born &&
    time - message.last < fades;
}

/** The class of a hop's colour. @param {number} hop */
export function hopClass(hop) { return `hop-${Math.min(hop, hopColours - 1)}`; }

/**
 * Who has it, as far as it has been seen to arrive.
 * @param {import("../spread.js").Message} message @param {(node: string) => boolean} arrived
 */
export function waveOf(message, arrived) {
  const hops = new Map([[message.origin, 0]]);
  /** @type {{from: string, to: string, hop: number}[]} */ const edges = [];
  for (const { node, from, hop } of message.receipts.values()) {
    if (!arrived(node)) continue;
    hops.set(node, hop);
    edges.push({ from, to: node, hop });
  }
  return { hops, edges, most: Math.max(...hops.values()) };
}
