// @ts-check
// The overlay: peers pulled together by their links, seeds in a row of their own, messages as they travel.
import { condition, isEnded } from "./model.js";
import { placesOf, ringsOf } from "./rings.js";

const d3 = /** @type {any} */ (window).d3;
const seedLane = 96;
const shownAfterEnd = 15e6;  // µs of the network's time that an ended peer which nobody lists stays in the picture
const wavesShown = 120;
export const mostLinked = 300;  // peers; of more the links are a hairball, and rings by hop are shown instead
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Every condition has a shape of its own beside its colour. */
export const shapes = {
  alive: "circle", joining: "circle", suspected: "triangle-up", paused: "square", leaving: "diamond",
  left: "diamond", killed: "cross", died: "cross", elsewhere: "circle",
};

/** @param {string} state @param {number} size */
export function shape(state, size) {
  return d3.svg.symbol().type(shapes[state] ?? "circle").size(size)();
}

export class Graph {
  /**
   * @param {SVGSVGElement} svg
   * @param {{select: (id: string) => void, toggle: (id: string) => void, lasso: (ids: string[]) => void,
   *   menu: (id: string|null, at: {x: number, y: number}) => void}} handlers
   */
  constructor(svg, handlers) {
    this.svg = d3.select(svg);
    this.element = svg;
    this.handlers = handlers;
    /** @type {Map<string, any>} */ this.places = new Map();
    this.lane = this.svg.append("line").attr("class", "lane");
    this.labels = this.svg.append("g").attr("class", "lane-labels");
    this.labels.append("text").attr({ x: 14, y: 22 }).text("Seeds: who is a member");
    this.title = this.labels.append("text").attr({ x: 14, y: seedLane + 22 });
    /** Whose way is shown where there are many. @type {import("./spread.js").Message|undefined} */
    this.message = undefined;
    this.linkLayer = this.svg.append("g");
    this.waveLayer = this.svg.append("g");
    this.nodeLayer = this.svg.append("g");
    this.frame = this.svg.append("rect").attr("class", "lasso").style("display", "none");
    /** @type {Set<string>} */ this.group = new Set();
    svg.addEventListener("pointerdown", event => this.startLasso(event));
    svg.addEventListener("contextmenu", event => {
      event.preventDefault();
      if (!onNode(event)) this.handlers.menu(null, { x: event.clientX, y: event.clientY });
    });
    this.force = d3.layout.force().friction(0.8).gravity(0).on("tick", () => this.place());
    this.shown = "";
    this.width = 0;
    this.height = 0;
    /** @type {string|null} a node's */ this.selected = null;
    /** @type {Set<string>} whom the event is about */ this.others = new Set();
    new ResizeObserver(() => this.resize()).observe(svg);
  }

  resize() {
    const box = this.element.getBoundingClientRect();
    this.width = box.width;
    this.height = box.height;
    this.lane.attr({ x1: 0, x2: box.width, y1: seedLane, y2: seedLane });
    this.force.size([box.width, box.height]);
    this.shown = "";
    if (this.model) this.draw(this.model, this.selected, this.event);
  }

  /**
   * @param {import("./model.js").Model} model @param {string|null} selected
   * @param {import("./timeline.js").Frame|null} [event] what happens there is marked
   */
  draw(model, selected, event = null) {
    this.event = event;
    this.model = model;
    this.selected = selected;
    if (!this.width) return;
    const visible = model.sorted().filter(n => this.isShown(n, model));
    const suspected = model.suspected();
    const places = visible.map(node => this.placeOf(node));
    for (const place of places) place.condition = condition(place.node, suspected);
    const many = visible.filter(n => n.role !== "seed").length > mostLinked;
    this.element.classList.toggle("rings", many);
    this.ringsShown = many;
    const shown = new Set(places);
    const links = many ? this.layOutRings(places) : model.links()
      .map(l => ({ source: this.places.get(l.a), target: this.places.get(l.b), both: l.both, key: l.a + " " + l.b }))
      .filter(l => shown.has(l.source) && shown.has(l.target));
    if (!many) this.layOut(places, links);
    this.title.text(many ? this.ringsTitle() : "Peers: links of the overlay");
    const told = event?.data ?? {};
    this.actor = told.node;
    this.others = new Set([told.from, told.subject, told.other].filter(id => id && id !== told.node));
    this.drawLinks(links);
    this.drawNodes(places);
  }

  /** @param {any} node @param {import("./model.js").Model} model */
  isShown(node, model) {
    if (!isEnded(node) || node.role === "seed" || node.listed) return true;
    return model.time - (node.t ?? 0) < shownAfterEnd;
  }

  /** @param {any} node */
  placeOf(node) {
    let place = this.places.get(node.id);
    if (!place) {
      const middle = (this.height + seedLane) / 2;
      place = { id: node.id, x: this.width * (0.3 + 0.4 * Math.random()), y: middle + 80 * (Math.random() - 0.5) };
      this.places.set(node.id, place);
    }
    place.node = node;
    return place;
  }

