// @ts-check
// What stands beside a seed on the stage: its list, and the count of votes on what it proposed. Pure.
import { isEnded } from "../model.js";

const remembered = 3e6;  // µs of the network's time after a decision

/** @param {import("../model.js").Node} seed @param {boolean} beside whether there is room */
export function listText(seed, beside) {
  if (isEnded(seed)) return seed.state;
  const { epoch, members = 0, voting } = seed;
  if (!beside) return `e${epoch}·${members}` + (voting ? "" : "·–");
  return `epoch ${epoch} · ${counted(members, "member")}` + (voting ? "" : " · no vote");
}

/** @param {number} count @param {string} noun */
function counted(count, noun) { return `${count} ${noun}${count === 1 ? "" : "s"}`; }

/**
 * By seed, the newest case that it proposed: "admit 7003: 2 yes, 2 needed ✓".
 * @param {import("../votes.js").Case[]} cases @param {number} time @param {(id: string) => string} name
 * @returns {Map<string, {text: string, outcome: string}>}
 */
export function tallies(cases, time, name) {
  const found = new Map();
  for (const c of cases.slice(-60)) {
    if (c.outcome && c.outcome !== "unknown" && time - c.decided > remembered) continue;
    const seed = c.proposers.at(-1);
    if (!seed) continue;
    const yes = [...c.votes.values()].filter(v => v).length;
    const no = c.votes.size - yes;
    const votes = `${yes} yes` + (no > 0 ? `, ${no} no` : "") + `, ${c.need} needed`;
    const end = c.outcome === "approved" ? " ✓" : c.outcome === "rejected" ? " ✗" : "";
    found.set(seed, { text: `${c.add ? "admit" : "remove"} ${name(c.subject)}: ${votes}${end}`, outcome: c.outcome });
  }
  return found;
}
