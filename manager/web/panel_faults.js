// @ts-check
// What disturbs the network now, and what has disturbed it.
import { element, sentence, tableOf } from "./dom.js";

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawFaults(place, view) {
  const impaired = view.model.sorted().filter(n => n.faults);
  const box = element("div", "", { class: "beside halves" });
  const now = element("div", "", { class: "scroll" });
  const many = `${impaired.length} nodes have impaired links:`;
  now.append(sentence(impaired.length === 0 ? "No link is impaired." : many, "note"));
  if (impaired.length > 0) {
    if (view.act) {
      const button = element("button", "heal", { title: "the command: heal" });
      button.addEventListener("click", () => view.act?.("heal"));
      now.append(button);
    }
    now.append(tableOf(["node", "its links"], impaired.map(n => ({
      key: n.id, chosen: view.selected === n.id, choose: () => view.select(n.id), cells: [n.name, n.faults ?? ""],
    }))));
  }
  const past = element("div", "", { class: "scroll" });
  const faults = view.model.faults.reverse();
  const none = "No command has disturbed a link so far.";
  past.append(sentence(faults.length === 0 ? none : "Commands that did, newest first:", "note"));
  if (faults.length > 0) {
    const rows = faults.map(f => ({ cells: [view.stamp(f), f.text, f.nodes.length] }));
    past.append(tableOf(["at", "command", "#nodes"], rows));
  }
  box.append(now, past);
  place.append(box);
}
