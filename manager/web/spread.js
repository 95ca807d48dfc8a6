// @ts-check
// How messages spread: who had each from whom, after how long and how many hops, and what came once more.

/**
 * @typedef {{node: string, from: string, hop: number, t: number, repair: boolean, again: number}} Receipt
 * @typedef {{id: string, text: string, origin: string, typed: boolean, born: number, receipts: Map<string, Receipt>,
 *   targets: Set<string>, duplicates: number, last: number}} Message  born: -1 when that was not seen
 */

const kept = 2000;

export class Spread {
  constructor() {
    /** @type {Map<string, Message>} oldest first */ this.messages = new Map();
    /** @type {Map<string, any>} */ this.peers = new Map();
    this.receipts = 0;
    this.duplicates = 0;
    /** gossip that was left out of the frames: the figures are at least so large */ this.skipped = 0;
  }

  /** @param {import("./timeline.js").Frame} frame */
  take({ kind, t: known, data }) {
    const t = data.t ?? known;  // its own: what is told late stands behind what came after it
    if (kind === "node" && data.role === "peer") this.peers.set(data.id, data);
    if (kind !== "wave") return;
    this.skipped += data.skipped ?? 0;
    const message = this.message(data, t);
    if (!data.from) this.begin(message, t, data);
    else if (data.duplicate) this.again(message, data);
    else this.receive(message, t, data);
  }

  /** @param {any} data @param {number} t @returns {Message} */
  message(data, t) {
    const known = this.messages.get(data.message);
    if (known) return known;
    const fresh = {
      id: data.message, text: "", origin: "", typed: data.typed, born: -1, receipts: new Map(), targets: new Set(),
      duplicates: 0, last: t,
    };
    this.messages.set(data.message, fresh);
    if (this.messages.size > kept) this.messages.delete(/** @type {string} */ (this.messages.keys().next().value));
    return fresh;
  }

  /** @param {Message} message @param {number} t @param {any} data */
  begin(message, t, data) {
    Object.assign(message, { text: data.text ?? "", origin: data.node, born: t });
    // Who is a member and alive when it is said should have it.
    message.targets = new Set([...this.peers.values()].filter(p => p.state === "alive" && p.listed).map(p => p.id));
    message.targets.add(data.node);
  }

  /** @param {Message} message @param {number} t @param {any} data */
  receive(message, t, data) {
    if (message.receipts.has(data.node)) return;
    const { node, from, hop = 0, repair = false } = data;
    message.receipts.set(node, { node, from, hop, t, repair, again: 0 });
    message.last = t;
    ++this.receipts;
  }

  /** @param {Message} message @param {any} data */
  again(message, data) {
    ++message.duplicates;
    ++this.duplicates;
    const receipt = message.receipts.get(data.node);
    if (receipt) ++receipt.again;
  }

  /** @param {string|null} id the newest that somebody typed, or else the newest, where it names none */
  find(id) {
    const named = id === null ? undefined : this.messages.get(id);
    if (named) return named;
    const all = [...this.messages.values()];
    return all.filter(m => m.typed).at(-1) ?? all.at(-1);
  }
}

/** @param {Message} message */
export function reached(message) { return message.receipts.size + (message.born >= 0 ? 1 : 0); }

/**
 * Its share of the peers that should have it, whenever it grew.
 * @param {Message} message @returns {{t: number, share: number}[]}
 */
export function coverage(message) {
  if (message.born < 0) return [];
  const times = [...message.receipts.values()].filter(r => message.targets.has(r.node)).map(r => r.t - message.born)
    .sort((a, b) => a - b);
  return [0, ...times].map((t, i) => ({ t, share: (i + 1) / message.targets.size }));
}

/** How many had it after so many hops. @param {Message} message @returns {number[]} */
export function hops(message) {
  const counts = message.born >= 0 ? [1] : [0];
  for (const { hop } of message.receipts.values()) {
    while (counts.length <= hop) counts.push(0);
    ++counts[hop];
  }
  return counts;
}

/** What each had to be told again for nothing, on average. @param {Message} message */
export function redundancy(message) { return message.duplicates / Math.max(1, message.receipts.size); }

/**
 * Who should have it and does not, with why that may be.
 * @param {Message} message @param {Map<string, any>} nodes as they are now
 */
export function missing(message, nodes) {
  return [...message.targets].filter(id => id !== message.origin && !message.receipts.has(id)).map(id => {
    const node = nodes.get(id);
    const why = !node ? "gone" : node.state !== "alive" ? node.state : node.faults ? `its links: ${node.faults}`
      : node.degree === 0 ? "it has no links" : "not yet";
    return { id, why };
  });
}

/**
 * Receipts as a tree, parents before children: for each how deep it stands.
 * @param {Message} message @returns {{receipt: Receipt, depth: number}[]}
 */
export function tree(message) {
  /** @type {Map<string, Receipt[]>} */ const children = new Map();
  for (const receipt of message.receipts.values()) {
    const parent = message.receipts.has(receipt.from) || receipt.from === message.origin ? receipt.from : "";
    children.set(parent, [...(children.get(parent) ?? []), receipt]);
  }
  /** @type {{receipt: Receipt, depth: number}[]} */ const rows = [];
  const open = [...[message.origin, ""].filter(id => children.has(id))].map(id => ({ id, depth: 1 })).reverse();
  while (open.length > 0) {
    const { id, depth } = /** @type {{id: string, depth: number}} */ (open.pop());
    const row = id === "" || id === message.origin ? null : message.receipts.get(id);
    if (row) rows.push({ receipt: row, depth: depth - 1 });
    const next = (children.get(id) ?? []).sort((a, b) => b.t - a.t);
    children.delete(id);
    for (const child of next) open.push({ id: child.node, depth: depth + 1 });
  }
  return rows;
}
