// @ts-check
// What the page knows of the network. The manager tells it whole nodes, never differences, so an event that is
// applied twice changes nothing.

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
 */
/** @typedef {{mark: string, text: string, wall: number}} Line */
/**
 * @typedef {{kind: string, node: string, subject?: string, other?: string, epoch?: number, text?: string,
 *   yes: boolean, add: boolean, count?: number, of?: number, need?: number, wall: number}} Notice
 */
/** @typedef {{message: string, node: string, from?: string, hop?: number, typed: boolean, text?: string}} Wave */
/** @typedef {{a: string, b: string, both: boolean}} Link */

const linesKept = 300;
const noticesKept = 2000;

export class Model {
  /** @type {Map<string, Node>} */ nodes = new Map();
  /** @type {{seeds: number, need: number, supporters: number, quorum: boolean, epoch: number, digest: string,
   *    members: number} | null} */
  cluster = null;
  /** @type {Line[]} oldest first */ lines = [];
  /** @type {Notice[]} oldest first */ notices = [];
  /** @type {Map<string, number>} when a node was seen to end, by the page's clock */ ended = new Map();

  /** @param {any} state everything, after which nothing older counts */
  reset(state) {
    this.nodes = new Map();
    this.ended = new Map();
    for (const node of state.nodes) this.node(node, 0);
    this.cluster = state.cluster;
    this.lines = state.lines;
    this.notices = state.notices;
  }

  /** @param {Node} node @param {number} now */
  node(node, now) {
    this.nodes.set(node.id, node);
    if (!isEnded(node)) this.ended.delete(node.id);
    else if (!this.ended.has(node.id)) this.ended.set(node.id, now);
  }

  /** @param {Line} line */
  line(line) {
    this.lines.push(line);
    if (this.lines.length > linesKept) this.lines.shift();
  }

  /** @param {Notice} notice */
  notice(notice) {
    this.notices.push(notice);
    if (this.notices.length > noticesKept) this.notices.shift();
  }

  /** @returns {Node[]} seeds first, then by address */
  sorted() {
    const key = (/** @type {Node} */ n) => (n.role === "seed" ? "0" : "1") + n.id.replace(/\d+/g, d => d.padStart(5, "0"));
    return [...this.nodes.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
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
