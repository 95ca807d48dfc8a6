// @ts-check
// How the end of a node was found out, step by step, and suspicions that came to nothing.

/**
 * @typedef {{node: string, how: string, ended: number, suspected: number, by: string[], consensus: number,
 *   witnesses: string, reported: number, proposed: number, removed: number, removedAll: number, known: number,
 *   epoch: number, refuted: number, waiting: Set<string>}} Detection  times in µs of the network's clock; -1: not seen
 */

export const steps = /** @type {const} */ ([
  ["suspected", "suspected"], ["consensus", "witnesses agree"], ["reported", "reported"], ["proposed", "proposed"],
  ["removed", "removed"], ["removedAll", "by all seeds"], ["known", "all peers know"],
]);

const kept = 500;
const ends = new Set(["killed", "died", "paused", "left"]);

export class Detections {
  constructor() {
    /** @type {Detection[]} oldest first */ this.cases = [];
    /** @type {Map<string, Detection>} not over yet, by node */ this.open = new Map();
    /** @type {Map<string, any>} */ this.nodes = new Map();
  }

  /** @param {import("./timeline.js").Frame} frame */
  take({ kind, t: known, data }) {
    const t = data.t ?? known;  // its own: what is told late stands behind what came after it
    if (kind === "node") this.node(t, data);
    else if (kind === "change") this.change(t, data);
    else if (kind === "notice" && data.subject) this.notice(t, data);
  }

  /** @param {string} node @param {string} how @returns {Detection} */
  begin(node, how) {
    const found = {
      node, how, ended: -1, suspected: -1, by: [], consensus: -1, witnesses: "", reported: -1, proposed: -1,
      removed: -1, removedAll: -1, known: -1, epoch: 0, refuted: -1, waiting: new Set(),
    };
    this.cases.push(found);
    if (this.cases.length > kept) this.cases.shift();
    this.open.set(node, found);
    return found;
  }

  /** @param {number} t @param {any} data */
  change(t, data) {
    const node = this.nodes.get(data.node);
    if (node?.role === "seed") return;
    const known = this.open.get(data.node);
    if (ends.has(data.state)) {
      const found = known && known.ended < 0 && known.removed < 0 ? known : this.begin(data.node, data.state);
      found.how = data.state;
      found.ended = t;
    } else if (known && data.state === "alive" && known.how === "paused" && known.removed < 0) {
      known.refuted = t;
      this.open.delete(data.node);
    } else if (data.state === "starting") this.open.delete(data.node);
  }

  /** @param {number} t @param {any} data */
  notice(t, data) {
    const known = this.open.get(data.subject);
    if (data.kind === "suspected") {
      const found = known ?? this.begin(data.subject, "alive");
      first(found, "suspected", t);
      if (!found.by.includes(data.node)) found.by.push(data.node);
    } else if (data.kind === "member_removed" && data.text !== "left") {
      this.removed(t, data, known ?? this.begin(data.subject, "alive"));
    } else if (!known) return;
    else if (data.kind === "peer_consensus") {
      first(known, "consensus", t);
      known.witnesses ||= `${data.count} of ${data.of}`;
    } else if (data.kind === "dead_reported") first(known, "reported", t);
    else if (data.kind === "proposal_opened" && !data.add) first(known, "proposed", t);
    else if (data.kind === "suspicion_cancelled" || data.kind === "refuted") this.cancel(t, data, known);
    else if (data.kind === "member_added") this.open.delete(data.subject);
  }

  /** @param {number} t @param {any} data @param {Detection} found */
  cancel(t, data, found) {
    found.by = found.by.filter(id => id !== data.node);
    if (found.by.length > 0 || found.ended >= 0 || found.removed >= 0) return;
    found.refuted = t;
    this.open.delete(found.node);
  }

  /** @param {number} t @param {any} data @param {Detection} found */
  removed(t, data, found) {
    found.removedAll = Math.max(found.removedAll, t);
    const before = found.removed;
    first(found, "removed", t);
    if (before >= 0) return;
    found.epoch = data.epoch ?? 0;
    for (const peer of this.nodes.values()) if (this.ignorant(peer, found)) found.waiting.add(peer.id);
  }

  /** @param {any} peer @param {Detection} found */
  ignorant(peer, found) {
    const other = peer.role === "peer" && peer.id !== found.node;
    return other && peer.state === "alive" && peer.registered && peer.epoch < found.epoch;
  }

  /** @param {number} t @param {any} data */
  node(t, data) {
    this.nodes.set(data.id, data);
    for (const found of this.open.values()) {
      if (!found.waiting.has(data.id) || this.ignorant(data, found)) continue;
      found.waiting.delete(data.id);
      if (found.waiting.size === 0) found.known = t;
    }
  }
}

/** What two nodes saw may be told in either order. @param {Detection} found
 * @param {"suspected"|"consensus"|"reported"|"proposed"|"removed"} step @param {number} t */
function first(found, step, t) { if (found[step] < 0 || t < found[step]) found[step] = t; }

/** When it began to be found out. @param {Detection} found */
export function beginning(found) {
  const seen = [found.ended, found.suspected, found.proposed, found.removed].filter(t => t >= 0);
  return Math.min(...seen);
}
