// @ts-check
// The clock bar: buttons, keys and the slider that move the clock, the chapters' marks, and the caption of the event
// that led to the moment shown.
import { elapsed, paces, timeOfDay } from "./clock.js";
import { byId, element, isShortcut, svgElement } from "./dom.js";
import { tones } from "./event_log.js";

const longestTick = 250;  // ms; a page that was in the background goes on where it was
const marksShown = 500;

export class ClockBar {
  /**
   * @param {import("./clock.js").Clock} clock
   * @param {{passed: (before: number) => void, jumped: () => void, changed: () => void}} handlers
   *   `passed`: the clock went on from position `before`; `jumped`: it stands elsewhere
   */
  constructor(clock, handlers) {
    this.clock = clock;
    this.model = clock.model;
    this.timeline = clock.timeline;
    this.handlers = handlers;
    this.moves = movesOf(clock);
    this.lastTick = 0;
    this.ticking = false;
    /** which marks are drawn */ this.shownMarks = "";
    this.addButtons();
    this.addKeys();
    byId("clock-slider").addEventListener("input", () => {
      const part = Number(byId("clock-slider").value) / 1000;
      this.move(() => clock.seek(this.timeline.timeAt(part)));
    });
    window.addEventListener("hashchange", () => this.followAddress());
  }

  addButtons() {
    const { clock } = this;
    for (const [id, move] of Object.entries(this.moves)) byId(id).addEventListener("click", () => this.move(move));
    const select = byId("clock-pace");
    for (const [label, group] of /** @type {const} */ ([["steps", paces.filter(p => p.steps)],
      ["the network's time", paces.filter(p => p.rate)]])) {
      const options = element("optgroup", "", { label });
      options.append(...group.map(pace => element("option", pace.name)));
      select.append(options);
    }
    select.addEventListener("change", () => { clock.pace = paces[select.selectedIndex]; });
  }

  addKeys() {
    const { clock, moves } = this;
    const change = (/** @type {number} */ by) => {
      clock.pace = paces[Math.max(0, Math.min(paces.length - 1, paces.indexOf(clock.pace) + by))];
    };
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": moves["clock-play"], ",": moves["clock-back"], ".": moves["clock-step"], "[": moves["clock-last"],
      "]": moves["clock-next"], Home: moves["clock-start"], End: moves["clock-live"],
      "+": () => change(1), "-": () => change(-1),
    };
    document.addEventListener("keydown", event => {
      if (!isShortcut(event)) return;
      if (event.key === " " && event.target instanceof HTMLButtonElement) return;  // it presses that one
      if (!keys[event.key]) return;
      event.preventDefault();
      this.move(keys[event.key]);
    });
  }

  /** …#t=1.5: so many seconds after the start. */
  followAddress() {
    const seconds = new URLSearchParams(location.hash.slice(1)).get("t");
    if (seconds === null || !(Number(seconds) >= 0)) return;
    this.move(() => this.clock.seek(this.timeline.start + Number(seconds) * 1e6));
  }

  /** @param {() => void} move */
  move(move) {
    const before = this.model.position;
    move();
    const { position } = this.model;
    if (position > before && position <= this.timeline.next(before)) this.handlers.passed(before);
    else if (position !== before) this.handlers.jumped();
    this.play();
    this.handlers.changed();
  }

