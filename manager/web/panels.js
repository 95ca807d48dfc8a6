// @ts-check
// The panels behind the tabs: only the one in front is drawn, and not more often than somebody can read it.
import { byId, element } from "./dom.js";
import { Detections } from "./detection.js";
import { Fold } from "./fold.js";
import { Silence } from "./stage/silence.js";
import { Acts } from "./stage/wave.js";
import { Spread } from "./spread.js";
import { Votes } from "./votes.js";
import { drawDegrees } from "./panel_degrees.js";
import { drawDetection } from "./panel_detection.js";
import { drawFaults } from "./panel_faults.js";
import { drawSeeds } from "./panel_seeds.js";
import { drawMessages, drawSpread } from "./panel_spread.js";
import { drawVotes } from "./panel_votes.js";

const pause = 150;  // ms between two drawings while frames come

/** @type {{name: string, title: string, draw?: (place: HTMLElement, view: View) => void}[]} */
export const tabs = [
  { name: "nodes", title: "Nodes" },
  { name: "seeds", title: "Seeds", draw: drawSeeds },
  { name: "votes", title: "Votes", draw: drawVotes },
  { name: "degrees", title: "Degrees", draw: drawDegrees },
  { name: "spread", title: "Dissemination", draw: drawSpread },
  { name: "messages", title: "Messages", draw: drawMessages },
  { name: "detection", title: "Failure detection", draw: drawDetection },
  { name: "faults", title: "Faults", draw: drawFaults },
];

/** What panels show, and what can be done in them. */
export class View {
  /**
   * @param {import("./model.js").Model} model
   * @param {{select: (id: string) => void, stamp: (event: any) => string, act: ((text: string) => void) | null,
   *   place: HTMLElement, changed: () => void}} handlers
   */
  constructor(model, handlers) {
    this.model = model;
    this.handlers = handlers;
    this.select = handlers.select;
    this.stamp = handlers.stamp;
    this.act = handlers.act;
    /** @type {string|null} a node's */ this.selected = null;
    /** @type {string|null} a message's */ this.message = null;
    const { timeline } = model;
    this.folds = { votes: new Fold(timeline, () => new Votes()), spread: new Fold(timeline, () => new Spread()),
      detections: new Fold(timeline, () => new Detections()), acts: new Fold(timeline, () => new Acts()),
      silence: new Fold(timeline, () => new Silence()) };
    this.name = (/** @type {string} */ id) => model.nameOf(id);
  }

  votes() { return this.folds.votes.at(this.model.position); }
  spread() { return this.folds.spread.at(this.model.position); }
  silence() { return this.folds.silence.at(this.model.position); }
  acts() { return this.folds.acts.at(this.model.position); }
  detections() { return this.folds.detections.at(this.model.position); }

  /** @param {string} id */
  chooseMessage(id) {
    this.message = id;
    this.handlers.changed();
  }

  /** For a chart that takes such a part of the width. @param {number} part */
  room(part) {
    const { clientWidth, clientHeight } = this.handlers.place;
    const width = Math.max(200, Math.min(620, (clientWidth - 24) * part));
    return { width, height: Math.max(130, Math.min(420, clientHeight - 8)) };
  }
}

export class Panels {
  /** @param {View} view */
  constructor(view) {
    this.view = view;
    this.place = byId("panel");
    this.current = "nodes";
    this.drawn = 0;
    this.timer = 0;
    this.shown = "";
    /** While a mouse button is down what it was pressed on stays until it is let go: else there is no click. */
    this.held = false;
    this.place.addEventListener("pointerdown", event => {  // on a scroll bar nobody lets go
      this.held = /** @type {any} */ (event.target).closest("button, [tabindex]") !== null;
    });
    for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => this.letGo());
    tabs.forEach((tab, at) => this.addTab(tab, at));
    new ResizeObserver(() => this.refresh()).observe(this.place);
  }

  /** @param {{name: string, title: string}} tab @param {number} at */
  addTab(tab, at) {
    const controls = tab.name === "nodes" ? "nodes" : "panel";
    const title = `the key ${at + 1}`;
    const button = element("button", "", { role: "tab", id: "tab-" + tab.name, "aria-controls": controls, title });
    button.append(tab.title, " ", element("kbd", String(at + 1)));
    button.addEventListener("click", () => this.show(tab.name));
    button.addEventListener("keydown", event => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? tabs.length - 1 : 0;
      if (step) this.show(tabs[(at + step) % tabs.length].name, true);
    });
    byId("tabs").append(button);
    this.mark(tab.name);
  }

  /** @param {string} name */
  mark(name) {
    const button = byId("tab-" + name);
    button.setAttribute("aria-selected", String(name === this.current));
    button.tabIndex = name === this.current ? 0 : -1;
  }

  /** @param {string} name @param {boolean} [focus] */
  show(name, focus = false) {
    this.current = name;
    for (const tab of tabs) this.mark(tab.name);
    byId("nodes").hidden = name !== "nodes";
    this.place.hidden = name === "nodes";
    this.place.setAttribute("aria-labelledby", "tab-" + name);
    if (focus) byId("tab-" + name).focus();
    this.refresh();
  }

  /** At once, when something was chosen. */
  refresh() {
    this.shown = "";
    this.drawn = 0;
    this.draw();
  }

  /** The click comes after this. */
  letGo() {
    if (!this.held) return;
    this.held = false;
    setTimeout(() => this.draw(), 0);
  }

  draw() {
    if (this.current === "nodes" || this.held) return;
    const { model, selected, message } = this.view;
    const key = `${model.timeline.generation} ${model.position} ${selected} ${message}`;
    if (key === this.shown) return;
    const left = this.drawn + pause - performance.now();
    if (left > 0) {
      this.timer ||= setTimeout(() => { this.timer = 0; this.draw(); }, left);
      return;
    }
    this.shown = key;
    this.render();
    this.drawn = performance.now();
  }

  /** The row that had the focus has it afterwards, and what was scrolled stays so. */
  render() {
    const active = /** @type {HTMLElement|null} */ (document.activeElement);
    const focused = this.place.contains(active) ? active?.dataset.key : undefined;
    const scrolled = [this.place, ...this.place.querySelectorAll(".scroll")].map(e => e.scrollTop);
    this.place.replaceChildren();
    tabs.find(t => t.name === this.current)?.draw?.(this.place, this.view);
    [this.place, ...this.place.querySelectorAll(".scroll")].forEach((e, i) => { e.scrollTop = scrolled[i] ?? 0; });
    if (!focused) return;
    /** @type {NodeListOf<HTMLElement>} */ const rows = this.place.querySelectorAll("tr[data-key]");
    [...rows].find(row => row.dataset.key === focused)?.focus();
  }
}
