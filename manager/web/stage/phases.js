// @ts-check
// The phases of the demo or of a lesson: a button for each, the present one lit, its title large.
import { byId, element } from "../dom.js";

const circled = "①②③④⑤⑥⑦⑧⑨";

/** Its title without the number in front. @param {string} title */
export function plainTitle(title) { return title.replace(/^\d+\. /, ""); }

export class Phases {
  /** @param {import("../clock.js").Clock} clock @param {(move: () => void) => void} move */
  constructor(clock, move) {
    this.clock = clock;
    this.move = move;
    this.place = byId("phases");
    this.shown = "";
  }

  draw() {
    const { timeline, model } = this.clock;
    const chapters = timeline.chapters.filter(c => c.mark === "§" && timeline.frames[c.at].data.number > 0);
    this.place.hidden = chapters.length === 0;
    const present = chapters.filter(c => c.at < model.position).length - 1;
    const key = `${timeline.generation} ${chapters.length} ${present}`;
    if (key === this.shown) return;
    this.shown = key;
    this.place.replaceChildren(...chapters.map((chapter, i) => {
      const name = plainTitle(timeline.frames[chapter.at].data.title);
      const button = element("button", `${circled[i] ?? i + 1} `, { title: name });
      button.append(element("span", name));
      if (i === present) button.setAttribute("aria-current", "step");
      button.addEventListener("click", () => this.move(() => this.clock.enter(chapter)));
      return button;
    }));
  }
}