  play() {
    if (this.ticking || this.clock.mode !== "playing") return;
    this.ticking = true;
    this.lastTick = performance.now();
    const tick = (/** @type {number} */ now) => {
      const before = this.model.position;
      if (this.clock.tick(Math.min(longestTick, Math.max(0, now - this.lastTick)))) this.handlers.passed(before);
      this.lastTick = now;
      this.handlers.changed();
      this.ticking = this.clock.mode === "playing";
      if (this.ticking) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  draw() {
    const { clock, model, timeline } = this;
    this.drawTime();
    byId("clock-play").textContent = clock.mode === "paused" ? "play" : "pause";
    byId("clock-live").textContent = clock.live ? "▶| live" : "▶| end";
    byId("clock-live").disabled = clock.mode === "following" || (!clock.live && clock.atEnd);
    byId("clock-back").disabled = byId("clock-start").disabled = model.position <= timeline.first;
    byId("clock-pace").selectedIndex = paces.indexOf(clock.pace);
    const past = clock.live && clock.mode !== "following";
    document.body.classList.toggle("past", past);
    const connection = byId("connection");
    if (connection.className === "live") connection.textContent = past ? "in the past" : "live";
    this.drawMarks();
    const caption = this.caption();
    byId("caption").textContent = caption;
    const phase = timeline.lastPhase(model.position);
    byId("told").hidden = document.body.dataset.kind !== "lesson" || !phase || caption.endsWith(phase.say);
    byId("caption").className = timeline.eventBefore(model.position)?.kind ?? "";
    byId("told").textContent = phase ? `${phase.title}: ${phase.say}` : "";
  }

  drawTime() {
    const { clock } = this;
    const { start, end, wallOffset } = this.timeline;
    const slider = byId("clock-slider");
    const between = clock.mode === "playing" && !clock.pace.steps;
    const time = between ? Math.min(clock.time, end) : this.model.time;
    slider.value = clock.mode === "following" ? 1000 : 1000 * this.timeline.part(time);
    const invented = document.body.dataset.kind === "demo" || wallOffset === null;
    const wall = invented ? "" : ` · ${timeOfDay(time / 1000 + wallOffset)}`;
    const text = `${elapsed(time - start)} of ${elapsed(end - start)}${wall}`;
    byId("clock-time").textContent = text;
    slider.setAttribute("aria-valuetext", text);
  }

  drawMarks() {
    const { chapters, start, end, first } = this.timeline;
    const width = byId("clock-marks").clientWidth;
    const key = `${width} ${chapters.length} ${start} ${end}`;
    if (key === this.shownMarks) return;
    this.shownMarks = key;
    const shown = chapters.filter(c => c.at >= first).slice(-marksShown);
    byId("clock-marks").replaceChildren(...shown.map(chapter => {
      const x = 8 + (width - 16) * this.timeline.part(chapter.t);
      const mark = svgElement("path", {
        class: chapter.mark === "§" ? "phase" : tones[chapter.mark] ?? "", d: markShape(chapter.mark, x),
      });
      mark.append(svgElement("title", {}, chapter.text));
      mark.addEventListener("click", () => this.move(() => this.clock.enter(chapter)));
      return mark;
    }));
  }

  /** The sentence of the event that led here. */
  caption() {
    const event = this.timeline.eventBefore(this.model.position);
    if (!event) return this.clock.live ? "Nothing has happened yet." : "The beginning.";
    const { kind, data } = event;
    if (kind === "command") return `gossip> ${data.text}`;
    if (kind === "fault") return `From now on: ${data.text}`;
    if (kind === "phase") return data.number === 0 ? `${data.title}: ${data.say}` : `${data.title}. ${data.say}.`;
    if (kind === "finding") return `= ${data.say}.`;
    return data.say + ".";
  }
}

/** By the button that does it. @param {import("./clock.js").Clock} clock */
function movesOf(clock) {
  return {
    "clock-start": () => clock.goTo(clock.timeline.first),
    "clock-last": () => clock.chapter(-1),
    "clock-back": () => clock.back(),
    "clock-play": () => (clock.mode === "paused" ? clock.play() : clock.pause()),
    "clock-step": () => clock.step(),
    "clock-next": () => clock.chapter(1),
    "clock-live": () => clock.follow(),
  };
}

/** @param {string} mark @param {number} x */
function markShape(mark, x) {
  if (mark === "-") return `M${x - 4} 2h8l-4 7z`;
  return mark === "+" ? `M${x - 4} 9h8l-4 -7z` : `M${x - 1} 0h2v11h-2z`;
}
