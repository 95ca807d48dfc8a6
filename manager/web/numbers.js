// @ts-check
// The figures in the page's head.
import { byId, element } from "./dom.js";

/** @param {import("./model.js").Model} model @param {Set<string>} suspected */
export function drawNumbers(model, suspected) {
  const nodes = [...model.nodes.values()];
  const alive = (/** @type {string} */ role) => nodes.filter(n => n.role === role && n.state === "alive").length;
  const { cluster } = model;
  if (!cluster) return;
  const quorum = cluster.quorum ? `${cluster.supporters} of ${cluster.seeds} agree` : `no quorum (${cluster.need})`;
  const numbers = [
    ["seeds alive", `${alive("seed")} / ${cluster.seeds}`, alive("seed") < cluster.seeds],
    ["on one list", quorum, !cluster.quorum],
    ["epoch", String(cluster.epoch), false],
    ["members", String(cluster.members), false],
    ["peers alive", String(alive("peer")), false],
    ["links", String(model.links().filter(l => l.both).length), false],
    ["suspected", String(suspected.size), suspected.size > 0],
  ];
  byId("numbers").replaceChildren(...numbers.map(([name, value, alarm]) => {
    const box = element("div", "", alarm ? { class: "alarm" } : {});
    box.append(element("dt", String(name)), element("dd", String(value)));
    return box;
  }));
}
