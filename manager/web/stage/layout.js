// @ts-check
// Where nodes stand on the stage: seeds in a lane above, peers around a ring that fills the area below it, and those
// that are gone in a strip at the bottom. Pure: places follow from ids, ring positions, degrees and the area alone, so
// that the same network looks the same whenever it is shown.

/**
 * @typedef {{id: string, ring?: number, degree?: number}} Peer
 * @typedef {{x: number, y: number, r: number, labelY: number, labelX?: number, slot?: number, hub?: boolean,
 *   small?: boolean}} Place
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 */

export const laneHeight = 62;
export const stripHeight = 24;
const besideWidth = 150;  // px that a seed needs for its text to stand beside it
const stripStep = 52;
const labelHeight = 14;
const labelWidth = 34;  // of a port; a longer name takes as much more
const smallLabel = 29;
const letterWidth = 7;
const gap = 4;
const largest = 30;
const smallest = 5;
const samples = 1440;
const spare = 1.06;
const besideBelow = 8;  // px of radius: rather than smaller peers, labels beside them
const corners = 3;  // the exponent of the superellipse: 2 is an ellipse, more is closer to the rectangle
const fewestHubs = 5;  // peers, of which one can stand out

/** The peers' part of the stage. @param {number} width @param {number} height @returns {Box} */
export function peersBox(width, height) {
  return { x: 0, y: laneHeight, width, height: Math.max(1, height - laneHeight - stripHeight) };
}

/** @param {string[]} ids @param {number} width @returns {{beside: boolean, places: Map<string, Place>}} */
export function seedPlaces(ids, width) {
  const room = width / Math.max(1, ids.length);
  const beside = room >= besideWidth;
  const r = room < 50 ? 9 : 12;
  const places = new Map(ids.map((id, i) => {
    const middle = room * (i + 0.5);
    const x = beside ? middle - besideWidth / 2 + 22 : middle;
    return [id, { x, y: beside ? 31 : 16, r, labelY: r + labelHeight }];
  }));
  return { beside, places };
}

/** The newest last. @param {string[]} ids @param {number} width @param {number} height */
export function stripPlaces(ids, width, height) {
  const most = Math.max(1, Math.floor((width - 50) / stripStep));
  const shown = ids.slice(-most);
  /** @type {Map<string, Place>} */
  const places = new Map(shown.map((id, i) =>
    [id, { x: 54 + stripStep * i, y: height - stripHeight / 2, r: 5, labelY: 0 }]));
  return { places, left: ids.length - shown.length };
}

/** In the order of the ring, as the overlay has it. @param {Peer[]} peers */
export function inRingOrder(peers) {
  return [...peers].sort((a, b) => (a.ring ?? 0) - (b.ring ?? 0) || (a.id < b.id ? -1 : 1));
}

/**
 * Evenly around the ring. What a peer and its label take decides how many fit, so that no two labels meet.
 * @param {Peer[]} peers @param {Box} box @param {number} [letters] of the longest name
 * @returns {Map<string, Place>}
 */
export function ringPlaces(peers, box, letters = 4) {
  const order = inRingOrder(peers);
  const shape = shapeFor(order.length, box, Math.max(0, letters - 4) * letterWidth);
  const curve = ringCurve(box, shape);
  const points = fill(spread(curve.points, order.length, shape), curve);
  const sizes = radii(order, shape.r);
  const hubs = hubsOf(order);
  return new Map(order.map((peer, slot) => {
    const { x, y, steep } = points[slot];
    const r = sizes[slot];
    const place = { x, y, r, slot, hub: hubs.has(peer.id), small: shape.small };
    return [peer.id, { ...place, ...labelPlace(place, curve.middle, shape.beside && steep) }];
  }));
}

/** Outside of the ring. @param {{x: number, y: number, r: number}} place @param {{x: number, y: number}} middle
 * @param {boolean} beside */
function labelPlace({ x, y, r }, middle, beside) {
  if (beside) return { labelY: 4, labelX: x < middle.x ? -r - gap : r + gap };
  return { labelY: y < middle.y ? -r - gap - 1 : r + labelHeight };
}

/**
 * What peers and labels take: labels above and below, or, where many have to fit, beside those at the sides.
 * @typedef {{r: number, label: number, beside: boolean, small: boolean}} Shape
 */

/** @param {number} count @param {Box} box @param {number} more width of a label @returns {Shape} */
function shapeFor(count, box, more) {
  const free = Math.sqrt(box.width * box.height / Math.max(1, count));
  const first = Math.min(largest, Math.floor(free * 0.16));
  for (const beside of [false, true]) {
    for (let r = first; r >= smallest; --r) {
      const shape = { r, label: labelWidth + more, beside, small: false };
      if (!beside && r < besideBelow) break;
      if (roomFor(box, shape) >= count * spare) return shape;
    }
  }
  return { r: smallest, label: smallLabel + more, beside: true, small: true };
}

/** How many fit around the ring. @param {Box} box @param {Shape} shape */
function roomFor(box, shape) { return lengths(ringCurve(box, shape).points, shape).at(-1) ?? 0; }

