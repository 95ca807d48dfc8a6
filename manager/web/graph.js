// @ts-check
// The stage: seeds above, peers around the ring of the overlay, and what they say to each other on its way.
import { svgElement } from "./dom.js";
import { condition, isEnded } from "./model.js";
import { placesOf, ringsOf } from "./rings.js";
import { Courier } from "./stage/courier.js";
import { Lasso, onNode } from "./stage/lasso.js";
import { bend, laneHeight, peersBox, ringPlaces, seedPlaces, stripPlaces } from "./stage/layout.js";
import { marksOf } from "./stage/marks.js";
import { listText } from "./stage/seed_text.js";
import { shape, turned } from "./stage/shapes.js";
import { faultBetween, sidesOf } from "./stage/sides.js";
import { hopClass, waveOf } from "./stage/wave.js";

const d3 = /** @type {any} */ (window).d3;
const titleWidth = 340;
const tallyWidth = 70;
const gone = 15e6;  // µs of the network's time that an ended peer which nobody lists keeps its place
export const mostLinked = 300;  // peers; of more the links are a hairball, and rings by hop are shown instead

/**
 * @typedef {{selected: string|null, group: Set<string>, event: import("./timeline.js").Frame|null,
 *   message: import("./spread.js").Message|undefined, wave: boolean,
 *   unanswered: Map<string, number>, tallies: Map<string, {text: string, outcome: string}>}} Scene
 */

export class Graph {
  /**
   * @param {SVGSVGElement} svg
   * @param {{select: (id: string) => void, toggle: (id: string) => void, lasso: (ids: string[]) => void,
   *   menu: (id: string|null, at: {x: number, y: number}) => void}} handlers
   */
  constructor(svg, handlers) {
    this.element = svg;
    this.svg = d3.select(svg);
    this.handlers = handlers;
    /** @type {Map<string, any>} */ this.places = new Map();
    this.lane = this.svg.append("line").attr("class", "lane");
    this.title = this.svg.append("text").attr({ class: "stage-title", "text-anchor": "end" });
    this.stripTitle = this.svg.append("text").attr("class", "stage-title");
    const layer = (/** @type {string} */ name) => this.svg.append("g").attr("class", name);
    this.sideLayer = layer("sides");
    this.linkLayer = layer("links");
    this.edgeLayer = layer("first-receipts");
    this.nodeLayer = layer("nodes");
    const marks = /** @type {SVGGElement} */ (svgElement("g", { class: "marks-moving" }));
    const frame = svgElement("rect", { class: "lasso" });
    svg.append(marks, frame);
    this.courier = new Courier(marks, () => this.redraw());
    new Lasso(svg, frame, () => this.scale, box => this.choose(box));
    svg.addEventListener("contextmenu", event => {
      event.preventDefault();
      if (!onNode(event)) this.handlers.menu(null, { x: event.clientX, y: event.clientY });
    });
    this.width = 0;
    this.height = 0;
    /** px of the screen for one of the drawing */ this.scale = 1;
    this.box = peersBox(1, 1);
    this.count = 0;
    this.ringsKey = "";
    /** @type {Map<string, import("./stage/layout.js").Place>} */ this.ringsAt = new Map();
    /** @type {[string, string][]} */ this.ringEdges = [];
    this.outside = 0;
    this.moving = false;
    /** @type {Scene|null} */ this.scene = null;
    new ResizeObserver(() => this.resize()).observe(svg);
  }

  resize() {
    const box = this.element.getBoundingClientRect();
    const [width, height] = [box.width / this.scale, box.height / this.scale];
    Object.assign(this, { width, height, ringsKey: "" });
    this.svg.attr("viewBox", `0 0 ${Math.max(1, width)} ${Math.max(1, height)}`);
    this.lane.attr({ x1: 0, x2: width, y1: laneHeight, y2: laneHeight });
    for (const place of this.places.values()) delete place.x;
    this.redraw();
  }

  redraw() { if (this.model && this.scene) this.draw(this.model, this.scene); }