  /** Only what changes the arrangement starts it moving again. @param {any[]} places @param {any[]} links */
  layOut(places, links) {
    const seeds = places.filter(p => p.node.role === "seed");
    seeds.forEach((p, i) => {
      p.fixed = true;
      p.x = p.px = this.width * (i + 1) / (seeds.length + 1);
      p.y = p.py = seedLane / 2 + 4;
    });
    const peers = places.filter(p => p.node.role !== "seed");
    const now = peers.map(p => p.id).join() + "|" + links.map(l => l.key).join();
    if (now === this.shown) return;
    const first = this.shown === "";
    this.shown = now;
    const room = Math.sqrt(this.width * (this.height - seedLane) / Math.max(1, peers.length));
    this.force.nodes(peers).links(links).linkDistance(Math.min(190, room * 0.8)).linkStrength(0.35)
      .charge(-Math.min(3000, room * 14)).start();
    if (!first || calm.matches) this.force.alpha(0.06);
    if (calm.matches) for (let i = 0; i < 200 && this.force.alpha() > 0; ++i) this.force.tick();
  }

  ringsTitle() {
    const { message, outside } = this;
    if (!message) return "Peers in rings by hops from the best linked";
    const rest = outside ? `outermost: ${outside} that do not have it` : "all have it";
    return `Peers in rings by hops of “${(message.text || message.id).slice(0, 60)}”; ${rest}`;
  }

  /** Only what has changed moves; the edges are who had the message from whom first. @param {any[]} places */
  layOutRings(places) {
    const message = this.message;
    const peers = places.filter(p => p.node.role !== "seed");
    this.force.stop();
    this.force.nodes(peers).links([]);
    const key = `${message?.id} ${message?.receipts.size} ${peers.length} ${this.width} ${this.height} ` +
      (message ? "" : peers.map(p => p.node.degree).join());
    if (key !== this.shown) {
      const nodes = new Map(peers.map(p => [p.id, p.node]));
      const { rings, edges, outside } = ringsOf(nodes, message);
      this.outside = outside;
      const radius = Math.min(this.width, this.height - seedLane) / 2 - 26;
      this.ringEdges = edges;
      for (const [id, place] of placesOf(rings, radius)) {
        const p = this.places.get(id);
        p.x = p.px = this.width / 2 + place.x * Math.min(2.8, (this.width / 2 - 30) / radius);
        p.y = p.py = (this.height + seedLane) / 2 - 6 + place.y;
      }
      places.filter(p => p.node.role === "seed").forEach((p, i, seeds) => {
        p.x = p.px = this.width * (i + 1) / (seeds.length + 1);
        p.y = p.py = seedLane / 2 + 4;
      });
      this.shown = key;
    }
    return (this.ringEdges ?? []).map(([a, b]) =>
      ({ source: this.places.get(a), target: this.places.get(b), both: true, key: a + ">" + b }));
  }

  /** @param {any[]} links */
  drawLinks(links) {
    const lines = this.linkLayer.selectAll("line").data(links, l => l.key);
    lines.enter().append("line");
    lines.attr("class", l => "link" + (l.both ? "" : " one-sided") +
      (l.source.id === this.selected || l.target.id === this.selected ? " of-selected" : ""));
    lines.exit().remove();
    this.lines = lines;
  }

  /** @param {any[]} places */
  drawNodes(places) {
    const marks = this.nodeLayer.selectAll("g.node").data(places, p => p.id);
    const fresh = marks.enter().append("g").attr({ tabindex: 0, role: "button" })
      .on("click", p => {
        this.handlers.select(p.id);
        if (d3.event.shiftKey) this.handlers.toggle(p.id);
      })
      .on("focus", p => this.handlers.select(p.id))
      .on("contextmenu", p => {
        d3.event.preventDefault();
        this.handlers.select(p.id);
        this.handlers.menu(p.id, { x: d3.event.clientX, y: d3.event.clientY });
      })
      .call(this.force.drag().on("dragstart", () => d3.event.sourceEvent.stopPropagation()));
    fresh.append("circle").attr("class", "halo");
    fresh.append("path");
    fresh.append("text").attr("class", "name");
    fresh.append("text").attr("class", "more");
    marks.attr("class", p => this.classOf(p));
    marks.attr("aria-label", p => `${p.node.role} ${p.node.name}, ${p.condition}`);
    marks.select("circle").attr("r", p => (this.ringsShown && p.node.role !== "seed" ? 9 : 20));
    marks.select("path").attr("d", p => shape(p.condition, this.area(p)))
      .attr("transform", p => (shapes[p.condition] === "cross" ? "rotate(45)" : null));
    marks.select("text.name").attr("y", p => this.radius(p) + 14).text(p => p.node.name);
    marks.select("text.more").attr("y", p => this.radius(p) + 27)
      .text(p => (p.node.role === "seed" ? seedText(p.node) : ""));
    marks.exit().remove();
    this.marks = marks;
    this.place();
  }