/** @typedef {{x: number, y: number, steep: boolean}} Point  `steep`: the ring goes up or down there */

/** @param {Box} box @param {Shape} shape */
function ringCurve(box, { r, label, beside }) {
  const side = beside ? r + label : Math.max(r, label / 2);
  const a = Math.max(1, box.width / 2 - side - gap);
  const b = Math.max(1, box.height / 2 - r - labelHeight - gap);
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  /** @type {Point[]} */ const points = [];
  for (let i = 0; i <= samples; ++i) {
    const angle = 2 * Math.PI * i / samples - Math.PI / 2;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const out = (Math.abs(c) ** corners + Math.abs(s) ** corners) ** (-1 / corners);
    const [x, y] = [out * c, out * s];
    const steep = Math.abs(x) ** (corners - 1) / a > Math.abs(y) ** (corners - 1) / b;
    points.push({ x: middle.x + a * x, y: middle.y + b * y, steep });
  }
  return { points, middle, a, b };
}

/** Along the curve, in places that a peer with its label takes. @param {Point[]} points @param {Shape} shape */
function lengths(points, { r, label, beside }) {
  let sum = 0;
  return points.map((p, i) => {
    const before = points[Math.max(0, i - 1)];
    const aside = beside && p.steep;
    const wide = (aside ? 2 * r + label : Math.max(label, 2 * r)) + gap;
    const high = (aside ? Math.max(2 * r, labelHeight) : 2 * r + labelHeight) + gap;
    sum += Math.max(Math.abs(p.x - before.x) / wide, Math.abs(p.y - before.y) / high);
    return sum;
  });
}

/** @param {Point[]} curve @param {number} count @param {Shape} shape @returns {Point[]} */
function spread(curve, count, shape) {
  const along = lengths(curve, shape);
  const all = along.at(-1) ?? 0;
  const points = [];
  let at = 0;
  for (let i = 0; i < count; ++i) {
    while (at < samples && along[at] < all * i / count) ++at;
    points.push({ ...curve[at] });
  }
  return points;
}

/** Few points do not touch all four sides of the area: they are stretched to. @param {Point[]} points
 * @param {ReturnType<typeof ringCurve>} curve */
function fill(points, { middle, a, b }) {
  if (points.length < 3) {
    points.forEach((p, i) => Object.assign(p, { x: middle.x + (points.length - 1) * (i - 0.5) * a, y: middle.y }));
    return points;
  }
  for (const [axis, half] of /** @type {const} */ ([["x", a], ["y", b]])) {
    const values = points.map(p => p[axis]);
    const [from, to] = [Math.min(...values), Math.max(...values)];
    for (const p of points) p[axis] = middle[axis] - half + 2 * half * (p[axis] - from) / Math.max(1, to - from);
  }
  return points;
}

/** The more links, the larger. @param {Peer[]} peers @param {number} r of the best-connected */
function radii(peers, r) {
  const degrees = peers.map(p => p.degree ?? 0);
  const [least, most] = [Math.min(...degrees.filter(d => d > 0)), Math.max(...degrees)];
  return degrees.map(degree => {
    const share = degree === 0 || most <= least ? 0.4 : (degree - least) / (most - least);
    return Math.max(smallest - 0.5, r * Math.sqrt(0.16 + 0.84 * share));
  });
}

/** The few whose degree is far above the others'. @param {Peer[]} peers */
function hubsOf(peers) {
  const degrees = peers.map(p => p.degree ?? 0).sort((a, b) => a - b);
  const median = degrees[degrees.length >> 1] ?? 0;
  const bound = Math.max(median * 1.4, degrees[Math.floor(degrees.length * 0.85)] ?? 0, 3);
  if (peers.length < fewestHubs) return new Set();
  return new Set(peers.filter(p => (p.degree ?? 0) >= bound).map(p => p.id));
}

/**
 * The way of a link: straight between neighbours on the ring, else bent towards the middle, so that it passes nobody
 * who stands between its ends.
 * @param {{x: number, y: number, slot?: number}} a @param {{x: number, y: number, slot?: number}} b
 * @param {Box} box @param {number} count peers on the ring
 * @returns {{x: number, y: number}} the control point of a quadratic curve
 */
export function bend(a, b, box, count) {
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  if (a.slot === undefined || b.slot === undefined) return middle;
  const apart = Math.abs(a.slot - b.slot);
  if (apart <= 1 || apart === count - 1) return middle;
  const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  return { x: middle.x + (centre.x - middle.x) * 0.5, y: middle.y + (centre.y - middle.y) * 0.5 };
}

/** A point of a quadratic curve. @param {{x: number, y: number}} a @param {{x: number, y: number}} control
 * @param {{x: number, y: number}} b @param {number} u from 0 to 1 */
export function along(a, control, b, u) {
  const v = 1 - u;
  return {
    x: v * v * a.x + 2 * v * u * control.x + u * u * b.x, y: v * v * a.y + 2 * v * u * control.y + u * u * b.y,
  };
}
