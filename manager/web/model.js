// @ts-check
// What the page knows of the network at one position of its timeline. Nodes are told whole, never as differences.
import { Timeline } from "./timeline.js";

/**
 * @typedef {object} Node
 * @property {string} id
 * @property {string} name
 * @property {"seed"|"peer"} role
 * @property {string} state
 * @property {number} epoch
 * @property {string} digest
 * @property {boolean} [voting]
 * @property {number} [members]
 * @property {boolean} [listed]
 * @property {number} [degree]
 * @property {string[]} [links]
 * @property {string[]} [suspects]
 * @property {number} [pid]
 * @property {string} [faults]
 * @property {number} [ring] its position on the hash ring
 * @property {string[]} [ring_links] those of its links that hold the ring together
 * @property {string[]} [cut] whom its messages do not reach
 * @property {string[]} [slow] whom they reach late, or not all of them
 * @property {number} [t]
 */
/** @typedef {{mark: string, text: string, wall: number, t: number}} Line */
/**
 * @typedef {{kind: string, node: string, subject?: string, other?: string, epoch?: number, text?: string,
 *   proposal?: number, yes: boolean, add: boolean, count?: number, of?: number, need?: number, wall: number, t: number,
 *   say: string}} Notice
 */
/**
 * @typedef {{message: string, node: string, from?: string, hop?: number, typed: boolean, text?: string,
 *   duplicate?: boolean, repair?: boolean, t: number, say: string}} Wave
 */
/** @typedef {{a: string, b: string, both: boolean}} Link */

const linesKept = 300;
const noticesKept = 2000;

export class Model {
  /** @param {Timeline} [timeline] */
  constructor(timeline = new Timeline()) {
    this.timeline = timeline;
    this.position = 0;
    /** @type {Map<string, Node>} */ this.nodes = new Map();
    /** @type {{seeds: number, need: number, supporters: number, quorum: boolean, epoch: number, digest: string,
     *    members: number} | null} */
    this.cluster = null;
  }

  /** To the state after the first `position` frames. @param {number} position */
  moveTo(position) {
    const { timeline } = this;
    const target = Math.max(timeline.first, Math.min(position, timeline.length));
    const near = target >= this.position && target - this.position <= this.nodes.size + 64;
    if (near) {
      for (let at = this.position; at < target; ++at) this.apply(timeline.frames[at]);
    } else {
      this.nodes = timeline.nodesAt(target);
      this.cluster = timeline.clusterAt(target);
    }
    this.position = target;
  }

  /** The timeline is another one, or its frames have been numbered anew. @param {number} position */
  reload(position) {
    this.position = Infinity;
    this.moveTo(position);
  }

  /** @param {import("./timeline.js").Frame} frame */
  apply(frame) {
    if (frame.kind === "node") this.nodes.set(frame.data.id, frame.data);
    if (frame.kind === "cluster") this.cluster = frame.data;
  }

  get time() { return this.timeline.times[this.position - 1] ?? 0; }
  /** @returns {Line[]} oldest first */
  get lines() { return this.timeline.newest(this.timeline.lines, this.position, linesKept); }
  /** @returns {Notice[]} oldest first */
  get notices() { return this.timeline.newest(this.timeline.notices, this.position, noticesKept); }
  get faults() { return this.timeline.newest(this.timeline.faults, this.position, 100); }

  /** @param {string} id */
  nameOf(id) { return this.nodes.get(id)?.name ?? id; }

  /** @returns {Node[]} seeds first, then by address */
  sorted() {
    const key = (/** @type {Node} */ n) =>
      (n.role === "seed" ? "0" : "1") + n.id.replace(/\d+/g, d => d.padStart(5, "0"));
    const keyed = [...this.nodes.values()].map(node => ({ node, key: key(node) }));
    return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(k => k.node);
  }

  /** @returns {Set<string>} ids that some live node suspects */
  suspected() {
    const ids = new Set();
    for (const node of this.nodes.values()) {
      if (node.state === "alive") for (const id of node.suspects ?? []) ids.add(id);
    }
    return ids;
  }

  /** @returns {Link[]} each pair once; `both`: both ends hold it */
  links() {
    const found = new Map();
    for (const node of this.nodes.values()) {
      for (const other of node.links ?? []) {
        if (!this.nodes.has(other)) continue;
        const [a, b] = node.id < other ? [node.id, other] : [other, node.id];
        const link = found.get(a + " " + b);
        if (link) link.both = true;
        else found.set(a + " " + b, { a, b, both: false });
      }
    }
    return [...found.values()];
  }

  /** @param {string} id @returns {Notice[]} newest first */
  life(id) {
    return this.notices.filter(n => n.subject === id || (n.node === id && !n.subject)).slice(-40).reverse();
  }
}

/** @param {Node} node */
export function isEnded(node) {
  return node.state === "killed" || node.state === "died" || node.state === "left";
}

/** What a person calls its state. @param {Node} node @param {Set<string>} suspected */
export function condition(node, suspected) {
  if (isEnded(node) || node.state === "paused" || node.state === "leaving") return node.state;
  if (suspected.has(node.id)) return "suspected";
  if (node.state === "starting") return "joining";
  if (node.role === "peer" && !node.listed && node.state === "alive") return "joining";
  return node.state;
}