  /** @param {import("./model.js").Model} model @param {Scene} scene */
  draw(model, scene) {
    this.model = model;
    this.scene = scene;
    if (!this.width) return;
    const suspected = model.suspected();
    const nodes = model.sorted();
    const peers = nodes.filter(n => n.role !== "seed");
    const isGone = (/** @type {any} */ n) => isEnded(n) && !n.listed && model.time - (n.t ?? 0) >= gone;
    const strip = peers.filter(isGone);
    const ring = peers.filter(n => !isGone(n));
    this.ringsShown = peers.length > mostLinked;
    this.element.classList.toggle("rings", this.ringsShown);
    this.setPlaces(nodes.filter(n => n.role === "seed"), ring, strip);
    const shown = nodes.filter(n => this.places.has(n.id)).map(n => this.placeOf(n, suspected));
    this.wave = scene.wave && scene.message && !this.ringsShown
      ? waveOf(scene.message, node => this.courier.has(`${scene.message?.id} ${node}`)) : null;
    this.mark(scene.event);
    this.drawTitle();
    this.drawSides(nodes);
    this.drawLinks(this.ringsShown ? this.ringLinks() : this.overlayLinks(model));
    this.drawEdges();
    this.drawNodes(shown);
    this.move();
  }

  /** Who acts in the event that led here, and upon whom. @param {import("./timeline.js").Frame|null} event */
  mark(event) {
    const told = event?.data ?? {};
    /** @type {string|undefined} */ this.actor = told.node;
    /** @type {Set<string>} */
    this.others = new Set([told.from, told.subject, told.other].filter(id => id && id !== told.node));
  }

  /** Where each goes. What is new stands there at once; the others move. @param {any[]} seeds @param {any[]} ring
   * @param {any[]} strip */
  setPlaces(seeds, ring, strip) {
    const { width, height } = this;
    const { beside, places } = seedPlaces(seeds.map(n => n.id), width);
    this.beside = beside;
    this.box = peersBox(width, height);
    const ended = strip.sort((a, b) => (a.t ?? 0) - (b.t ?? 0)).map(n => n.id);
    const gonePlaces = stripPlaces(ended, width - (this.scene?.wave || this.ringsShown ? titleWidth : 0), height);
    this.stripTitle.attr({ x: 12, y: height - 8 }).text(strip.length > 0 ? "gone:" : "");
    const letters = Math.max(4, ...ring.map(n => n.name.length));
    const around = this.ringsShown ? this.ringPlacesOf(ring) : ringPlaces(ring, this.box, letters);
    this.count = ring.length;
    const targets = new Map([...places, ...around, ...gonePlaces.places]);
    for (const id of this.places.keys()) if (!targets.has(id)) this.places.delete(id);
    for (const [id, to] of targets) {
      const place = this.places.get(id) ?? { id };
      const fresh = place.x === undefined;
      Object.assign(place, { ...to, x: fresh ? to.x : place.x, y: fresh ? to.y : place.y, toX: to.x, toY: to.y });
      Object.assign(place, { slot: to.slot, labelX: to.labelX });
      place.gone = gonePlaces.places.has(id);
      this.places.set(id, place);
    }
  }

  /** Of many: by hops of the message, or from the best-connected. @param {any[]} peers */
  ringPlacesOf(peers) {
    const message = this.scene?.message;
    const key = `${message?.id} ${message?.receipts.size} ${peers.length} ${this.width} ${this.height} ` +
      (message ? "" : peers.map(p => p.degree).join());
    if (key === this.ringsKey) return this.ringsAt;
    this.ringsKey = key;
    const { rings, edges, outside } = ringsOf(new Map(peers.map(p => [p.id, p])), message);
    Object.assign(this, { outside, ringEdges: edges });
    const { x, y, width, height } = this.box;
    const radius = height / 2 - 14;
    const wide = Math.min(2.8, (width / 2 - 30) / radius);
    const degrees = new Map(peers.map(p => [p.id, p.degree ?? 0]));
    this.ringsAt = new Map([...placesOf(rings, radius)].map(([id, place]) => [id, {
      x: x + width / 2 + place.x * wide, y: y + height / 2 + place.y, labelY: 16,
      r: Math.sqrt((22 + 6 * Math.min(20, degrees.get(id))) / Math.PI),
    }]));
    return this.ringsAt;
  }

