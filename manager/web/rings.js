// @ts-check
// Many peers in rings: how many hops each is from where a message began, or, without one, from the best linked peer.

/**
 * Of each peer its ring and who it hangs on: the one it first had the message from, or the way over the overlay.
 * @param {Map<string, import("./model.js").Node>} nodes
 * @param {import("./spread.js").Message|undefined} message
 * @returns {{centre: string, rings: string[][], outside: number, edges: [string, string][]}}
 *   the last ring holds who was not reached, if anybody is
 */
export function ringsOf(nodes, message) {
  const peers = [...nodes.values()].filter(n => n.role === "peer").map(n => n.id).sort();
  const spreads = message && message.born >= 0 && message.receipts.size > 0;
  const { centre, parents, depth } = spreads ? overReceipts(message) : overLinks(nodes, peers);
  /** @type {string[][]} */ const rings = [];
  /** @type {string[]} */ const outside = [];
  for (const id of peers) {
    const at = depth.get(id);
    if (at === undefined) outside.push(id);
    else (rings[at] ??= []).push(id);
  }
  for (let i = 0; i < rings.length; ++i) rings[i] ??= [];
  order(rings, parents);
  if (outside.length > 0) rings.push(outside);
  /** @type {[string, string][]} */ const edges = [];
  for (const [child, parent] of parents) {
    if (nodes.has(child) && nodes.has(parent)) edges.push([parent, child]);
  }
  return { centre, rings, outside: outside.length, edges };
}

/** @param {import("./spread.js").Message} message */
function overReceipts(message) {
  const depth = new Map([[message.origin, 0]]);
  const parents = new Map();
  for (const receipt of message.receipts.values()) {
    depth.set(receipt.node, receipt.hop);
    parents.set(receipt.node, receipt.from);
  }
  return { centre: message.origin, parents, depth };
}

/** @param {Map<string, any>} nodes @param {string[]} peers */
function overLinks(nodes, peers) {
  const degree = (/** @type {string} */ id) => nodes.get(id)?.degree ?? 0;
  const centre = peers.reduce((best, id) => (best === "" || degree(id) > degree(best) ? id : best), "");
  const depth = new Map(centre ? [[centre, 0]] : []);
  const parents = new Map();
  const open = centre ? [centre] : [];
  for (const id of open) {
    for (const other of nodes.get(id)?.links ?? []) {
      if (depth.has(other) || nodes.get(other)?.role !== "peer") continue;
      depth.set(other, (depth.get(id) ?? 0) + 1);
      parents.set(other, id);
      open.push(other);
    }
  }
  return { centre, parents, depth };
}

/**
 * Children in the order of those they hang on, so that edges cross little.
 * @param {string[][]} rings @param {Map<string, string>} parents
 */
function order(rings, parents) {
  for (let ring = 2; ring < rings.length; ++ring) {
    const place = new Map(rings[ring - 1].map((id, at) => [id, at]));
    const key = (/** @type {string} */ id) => place.get(parents.get(id) ?? "") ?? 0;
    rings[ring] = rings[ring].map(id => ({ id, key: key(id) }))
      .sort((a, b) => a.key - b.key || (a.id < b.id ? -1 : 1)).map(k => k.id);
  }
}

/**
 * Where each stands, within a circle of this radius around 0.
 * @param {string[][]} rings @param {number} radius @returns {Map<string, {x: number, y: number}>}
 */
export function placesOf(rings, radius) {
  const places = new Map();
  const step = radius / Math.max(1, rings.length - 1);
  rings.forEach((ids, ring) => ids.forEach((id, at) => {
    const angle = 2 * Math.PI * (at + 0.5) / ids.length - Math.PI / 2;
    places.set(id, { x: ring * step * Math.cos(angle), y: ring * step * Math.sin(angle) });
  }));
  return places;
}