  /** @param {any} p */
  classOf(p) {
    const part = p.id === this.actor ? " actor" : this.others.has(p.id) ? " other" : "";
    return `node ${p.node.role} ${p.condition}` + (p.id === this.selected ? " selected" : "") +
      (this.group.has(p.id) ? " grouped" : "") + part;
  }

  /** By degree. @param {any} p */
  area(p) {
    const { role, degree = 0 } = p.node;
    if (role === "seed") return 460;
    return this.ringsShown ? 22 + 6 * Math.min(20, degree) : 130 + 45 * Math.min(40, degree);
  }
  /** @param {any} p */
  radius(p) { return Math.sqrt(this.area(p) / Math.PI); }

  place() {
    if (!this.ringsShown) this.keepInside();
    this.lines?.attr({ x1: l => l.source.x, y1: l => l.source.y, x2: l => l.target.x, y2: l => l.target.y });
    this.marks?.attr("transform", p => `translate(${p.x},${p.y})`);
  }

  keepInside() {
    const middle = (this.height + seedLane) / 2;
    const wide = this.width / (this.height - seedLane);  // the wider the room, the flatter the whole
    for (const p of this.force.nodes()) {
      p.x += (this.width / 2 - p.x) * 0.2 * this.force.alpha() / wide;
      p.y += (middle - p.y) * 0.3 * this.force.alpha() * wide;
      p.x = Math.max(28, Math.min(this.width - 28, p.x));
      p.y = Math.max(seedLane + 44, Math.min(this.height - 62, p.y));
    }
  }

  /** A frame drawn around nodes chooses them. @param {PointerEvent} event */
  startLasso(event) {
    if (event.button !== 0 || onNode(event)) return;
    const box = this.element.getBoundingClientRect();
    const from = { x: event.clientX - box.x, y: event.clientY - box.y };
    /** @param {PointerEvent} to */
    const between = to => {
      const [x, y] = [to.clientX - box.x, to.clientY - box.y];
      const [width, height] = [Math.abs(x - from.x), Math.abs(y - from.y)];
      return { x: Math.min(x, from.x), y: Math.min(y, from.y), width, height };
    };
    const move = (/** @type {PointerEvent} */ to) => this.frame.attr(between(to)).style("display", null);
    const end = (/** @type {PointerEvent} */ to) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      this.frame.style("display", "none");
      this.choose(between(to));
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
  }

  /** @param {{x: number, y: number, width: number, height: number}} frame a mere click chooses nobody */
  choose(frame) {
    if (frame.width < 5 && frame.height < 5) return;
    const within = (/** @type {any} */ p) => p.x >= frame.x && p.x <= frame.x + frame.width &&
      p.y >= frame.y && p.y <= frame.y + frame.height;
    this.handlers.lasso([...this.marks[0]].map(mark => d3.select(mark).datum()).filter(within).map(p => p.id));
  }

  /** Where a node is on the screen. @param {string} id @returns {DOMRect|null} */
  boxOf(id) {
    const mark = [...this.marks[0]].find(m => d3.select(m).datum().id === id);
    return mark ? mark.querySelector("path").getBoundingClientRect() : null;
  }

  /** Messages on their way. @param {import("./timeline.js").Frame[]} frames */
  animate(frames) {
    for (const { kind, data } of frames) if (kind === "wave") this.wave(data);
  }

  /** @param {import("./model.js").Wave} wave */
  wave(wave) {
    const to = this.places.get(wave.node);
    const from = wave.from ? this.places.get(wave.from) : null;
    if (!to || document.hidden || this.waveLayer.node().childNodes.length > wavesShown) return;
    if (!from || calm.matches) {
      const ring = this.waveLayer.append("circle").attr({ class: "ring", cx: to.x, cy: to.y, r: 10 });
      ring.transition().duration(calm.matches ? 400 : 700)
        .attr("r", calm.matches ? 10 : 34).style("opacity", 0).remove();
      return;
    }
    this.waveLayer.append("circle").attr({ class: wave.typed ? "dot typed" : "dot", r: 5, cx: from.x, cy: from.y })
      .transition().duration(450).ease("cubic-out").attr({ cx: to.x, cy: to.y }).remove();
  }
}

/** @param {Event} event */
function onNode(event) { return event.target instanceof Element && event.target.closest("g.node") !== null; }

/** @param {import("./model.js").Node} seed */
function seedText(seed) {
  if (isEnded(seed)) return seed.state;
  return `epoch ${seed.epoch} · ${seed.members} members` + (seed.voting ? "" : " · no vote");
}