  /** @param {any} node @param {Set<string>} suspected */
  placeOf(node, suspected) {
    const place = this.places.get(node.id);
    return Object.assign(place, { node, condition: condition(node, suspected) });
  }

  ringLinks() {
    return this.ringEdges.map(([a, b]) => ({ a, b, kind: "link", key: a + ">" + b }));
  }

  /** @param {import("./model.js").Model} model */
  overlayLinks(model) {
    const selected = this.scene?.selected;
    return model.links().filter(l => this.onRing(l.a) && this.onRing(l.b)).map(l => {
      const [a, b] = [model.nodes.get(l.a), model.nodes.get(l.b)];
      const isRing = a?.ring_links?.includes(l.b) || b?.ring_links?.includes(l.a);
      const fault = faultBetween(a, b);
      const kind = ["link", isRing ? "ring-link" : "", l.both ? "" : "one-sided", fault,
        a?.suspects?.includes(l.b) || b?.suspects?.includes(l.a) ? "doubted" : "",
        l.a === selected || l.b === selected ? "of-selected" : "", this.wave ? "behind" : ""];
      return { a: l.a, b: l.b, kind: kind.filter(Boolean).join(" "), fault, key: l.a + " " + l.b };
    });
  }

  /** @param {string} id */
  onRing(id) { return this.places.has(id) && !this.places.get(id).gone; }

  drawTitle() {
    const { scene, wave } = this;
    const message = scene?.message;
    const said = message ? `“${(message.text || message.id).slice(0, 40)}”` : "";
    let text = "";
    if (this.ringsShown && !message) text = "Peers in rings by hops from the best-connected";
    else if (this.ringsShown) {
      text = `Peers in rings by hops of ${said}; ` +
        (this.outside ? `outermost: ${this.outside} that do not have it` : "all have it");
    } else if (wave && message) {
      const have = `${wave.hops.size} of ${message.targets.size} peers`;
      text = `${said}: ${have}, hop ${wave.most}, ${message.duplicates} duplicates`;
    }
    this.title.attr({ x: this.width - 12, y: this.height - 8 }).text(text);
  }

  /** The sides of a partition. @param {import("./model.js").Node[]} nodes */
  drawSides(nodes) {
    const sides = this.ringsShown ? new Map() : sidesOf(nodes.filter(n => !isEnded(n) && this.places.has(n.id)));
    const marks = this.sideLayer.selectAll("circle").data([...sides], (/** @type {any} */ s) => s[0]);
    marks.enter().append("circle");
    marks.attr("class", (/** @type {any} */ s) => `side side-${Math.min(s[1], 3)}`)
      .attr("r", (/** @type {any} */ s) => this.places.get(s[0]).r + 10);
    marks.exit().remove();
    this.sideMarks = marks;
  }

  /** @param {any[]} links */
  drawLinks(links) {
    const lines = this.linkLayer.selectAll("path").data(links, (/** @type {any} */ l) => l.key);
    lines.enter().append("path");
    lines.attr("class", (/** @type {any} */ l) => l.kind)
      .attr("pathLength", (/** @type {any} */ l) => (l.fault === "cut" ? 100 : null));
    lines.exit().remove();
    this.lines = lines;
  }

  /** Who had the message from whom first. */
  drawEdges() {
    const data = (this.wave?.edges ?? []).filter(e => this.places.has(e.from) && this.places.has(e.to));
    const edges = this.edgeLayer.selectAll("path").data(data, (/** @type {any} */ e) => e.from + ">" + e.to);
    edges.enter().append("path");
    edges.attr("class", (/** @type {any} */ e) => `first-receipt ${hopClass(e.hop)}`);
    edges.exit().remove();
    this.edges = edges;
  }

