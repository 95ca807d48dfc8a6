// @ts-check
// Decisions of the seeds: who proposed, how each voted, what came of it. Parallel proposals on one peer are one case.

/**
 * @typedef {{t: number, seed: string, what: "proposed"|"yes"|"no"|"approved"|"rejected"|"unknown"}} Mark
 * @typedef {{subject: string, add: boolean, opened: number, need: number, proposers: string[],
 *   votes: Map<string, boolean>, reasons: Map<string, string>, outcome: ""|"approved"|"rejected"|"unknown",
 *   decided: number, epoch: number, marks: Mark[]}} Case
 */

const kept = 2000;
const outcomes = { approved: "approved", rejected: "rejected", outcome_unknown: "unknown" };

export class Votes {
  constructor() {
    /** @type {Case[]} by the time they were opened */ this.cases = [];
    /** @type {Map<string, Case>} the latest on a peer, to admit or to remove it */ this.latest = new Map();
    /** @type {Set<string>} what was done, and may be decided anew */ this.over = new Set();
  }

  /** @param {import("./timeline.js").Frame} frame */
  take({ kind, t: known, data }) {
    const t = data.t ?? known;  // its own: what is told late stands behind what came after it
    if (kind !== "notice" || !data.subject) return;
    if (data.kind === "proposal_opened") this.propose(t, data);
    else if (data.kind === "vote_cast") this.vote(t, data, data.node);
    else if (data.kind === "vote_received") this.vote(t, data, data.other);
    else if (data.kind in outcomes) this.decide(t, data, outcomes[data.kind]);
    else if (data.kind === "member_added") this.over.add("-" + data.subject);
    else if (data.kind === "member_removed") this.over.add("+" + data.subject);
  }

  /** Who counts the votes on the newest case. @param {string} subject @param {boolean} add */
  proposerOf(subject, add) { return this.latest.get(this.key({ subject, add }))?.proposers.at(-1); }

  /** @param {any} data */
  key(data) { return (data.add ? "+" : "-") + data.subject; }

  /** @param {number} t @param {any} data @returns {Case} */
  open(t, data) {
    const { subject, add, need = 0 } = data;
    const found = {
      subject, add, opened: t, need, proposers: [], votes: new Map(), reasons: new Map(),
      outcome: /** @type {""} */ (""), decided: 0, epoch: 0, marks: [],
    };
    this.cases.push(found);
    if (this.cases.length > kept) this.cases.shift();
    this.latest.set(this.key(data), found);
    this.over.delete(this.key(data));
    return found;
  }

  /** @param {number} t @param {any} data */
  propose(t, data) {
    const known = this.latest.get(this.key(data));
    const over = known?.outcome === "approved" && this.over.has(this.key(data));
    const again = !known || known.outcome === "rejected" || over;
    const found = again ? this.open(t, data) : known;
    if (!found.proposers.includes(data.node)) found.proposers.push(data.node);
    found.votes.set(data.node, true);
    found.marks.push({ t, seed: data.node, what: "proposed" });
  }

  /** @param {number} t @param {any} data @param {string} seed */
  vote(t, data, seed) {
    const found = this.latest.get(this.key(data)) ?? this.open(t, data);
    const known = found.votes.get(seed);
    if (!found.need) found.need = data.need ?? 0;
    if (data.text) found.reasons.set(seed, data.text);
    if (known === data.yes || (known === true && found.outcome)) return;  // counted again by another proposer
    found.votes.set(seed, data.yes);
    found.marks.push({ t, seed, what: data.yes ? "yes" : "no" });
  }

  /** @param {number} t @param {any} data @param {any} outcome */
  decide(t, data, outcome) {
    const found = this.latest.get(this.key(data)) ?? this.open(t, data);
    if (found.outcome === "approved") return;
    found.outcome = outcome;
    found.decided = t;
    found.epoch = data.epoch ?? 0;
    found.marks.push({ t, seed: data.node, what: outcome });
  }
}
