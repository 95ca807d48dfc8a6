// @ts-check
// The seeds, and whether they agree on who is a member.
import { sentence, tableOf } from "./dom.js";
import { condition } from "./model.js";

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawSeeds(place, view) {
  const { cluster } = view.model;
  const seeds = view.model.sorted().filter(n => n.role === "seed");
  if (!cluster || seeds.length === 0) return void place.append(sentence("No seed is known.", "none"));
  const suspected = view.model.suspected();
  const { supporters, epoch, members, digest, need } = cluster;
  const agreement = `${supporters} of ${cluster.seeds} seeds hold the same list`;
  place.append(cluster.quorum
    ? sentence(`${agreement}: epoch ${epoch}, ${members} members, digest ${digest}. ${need} are a quorum.`, "note")
    : sentence(`No quorum: ${agreement}, ${need} are needed. Nobody can be admitted or removed.`, "note doubtful"));
  place.append(tableOf(["seed", "state", "agrees", "votes", "#epoch", "#members", "list"], seeds.map(n => {
    const state = condition(n, suspected);
    const same = state === "alive" && n.epoch === cluster.epoch && n.digest === cluster.digest;
    const agrees = same ? "● yes" : state === "alive" ? "▲ no" : "–";
    return {
      key: n.id, chosen: view.selected === n.id, choose: () => view.select(n.id),
      cells: [n.name, state, agrees, n.voting ? "yes" : "no", n.epoch, n.members ?? 0, n.digest],
    };
  })));
}
