// @ts-check
// The clock bar: where on the timeline the page stands, and how it moves on. Live, it follows the newest event; paused,
// it stays while events are still collected.

/** @typedef {{name: string, steps?: number, rate?: number}} Pace */
/** "1/20×" is the network's time slowed down; "3 events/s" is steps, however far apart they were. @type {Pace[]} */
export const paces = [
  { name: "1 event/s", steps: 1 }, { name: "3 events/s", steps: 3 }, { name: "10 events/s", steps: 10 },
  { name: "50 events/s", steps: 50 }, { name: "1/1000×", rate: 1 / 1000 }, { name: "1/100×", rate: 1 / 100 },
  { name: "1/20×", rate: 1 / 20 }, { name: "1/10×", rate: 1 / 10 }, { name: "1/5×", rate: 1 / 5 },
  { name: "1/2×", rate: 1 / 2 }, { name: "1× real time", rate: 1 }, { name: "2×", rate: 2 }, { name: "5×", rate: 5 },
  { name: "10×", rate: 10 }, { name: "20×", rate: 20 }, { name: "50×", rate: 50 }, { name: "100×", rate: 100 },
];

const stepwise = 1;  // of these, to begin with
const normal = 10;
const long = 3000;  // frames: event by event they would take a quarter of an hour

export class Clock {
  /**
   * @param {import("./model.js").Model} model
   * @param {boolean} live whether the end of the timeline is the present
   */
  constructor(model, live) {
    this.model = model;
    this.restart(live);
  }

  live = true;
  /** @type {"following"|"paused"|"playing"} */ mode = "following";
  /** @type {Pace} */ pace = paces[normal];
  /** of the network, in µs; between two events while playing */ time = 0;
  /** parts of an event that are due */ steps = 0;

  /** The timeline holds another run. @param {boolean} live */
  restart(live) {
    this.live = live;
    this.mode = live ? "following" : "paused";
    this.pace = paces[live || this.timeline.length > long ? normal : stepwise];
    this.time = 0;
    this.steps = 0;
  }

  /** Nothing more comes. */
  end() {
    const following = this.mode === "following";
    this.live = false;
    if (following) this.mode = "paused";
    if (following) this.model.moveTo(this.timeline.length);
  }

  get timeline() { return this.model.timeline; }
  get atEnd() { return this.model.position >= this.timeline.length; }

  /** Frames have come. */
  grown() { if (this.mode === "following") this.model.moveTo(this.timeline.length); }

  /** @param {number} position */
  goTo(position) {
    this.mode = "paused";
    this.model.moveTo(position);
    this.time = this.model.time;
  }

  /** @param {number} t in µs */
  seek(t) {
    this.goTo(this.timeline.positionAt(t));
    this.time = t;
  }

  pause() {
    this.mode = "paused";
    this.time = this.model.time;
  }

  play() {
    if (this.live && this.atEnd) return this.follow();
    if (this.atEnd) this.model.moveTo(this.timeline.first);
    this.time = this.model.time;
    this.steps = 1;
    this.mode = "playing";
  }

  follow() {
    this.mode = this.live ? "following" : "paused";
    this.model.moveTo(this.timeline.length);
  }

  step() { this.goTo(this.timeline.next(this.model.position)); }
  back() { this.goTo(this.timeline.previous(this.model.position)); }

  /** To the next or previous chapter. @param {number} direction */
  chapter(direction) {
    const { chapters } = this.timeline;
    const position = this.model.position;
    const found = direction > 0 ? chapters.find(c => c.at >= position && c.at >= this.timeline.first)
      : chapters.filter(c => c.at >= this.timeline.first && this.timeline.settled(c.at + 1) < position).at(-1);
    if (found) this.enter(found);
    else this.goTo(direction > 0 ? this.timeline.length : this.timeline.first);
  }

  /** @param {import("./timeline.js").Chapter} chapter */
  enter(chapter) { this.goTo(this.timeline.settled(chapter.at + 1)); }

  /** Time has passed. True when the page shows another moment now. @param {number} ms */
  tick(ms) {
    if (this.mode !== "playing") return false;
    const before = this.model.position;
    if (this.pace.steps) this.tickSteps(ms * this.pace.steps / 1000);
    else {
      this.time += ms * 1000 * /** @type {number} */ (this.pace.rate);
      this.model.moveTo(Math.max(before, this.timeline.positionAt(this.time)));
    }
    const question = this.timeline.question(before, this.model.position);
    if (question >= 0) this.goTo(this.timeline.settled(question + 1));
    else if (this.atEnd && (this.pace.steps || this.time >= this.timeline.end)) {
      if (this.live) this.follow();
      else this.mode = "paused";
    }
    return this.model.position !== before || this.mode !== "playing";
  }

  /** When an event was: of a running network the time of day, of a recorded one the time since its beginning.
   * @param {{wall?: number, t: number}} event */
  stamp(event) {
    const { start, wallOffset } = this.timeline;
    if (!this.live || wallOffset === null) return elapsed(event.t - start);
    return timeOfDay(event.wall ?? event.t / 1000 + wallOffset);
  }

  /** @param {number} due */
  tickSteps(due) {
    this.steps += due;
    let position = this.model.position;
    for (; this.steps >= 1; --this.steps) position = this.timeline.next(position);
    this.model.moveTo(position);
    this.time = this.model.time;
  }
}

/** The time of day. @param {number} wall in ms */
export function timeOfDay(wall) { return new Date(wall).toLocaleTimeString([], { hour12: false }); }

/** Of the network's clock since the timeline's start: "1:02.345". @param {number} us */
export function elapsed(us) {
  const ms = Math.max(0, us) / 1000;
  const minutes = Math.floor(ms / 60000);
  const seconds = (ms - minutes * 60000) / 1000;
  return `${minutes}:${seconds.toFixed(3).padStart(6, "0")}`;
}
