// @ts-check
// Where the frames come from: a running network, a recorded run, the demo, or a lesson with several networks.
import { byId, element } from "./dom.js";
import { drawStrategies } from "./strategies.js";

export class Source {
  /**
   * @param {import("./clock.js").Clock} clock
   * @param {{opened: (kind: string) => void, ended: () => void, grown: (before: number) => void,
   *   taken: (source: any) => void}} handlers
   *   `grown`: frames were added behind position `before`; `taken`: the timeline is another run
   */
  constructor(clock, handlers) {
    this.clock = clock;
    this.model = clock.model;
    this.timeline = clock.timeline;
    this.handlers = handlers;
  }

  /** A run that is over comes whole: in the page itself where it was exported, else from the server. */
  async open() {
    const embedded = document.getElementById("recording");
    const source = embedded ? JSON.parse(embedded.textContent ?? "") : await (await fetch("api/source")).json();
    document.body.dataset.kind = source.kind;
    this.handlers.opened(source.kind);
    drawStrategies(source.strategies);
    if (source.kind === "live") this.openLive(source);
    else if (source.kind === "lesson") this.offerParts(source);
    else this.take(source);
  }

  /** A lesson has a network after the other. @param {any} source */
  offerParts(source) {
    /** @type {{name: string, strategies: any, frames: any[]}[]} */ const parts = source.parts;
    const buttons = parts.map((part, at) => {
      const button = element("button", `${at + 1}. ${part.name || "the network"}`);
      button.addEventListener("click", () => begin(at));
      return button;
    });
    const begin = (/** @type {number} */ at) => {
      this.take({ kind: "lesson", title: source.title, frames: parts[at].frames });
      drawStrategies(parts[at].strategies);
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === at)));
    };
    byId("parts").append(...buttons);
    byId("parts").hidden = buttons.length < 2;
    begin(0);
  }

  /** @param {any} source a whole run */
  take(source) {
    this.timeline.clear();
    for (const [kind, data] of source.frames) this.timeline.add(kind, data);
    this.clock.restart(false);
    this.model.reload(0);
    this.clock.step();
    this.showConnection("over", source.title);
    document.title = `gossipctl: ${source.title}`;
    this.handlers.taken(source);
  }

  /** With the run from its beginning where the server still holds it, else as it is now. @param {any} source */
  openLive(source) {
    if (!source.frames) return this.connect("");
    this.timeline.clear();
    for (const [kind, data] of source.frames) this.timeline.add(kind, data);
    this.clock.restart(true);
    this.model.reload(this.timeline.length);
    this.handlers.grown(this.model.position);
    this.connect(source.event);
  }

  /** @param {string} after the event that the page has already; empty: none */
  connect(after) {
    const events = new EventSource(after ? `api/events?after=${after}` : "api/events");
    let run = after.split(".")[0];
    let last = after;
    const on = (/** @type {string} */ kind, /** @type {(data: any) => void} */ take) =>
      events.addEventListener(kind, event => {
        last = /** @type {MessageEvent} */ (event).lastEventId;
        take(JSON.parse(/** @type {MessageEvent} */ (event).data));
        const before = this.model.position;
        this.clock.grown();
        this.handlers.grown(before);
      });
    on("state", state => {
      const same = run === state.event.split(".")[0];
      run = state.event.split(".")[0];
      if (same) this.timeline.resume(state);
      else this.begin(state);
    });
    for (const kind of /** @type {const} */ (["node", "cluster", "line", "notice", "wave", "fault", "change"])) {
      on(kind, data => this.timeline.add(kind, data));
    }
    on("ended", data => {
      events.close();
      this.end(data.run);
    });
    events.onopen = () => this.showConnection("live", "live");
    events.onerror = () => {
      this.showConnection("lost", "no answer; trying again");
      if (events.readyState === EventSource.CLOSED) setTimeout(() => this.connect(last), 1000);
    };
  }

  /** The network has ended: the page is its replay from now on. @param {string} run its folder */
  end(run) {
    const again = run ? ` Later: gossipctl replay ${run}` : "";
    this.timeline.add("finding", { t: this.timeline.end, say: `The network has ended. This page replays it.${again}` });
    this.clock.end();
    this.showConnection("over", "ended; replay");
    this.handlers.ended();
  }

  /** The network as it is, after nothing or after another run. @param {any} state */
  begin(state) {
    this.timeline.reset(state);
    this.clock.restart(true);
    this.model.reload(this.timeline.length);
  }

  /** @param {string} kind @param {string} text */
  showConnection(kind, text) {
    byId("connection").className = kind;
    byId("connection").textContent = text;
  }
}
