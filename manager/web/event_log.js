// @ts-check
// The lines that the shell's live log prints, newest first.
import { byId, element } from "./dom.js";

/** By a line's mark. @type {Record<string, string>} */
export const tones = { "+": "good", "=": "good", "-": "bad", "!": "bad", "?": "doubt", ">": "said" };

export class EventLog {
  /** @param {import("./clock.js").Clock} clock */
  constructor(clock) {
    this.clock = clock;
    /** @type {import("./model.js").Line|undefined} */ this.newest = undefined;
    /** @type {import("./model.js").Line|undefined} */ this.oldest = undefined;
  }

  draw() {
    const { lines } = this.clock.model;
    if (lines.at(-1) === this.newest && lines[0] === this.oldest) return;
    this.newest = lines.at(-1);
    this.oldest = lines[0];
    byId("log").replaceChildren(...lines.reverse().map(line => {
      const item = element("li", "", { class: tones[line.mark] ?? "" });
      const mark = element("span", line.mark, { class: "mark" });
      item.append(element("time", this.clock.stamp(line)), mark, " " + line.text);
      return item;
    }));
  }
}
