// @ts-check
// The list of the page's keys.
import { byId, element } from "./dom.js";
import { verbs } from "./menu.js";
import { tabs } from "./panels.js";

/** @type {[string, [string, string][]][]} */
const groups = [
  ["Clock", [
    ["space", "play or pause"], [". ,", "one event further, one back"], ["] [", "next chapter, previous chapter"],
    ["Home End", "to the beginning, to the newest event"], ["+ -", "faster, slower"],
  ]],
  ["Show", [
    ["f", "stage and caption alone, large"], ["?", "these keys"],
    [`1–${tabs.length}`, "panels: nodes, seeds, votes …"], ["Esc", "close, or select nothing"],
  ]],
  ["Act on the selected node or group", [
    ...verbs.map(v => /** @type {[string, string]} */ ([v.key, v.verb])), ["s", "say"],
    ["m", "all that can be done to it"], ["g", "into the group, or out of it"], ["a", "add a peer"],
    [":", "type a command"],
  ]],
];

export class KeyHelp {
  constructor() {
    this.place = byId("key-help");
    for (const [title, keys] of groups) {
      const list = element("dl");
      for (const [key, does] of keys) {
        const name = element("dt");
        name.append(...key.split(" ").map(k => element("kbd", k)));
        list.append(name, element("dd", does));
      }
      const group = element("section");
      group.append(element("h3", title), list);
      this.place.append(group);
    }
    this.place.addEventListener("click", () => this.toggle());
    byId("help").addEventListener("click", () => this.toggle());
  }

  get isOpen() { return !this.place.hidden; }
  toggle() { this.place.hidden = !this.place.hidden; }
}
