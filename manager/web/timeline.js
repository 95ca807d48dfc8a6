// @ts-check
// Everything the page was told, in order, and what it knew after any of it. Pure: no clock and no document, so that a
// live run, a recorded one and the demo are the same thing, and a test needs no browser.

import { TimeScale, countUpTo } from "./time_scale.js";

/**
 * @typedef {"node"|"cluster"|"line"|"notice"|"wave"|"fault"|"phase"|"finding"|"command"|"change"} Kind
 * @typedef {{kind: Kind, t: number, data: any}} Frame
 * @typedef {{at: number, t: number, mark: string, text: string}} Chapter
 */

/** Frames that say what happened; the others tell the state it led to. */
const events = new Set(["notice", "wave", "fault", "command", "phase", "finding", "change"]);
const chapterMarks = new Set(["+", "-", "!"]);

export class Timeline {
  /** @param {number} [limit] frames kept */
  constructor(limit = 400000) {
    this.limit = limit;
    /** how often the frames were numbered anew */ this.generation = 0;
    /** Positions are smaller by so much from now on. @type {((shift: number) => void)|undefined} */
    this.onForget = undefined;
  }

  /** @type {Frame[]} */ frames = [];
  /** of each frame, never falling @type {number[]} */ times = [];
  scale = new TimeScale();
  /** by node @type {Map<string, {at: number[], values: any[]}>} */ nodes = new Map();
  /** @type {{at: number[], values: any[]}} */ clusters = { at: [], values: [] };
  /** frames that are lines @type {number[]} */ lines = [];
  /** frames that are notices @type {number[]} */ notices = [];
  /** frames that are waves @type {number[]} */ waves = [];
  /** frames by message @type {Map<string, number[]>} */ messages = new Map();
  /** @type {number[]} */ faults = [];
  /** @type {number[]} */ phases = [];
  /** @type {Chapter[]} */ chapters = [];
  /** what was told at once at the beginning: nobody can go back behind it */ first = 0;
  /** gossip that was left out */ skipped = 0;
  /** wall minus network clock, in ms @type {number|null} */ wallOffset = null;

  clear() {
    const { limit, generation, onForget } = this;
    Object.assign(this, new Timeline(limit), { generation: generation + 1, onForget });
  }

  get length() { return this.frames.length; }
  get start() { return this.times[Math.max(0, this.first - 1)] ?? 0; }
  get end() { return this.times.at(-1) ?? 0; }

  /** @param {Kind} kind @param {any} data with `t`, in microseconds */
  add(kind, data) {
    const at = this.frames.length;
    const t = Math.max(data.t ?? 0, this.times.at(-1) ?? 0);
    this.frames.push({ kind, t, data });
    this.scale.add(t, this.times.at(-1) ?? t);
    this.times.push(t);
    if (data.wall && data.t) this.wallOffset = data.wall - data.t / 1000;
    if (kind === "node") this.remember(this.series(data.id), at, data);
    else if (kind === "cluster") this.remember(this.clusters, at, data);
    else if (kind === "line") this.addLine(at, t, data);
    else if (kind === "notice") this.notices.push(at);
    else if (kind === "wave") this.addWave(at, data);
    else if (kind === "fault") this.faults.push(at);
    else if (kind === "phase") {
      this.phases.push(at);
      this.chapters.push({ at, t, mark: "§", text: data.number === 0 ? `${data.title}: ${data.say}` : data.title });
    }
    if (this.frames.length > this.limit) this.forget(Math.floor(this.limit / 2));
  }

  /** @param {string} id */
  series(id) {
    let series = this.nodes.get(id);
    if (!series) this.nodes.set(id, series = { at: [], values: [] });
    return series;
  }

  /** @param {{at: number[], values: any[]}} series @param {number} at @param {any} value */
  remember(series, at, value) {
    series.at.push(at);
    series.values.push(value);
  }

  /** @param {number} at @param {number} t @param {any} line */
  addLine(at, t, line) {
    this.lines.push(at);
    if (chapterMarks.has(line.mark)) this.chapters.push({ at, t, mark: line.mark, text: line.text });
  }

  /** @param {number} at @param {any} wave */
  addWave(at, wave) {
    this.skipped += wave.skipped ?? 0;
    this.waves.push(at);
    const frames = this.messages.get(wave.message);
    if (frames) frames.push(at);
    else this.messages.set(wave.message, [at]);
  }

  /** The newest phase before `position`. @param {number} position */
  lastPhase(position) { return this.newest(this.phases, position, 1)[0] ?? null; }

