// @ts-check
// What disturbs the network now, and what has disturbed it.
import { element, tableOf } from "./dom.js";

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawFaults(place, view) {
  const impaired = view.model.sorted().filter(n => n.faults);
  const box = element("div", "", { class: "beside halves" });
  const now = element("div", "", { class: "scroll" });
  now.append(element("p", impaired.length === 0 ? "No link is impaired." : `${impaired.length} nodes have impaired links:`, { class: "note" }));
  if (impaired.length > 0) {
    if (view.act) {
      const button = element("button", "heal", { title: "the command: heal" });
      button.addEventListener("click", () => view.act?.("heal"));
      now.append(button);
    }
    now.append(tableOf(["node", "its links"], impaired.map(n => ({ key: n.id, chosen: view.selected === n.id, choose: () => view.select(n.id),
      cells: [n.name, n.faults ?? ""] }))));
  }
  const past = element("div", "", { class: "scroll" });
  const faults = view.model.faults.reverse();
  past.append(element("p", faults.length === 0 ? "No command has disturbed a link so far." : "Commands that did, newest first:", { class: "note" }));
  if (faults.length > 0) {
    past.append(tableOf(["at", "command", "#nodes"], faults.map(f => ({ cells: [view.stamp(f), f.text, f.nodes.length] }))));
  }
  box.append(now, past);
  place.append(box);
}
