// @ts-check
// Presenter mode: the stage and its caption alone, large and with high contrast, for the last row of a room.
import { byId } from "../dom.js";

const enlarged = 1.6;
const narrow = 900;  // px of width below which there is no room to enlarge the stage

export class Presenter {
  /** @param {import("../graph.js").Graph} graph */
  constructor(graph) {
    this.graph = graph;
    byId("present").addEventListener("click", () => this.toggle());
    new ResizeObserver(() => this.fit()).observe(document.body);
  }

  get isOn() { return document.body.classList.contains("presenting"); }

  toggle() {
    const on = document.body.classList.toggle("presenting");
    byId("present").setAttribute("aria-pressed", String(on));
    this.fit();
  }

  fit() {
    const scale = this.isOn && window.innerWidth >= narrow ? enlarged : 1;
    if (scale === this.graph.scale) return;
    this.graph.scale = scale;
    this.graph.resize();
  }
}
