// @ts-check
// The votes' time line: a row a case, the newest first, each seed's vote, and when each was cast.
import { duration, element, sentence, svgElement, tableOf } from "./dom.js";

const shown = 60;
const width = 220;

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawVotes(place, view) {
  const { cases } = view.votes();
  if (cases.length === 0) return void place.append(sentence("No seed has proposed anything so far.", "none"));
  const seeds = view.model.sorted().filter(n => n.role === "seed");
  const newest = cases.slice(-shown).reverse();
  const longest = Math.max(1000, ...newest.map(c => (c.marks.at(-1)?.t ?? c.opened) - c.opened));
  const decided = cases.filter(c => c.outcome === "approved").length;
  place.append(sentence(`${cases.length} cases, ${decided} approved. ◇ proposed, ● yes, ✕ no, ◆ decided; ` +
    `the whole width is ${duration(longest)} from the first proposal on.`, "note"));
  const names = seeds.map(s => s.name);
  const titles = ["at", "case", "proposed by", ...names, "votes cast and decision", "outcome", "#took"];
  place.append(tableOf(titles, newest.map(c => ({
    class: c.outcome,
    cells: [
      view.stamp({ t: c.opened }), `${c.add ? "admit" : "remove"} ${view.name(c.subject)}`,
      c.proposers.map(view.name).join(" "), ...seeds.map(s => vote(c, s.id)), marks(c, longest, view), outcome(c),
      c.outcome ? duration(c.decided - c.opened) : "",
    ],
  }))));
}

/** @param {import("./votes.js").Case} c @param {string} seed */
function vote(c, seed) {
  const cast = c.votes.get(seed);
  if (cast === undefined) return "–";
  return element("span", cast ? "● yes" : "✕ no", { class: cast ? "yes" : "no", title: c.reasons.get(seed) ?? "" });
}

/** @param {import("./votes.js").Case} c */
function outcome(c) {
  if (!c.outcome) return "open";
  if (c.outcome === "approved") return `◆ approved, epoch ${c.epoch}`;
  return c.outcome === "rejected" ? "✕ rejected" : "? unknown so far";
}

/** @param {import("./votes.js").Case} c @param {number} longest @param {import("./panels.js").View} view */
function marks(c, longest, view) {
  const svg = svgElement("svg", { class: "marks", width, height: 14, role: "img", "aria-label": "when: " +
    c.marks.map(m => `${view.name(m.seed)} ${m.what} after ${duration(m.t - c.opened)}`).join(", ") });
  svg.append(svgElement("path", { class: "axis", d: `M6 7H${width - 6}` }));
  for (const mark of c.marks) {
    const x = 7 + (width - 14) * (mark.t - c.opened) / longest;
    const path = svgElement("path", { class: mark.what, d: shapes[mark.what], transform: `translate(${x},7)` });
    const after = `${duration(mark.t - c.opened)} after the proposal`;
    path.append(svgElement("title", {}, `${view.name(mark.seed)}: ${mark.what}, ${after}`));
    svg.append(path);
  }
  return svg;
}

const diamond = "M0 -5L5 0L0 5L-5 0Z";
const cross = "M-4 -4L4 4M4 -4L-4 4";
const circle = "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0";
const bar = "M-2 -5h4v10h-4z";
const shapes = { proposed: diamond, yes: circle, no: cross, approved: diamond, rejected: cross, unknown: bar };
