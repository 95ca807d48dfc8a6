// @ts-check
// The seeds, and whether they agree on who is a member.
import { element, tableOf } from "./dom.js";
import { condition } from "./model.js";

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawSeeds(place, view) {
  const { cluster } = view.model;
  const seeds = view.model.sorted().filter(n => n.role === "seed");
  if (!cluster || seeds.length === 0) return void place.append(element("p", "No seed is known.", { class: "none" }));
  const suspected = view.model.suspected();
  place.append(element("p", cluster.quorum
    ? `${cluster.supporters} of ${cluster.seeds} seeds hold the same list: epoch ${cluster.epoch}, ${cluster.members} members, digest ${cluster.digest}. ${cluster.need} are a quorum.`
    : `No quorum: ${cluster.supporters} of ${cluster.seeds} seeds hold the same list, ${cluster.need} are needed. Nobody can be admitted or removed.`,
  { class: cluster.quorum ? "note" : "note doubtful" }));
  place.append(tableOf(["seed", "state", "agrees", "votes", "#epoch", "#members", "list"], seeds.map(n => {
    const state = condition(n, suspected);
    const same = state === "alive" && n.epoch === cluster.epoch && n.digest === cluster.digest;
    return { key: n.id, chosen: view.selected === n.id, choose: () => view.select(n.id),
      cells: [n.name, state, same ? "● yes" : state === "alive" ? "▲ no" : "–", n.voting ? "yes" : "no", n.epoch, n.members ?? 0, n.digest] };
  })));
}