  /**
   * The first question from `position` on, before `end`: where a reader is to think first.
   * @param {number} position @param {number} end
   */
  question(position, end) {
    for (let i = countUpTo(this.phases, position - 1); i < this.phases.length && this.phases[i] < end; ++i) {
      if (this.frames[this.phases[i]].data.asks) return this.phases[i];
    }
    return -1;
  }

  /** What was told so far is where everything begins. */
  setFirst() { this.first = this.frames.length; }

  /** The oldest frames go; the state they led to becomes the beginning. @param {number} count */
  forget(count) {
    const rest = this.frames.slice(count);
    const nodes = this.nodesAt(count);
    const cluster = this.clusterAt(count);
    const { skipped, wallOffset } = this;
    const t = this.times[count - 1];
    this.clear();
    for (const node of nodes.values()) this.add("node", { ...node, t });
    if (cluster) this.add("cluster", { ...cluster, t });
    this.setFirst();
    const shift = count - this.frames.length;
    for (const frame of rest) this.add(frame.kind, { ...frame.data, t: frame.t });
    this.skipped = skipped;
    this.wallOffset = wallOffset;
    this.onForget?.(shift);
  }

  /** After the first `position` frames. @param {number} position @returns {Map<string, any>} */
  nodesAt(position) {
    const found = new Map();
    for (const [id, series] of this.nodes) {
      const count = countUpTo(series.at, position - 1);
      if (count > 0) found.set(id, series.values[count - 1]);
    }
    return found;
  }

  /** @param {number} position */
  clusterAt(position) {
    return this.clusters.values[countUpTo(this.clusters.at, position - 1) - 1] ?? null;
  }

  /**
   * The newest of a kind before `position`, oldest first.
   * @param {number[]} index @param {number} position @param {number} most
   */
  newest(index, position, most) {
    const count = countUpTo(index, position - 1);
    return index.slice(Math.max(0, count - most), count).map(at => this.frames[at].data);
  }

  /** Where a time is on the clock's slider, from 0 to 1. @param {number} t */
  part(t) { return this.scale.part(this.times, Math.max(0, this.first - 1), t); }

  /** The time at a part of the clock's slider. @param {number} part */
  timeAt(part) { return this.scale.time(this.times, Math.max(0, this.first - 1), part); }

  /** The position after everything that happened until then. @param {number} t */
  positionAt(t) { return Math.max(this.first, countUpTo(this.times, t)); }

  /** One event further, with the state it led to. @param {number} position */
  next(position) {
    const at = this.settled(position);
    return at < this.frames.length ? this.settled(at + 1) : at;
  }

  /** With the state that what happened before `position` led to. @param {number} position */
  settled(position) {
    let at = position;
    while (at < this.frames.length && !events.has(this.frames[at].kind)) ++at;
    return at;
  }

  /** Before the event that led here. @param {number} position */
  previous(position) {
    let at = Math.min(position, this.frames.length);
    while (at > this.first && !events.has(this.frames[at - 1].kind)) --at;
    return Math.max(this.first, at - 1);
  }

  /** The newest event before `position`. @param {number} position @returns {Frame|null} */
  eventBefore(position) {
    for (let at = position - 1; at >= this.first; --at) if (events.has(this.frames[at].kind)) return this.frames[at];
    return null;
  }

  /** Begins anew with everything as it is. @param {any} state */
  reset(state) {
    this.clear();
    for (const [kind, data] of this.past(state, 0)) this.add(kind, data);
    this.addState(state);
    this.setFirst();
    this.wallOffset = state.wall - state.t / 1000;
  }

  /**
   * What a viewer that was away is told: everything as it is, and of the past what it has not heard.
   * @param {any} state
   */
  resume(state) {
    for (const [kind, data] of this.past(state, this.end)) this.add(kind, data);
    this.addState(state);
  }

  /**
   * What a snapshot remembers of what happened after `known`, in order.
   * @param {any} state @param {number} known @returns {[Kind, any][]}
   */
  past(state, known) {
    /** @type {[Kind, any][]} */ const told = [];
    for (const kind of /** @type {const} */ (["line", "notice", "wave", "change", "fault"])) {
      for (const data of state[kind + "s"]) if (data.t > known) told.push([kind, data]);
    }
    return told.sort((a, b) => a[1].t - b[1].t);
  }

  /** @param {any} state */
  addState(state) {
    for (const node of state.nodes) this.add("node", { ...node, t: state.t });
    this.add("cluster", { ...state.cluster, t: state.t });
  }
}
