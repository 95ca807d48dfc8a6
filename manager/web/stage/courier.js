// @ts-check
// Carries marks over the stage. What belongs to one story goes one after the other, however fast it happened: a person
// can follow a vote that took 6 ms. Gossip goes hop by hop in the same way.
import { svgElement } from "../dom.js";
import { along } from "./layout.js";

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{from: Point, to: Point, control: Point, gone?: boolean}} Way  read anew at every step: nodes may move */
/** @typedef {{began: number, touched: number}} Story */
/** @typedef {{element: SVGElement, way: () => Way|null, start: number, until: number, ended: () => void}} Moving */

const travel = 620;  // ms from node to node
const pause = 60;  // ms between the steps of a story
const storyEnds = 5000;  // ms without a step
const atMost = 700;
const together = 200;  // ms: what leaves for the same node within them is one message, as a batch of proposals is
const stays = 700;  // ms that a mark without movement is shown

export class Courier {
  /** @param {SVGGElement} layer @param {() => void} arrived something to draw has changed */
  constructor(layer, arrived) {
    this.layer = layer;
    this.arrived = arrived;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    /** @type {Map<string, Story>} */ this.stories = new Map();
    /** When it gets there, by what it is. @type {Map<string, number>} */ this.due = new Map();
    /** @type {Moving[]} */ this.moving = [];
    /** When a message last left, by its ends and its text. @type {Map<string, number>} */ this.left = new Map();
    this.ticking = false;
  }

  /** Until a step of a story has its turn, in ms. @param {string} name @param {number} order */
  turn(name, order) {
    const now = performance.now();
    const known = this.stories.get(name);
    const story = known && now - known.touched < storyEnds ? known : { began: now, touched: now };
    story.touched = now;
    this.stories.set(name, story);
    if (this.stories.size > 400) this.stories.delete(/** @type {string} */ (this.stories.keys().next().value));
    return Math.max(0, story.began + order * (travel + pause) - now);
  }

  /** Whether what is on its way has arrived. @param {string} what */
  has(what) { return (this.due.get(what) ?? 0) <= performance.now(); }

  /** The stage shows another moment. */
  clear() {
    for (const { element } of this.moving) element.remove();
    this.moving = [];
    for (const known of [this.stories, this.due, this.left]) known.clear();
  }

  /** Whether such a message leaves at the same time. @param {string} message @param {number} delay */
  repeats(message, delay) {
    const start = performance.now() + delay;
    const before = this.left.get(message);
    this.left.delete(message);
    this.left.set(message, start);
    if (this.left.size > 1000) this.left.delete(/** @type {string} */ (this.left.keys().next().value));
    return before !== undefined && Math.abs(start - before) < together;
  }

  /**
   * @param {() => Way|null} way null: an end is no longer there
   * @param {{text: string, class: string, delay: number, fails?: boolean, what?: string}} mark
   */
  send(way, mark) {
    if (document.hidden || this.moving.length >= atMost) return;
    const start = performance.now() + mark.delay;
    const still = this.calm.matches;
    if (mark.what) {
      this.due.set(mark.what, start + travel * (still ? 0 : 0.9));
      if (this.due.size > 4000) this.due.delete(/** @type {string} */ (this.due.keys().next().value));
    }
    const element = shapeOf(mark.text, mark.class);
    element.style.display = "none";
    this.layer.append(element);
    const ended = () => {
      element.remove();
      if (mark.fails) this.fail(way);
      if (mark.what) this.arrived();
    };
    this.moving.push({ element, way, start, until: start + (still ? stays : travel), ended });
    this.tick();
  }

  /** A cross where no answer came from. @param {() => Way|null} way */
  fail(way) {
    const there = () => {
      const found = way();
      return found && { from: found.to, to: found.to, control: found.to };
    };
    const element = svgElement("path", { class: "mark-fails", d: "M-7 -7L7 7M-7 7L7 -7" });
    this.layer.append(element);
    const now = performance.now();
    this.moving.push({ element, way: there, start: now, until: now + stays, ended: () => element.remove() });
  }

  tick() {
    if (this.ticking) return;
    this.ticking = true;
    const step = (/** @type {number} */ now) => {
      const ended = this.moving.filter(m => now >= m.until);
      this.moving = this.moving.filter(m => now < m.until);
      for (const m of ended) m.ended();
      for (const m of this.moving) this.place(m, now);
      this.ticking = this.moving.length > 0;
      if (this.ticking) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** @param {Moving} m @param {number} now */
  place({ element, way, start, until }, now) {
    const found = now < start ? null : way();
    element.style.display = found ? "" : "none";
    if (!found) return;
    const u = this.calm.matches ? 0.6 : ease((now - start) / (until - start));
    const { x, y } = along(found.from, found.control, found.to, u);
    element.setAttribute("transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`);
  }
}

/** Slow at both ends. @param {number} u */
function ease(u) {
  const v = Math.max(0, Math.min(1, u));
  return v * v * (3 - 2 * v);
}

/** A word on a plate, or a dot. @param {string} text @param {string} kind */
function shapeOf(text, kind) {
  const group = svgElement("g", { class: "mark " + kind });
  if (text === "") group.append(svgElement("circle", { r: 6 }));
  else if (text === "×") {
    group.append(svgElement("circle", { r: 6 }), svgElement("path", { d: "M-3 -3L3 3M-3 3L3 -3" }));
  } else {
    const width = 7 * text.length + 12;
    group.append(svgElement("rect", { x: -width / 2, y: -9, width, height: 18, rx: 9 }));
    group.append(svgElement("text", { y: 4 }, text));
  }
  return group;
}