  /** @param {any[]} places */
  drawNodes(places) {
    const marks = this.nodeLayer.selectAll("g.node").data(places, (/** @type {any} */ p) => p.id);
    this.addNodes(marks.enter());
    marks.attr("class", (/** @type {any} */ p) => this.classOf(p));
    marks.attr("aria-label", (/** @type {any} */ p) => `${p.node.role} ${p.node.name}, ${p.condition}`);
    marks.select("circle").attr("r", (/** @type {any} */ p) => p.r + 5);
    marks.select("path").attr("transform", (/** @type {any} */ p) => turned(p.condition))
      .attr("d", (/** @type {any} */ p) => shape(p.condition, Math.PI * p.r * p.r));
    const beside = (/** @type {any} */ p) => (p.node.role === "seed" && this.beside) || p.gone;
    const x = (/** @type {any} */ p) => (beside(p) ? p.r + 7 : p.labelX ?? 0);
    marks.selectAll("text").style("text-anchor",
      (/** @type {any} */ p) => (x(p) > 0 ? "start" : x(p) < 0 ? "end" : "middle"));
    marks.select("text.name").text((/** @type {any} */ p) => p.node.name)
      .attr({ x, y: (/** @type {any} */ p) => (p.gone ? 4 : beside(p) ? -8 : p.labelY) });
    marks.select("text.more")
      .text((/** @type {any} */ p) => (p.node.role === "seed" ? listText(p.node, beside(p)) : ""))
      .attr({ x, y: (/** @type {any} */ p) => (beside(p) ? 6 : p.labelY + 13) });
    marks.select("text.tally").text((/** @type {any} */ p) => this.tallyOf(p))
      .attr({ x: (/** @type {any} */ p) => x(p) + this.inward(p), y: (/** @type {any} */ p) => this.tallyY(p) });
    marks.exit().remove();
    this.marks = marks;
  }

  /** @param {any} entering */
  addNodes(entering) {
    const fresh = entering.append("g").attr({ tabindex: 0, role: "button" })
      .on("click", (/** @type {any} */ p) => {
        this.handlers.select(p.id);
        if (d3.event.shiftKey) this.handlers.toggle(p.id);
      })
      .on("focus", (/** @type {any} */ p) => this.handlers.select(p.id))
      .on("contextmenu", (/** @type {any} */ p) => {
        d3.event.preventDefault();
        this.handlers.select(p.id);
        this.handlers.menu(p.id, { x: d3.event.clientX, y: d3.event.clientY });
      });
    fresh.append("circle").attr("class", "halo");
    fresh.append("path");
    for (const name of ["name", "more", "tally"]) fresh.append("text").attr("class", name);
  }

  /** @param {any} p */
  tallyOf(p) {
    if (p.node.role === "seed") return this.beside ? this.scene?.tallies.get(p.id)?.text ?? "" : "";
    const unanswered = isEnded(p.node) ? 0 : this.scene?.unanswered.get(p.id) ?? 0;
    return unanswered > 0 ? `${unanswered} PING${unanswered === 1 ? "" : "s"} ×` : "";
  }

  /** So that what is wider than a name stays on the stage. @param {any} p */
  inward(p) {
    if (p.node.role === "seed") return 0;
    return Math.max(0, tallyWidth / 2 - p.toX) - Math.max(0, p.toX + tallyWidth / 2 - this.width);
  }

  /** Beside a seed's texts, beyond a peer's name. @param {any} p */
  tallyY(p) {
    if (p.node.role === "seed") return this.beside ? 20 : p.labelY + 26;
    return p.labelY < 0 ? p.labelY - 12 : p.labelY + 12;
  }

  /** @param {any} p */
  classOf(p) {
    const hop = this.wave?.hops.get(p.id);
    const classes = ["node", p.node.role, p.condition, p.id === this.scene?.selected ? "selected" : "",
      this.scene?.group.has(p.id) ? "grouped" : "", p.hub ? "hub" : "", p.small ? "small" : "", p.gone ? "gone" : "",
      p.id === this.actor ? "actor" : this.others?.has(p.id) ? "other" : "",
      hop === undefined || p.condition !== "alive" ? "" : hopClass(hop), this.wave && hop === undefined ? "behind" : "",
      this.scene?.tallies.get(p.id)?.outcome ?? ""];
    return classes.filter(Boolean).join(" ");
  }

  /** Every node a part of its way, until all are where they belong. */
  move() {
    this.put();
    if (this.moving) return;
    const away = () => [...this.places.values()].some(p => p.x !== p.toX || p.y !== p.toY);
    const step = () => {
      for (const p of this.places.values()) {
        const near = this.courier.calm.matches || Math.hypot(p.toX - p.x, p.toY - p.y) < 0.7;
        p.x = near ? p.toX : p.x + (p.toX - p.x) * 0.2;
        p.y = near ? p.toY : p.y + (p.toY - p.y) * 0.2;
      }
      this.put();
      this.moving = away();
      if (this.moving) requestAnimationFrame(step);
    };
    this.moving = away();
    if (this.moving) requestAnimationFrame(step);
  }

  put() {
    const curve = (/** @type {string} */ from, /** @type {string} */ to) => {
      const way = this.way(from, to);
      return way && `M${way.from.x} ${way.from.y}Q${way.control.x} ${way.control.y} ${way.to.x} ${way.to.y}`;
    };
    this.lines?.attr("d", (/** @type {any} */ l) => curve(l.a, l.b));
    this.edges?.attr("d", (/** @type {any} */ e) => curve(e.from, e.to));
    this.sideMarks?.attr("cx", (/** @type {any} */ s) => this.places.get(s[0])?.x)
      .attr("cy", (/** @type {any} */ s) => this.places.get(s[0])?.y);
    this.marks?.attr("transform", (/** @type {any} */ p) => `translate(${p.x},${p.y})`);
  }

  /** The way of a message, or of a link. @param {string} from @param {string} to */
  way(from, to) {
    const [a, b] = [this.places.get(from), this.places.get(to)];
    if (!a || !b) return null;
    const control = this.ringsShown ? { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } : bend(a, b, this.box, this.count);
    return { from: a, to: b, control };
  }

  /** @param {{x: number, y: number, width: number, height: number}} frame in px of the drawing */
  choose(frame) {
    const within = (/** @type {any} */ p) => p.x >= frame.x && p.x <= frame.x + frame.width &&
      p.y >= frame.y && p.y <= frame.y + frame.height;
    this.handlers.lasso([...this.places.values()].filter(within).map(p => p.id));
  }

  /** Where a node is on the screen. @param {string} id @returns {DOMRect|null} */
  boxOf(id) {
    const mark = [...this.marks[0]].find(m => d3.select(m).datum().id === id);
    return mark ? mark.querySelector("path").getBoundingClientRect() : null;
  }

  /**
   * What is said, on its way.
   * @param {import("./timeline.js").Frame[]} frames @param {import("./votes.js").Votes} votes
   * @param {import("./spread.js").Spread} spread
   */
  animate(frames, votes, spread) {
    const { model } = this;
    if (!model) return;
    const seeds = [...model.nodes.values()].filter(n => n.role === "seed" && !isEnded(n)).map(n => n.id);
    const known = { seeds, proposer: votes.proposerOf.bind(votes) };
    for (const { kind, data } of frames) {
      if (kind === "wave") this.sendWave(data, spread.messages.get(data.message));
      if (kind !== "notice") continue;
      for (const { from, to, text, tone, fails, story, order } of marksOf(data, known)) {
        const delay = this.courier.turn(story, order);
        if (this.courier.repeats(`${from}>${to} ${text}`, delay)) continue;
        this.courier.send(() => this.way(from, to), { text, class: tone, delay, fails });
      }
    }
  }

  /** @param {import("./model.js").Wave} wave @param {import("./spread.js").Message|undefined} message */
  sendWave(wave, message) {
    const { node, from, hop = 0, typed, duplicate } = wave;
    if (!from) return void this.courier.turn(wave.message, 0);
    // A copy that is dropped left its sender after that one had the message.
    const sent = duplicate ? message?.receipts.get(from)?.hop ?? 0 : hop - 1;
    const delay = typed ? this.courier.turn(wave.message, sent) : 0;
    const kind = duplicate ? "copy" : typed ? `gossip ${hopClass(hop)}` : "gossip generated";
    const what = duplicate ? undefined : `${wave.message} ${node}`;
    this.courier.send(() => this.way(from, node), { text: duplicate && typed ? "×" : "", class: kind, delay, what });
  }
}
