// @ts-check
// What an event puts on its way over the stage: which message, from whom, to whom. Pure.

/**
 * @typedef {"ask"|"yes"|"no"|"decide"|"doubt"|"data"} Tone
 * @typedef {{from: string, to: string, text: string, tone: Tone, story: string, order: number, fails?: boolean}} Mark
 *   `story`: marks of one story go one after the other, by `order`; `fails`: it gets no answer
 * @typedef {{seeds: string[], proposer: (subject: string, add: boolean) => string|undefined}} Known
 */

/** Steps of an admission and of a removal, in the order in which they follow from each other. */
const admission = { register: 0, propose: 1, vote: 2, commit: 3, list: 4 };
const removal = { ping: 0, ask: 1, probe: 2, witness: 3, report: 4, ownProbe: 5, propose: 6, vote: 7, commit: 8 };

/** @type {Record<string, (n: any, known: Known) => Mark[]>} */
const byKind = {
  registering: n => toAll(n, n.ids ?? [], "REGISTER", "ask", admission.register, n.node),
  peer_list_received: n => [mark(n.other, n.node, "LIST", "data", admission.list, n.node)],
  registration_nack: n => [mark(n.other, n.node, "NACK", "no", admission.list, n.node)],
  proposal_opened: (n, known) => toAll(n, known.seeds, "PROPOSE", "ask", step(n, "propose")),
  vote_cast: (n, known) => {
    const proposer = known.proposer(n.subject, n.add);
    if (!proposer || proposer === n.node) return [];
    return [mark(n.node, proposer, n.yes ? "VOTE yes" : "VOTE no", n.yes ? "yes" : "no", step(n, "vote"), n.subject)];
  },
  approved: (n, known) => toAll(n, known.seeds, "COMMIT", "decide", step(n, "commit")),
  ping_missed: n => [unanswered(mark(n.node, n.subject, "PING", "doubt", removal.ping, n.subject))],
  witness_asked: n => [mark(n.node, n.other, "ASK", "ask", removal.ask, n.subject)],
  statement_given: n => [probe(n, n.node, n.verdict !== "reachable", removal.probe)],
  statement_received: n => {
    if (n.other === n.node) return [];
    const dead = n.verdict !== "reachable";
    const text = dead ? "no answer" : "it answers";
    return [mark(n.other, n.node, text, dead ? "doubt" : "yes", removal.witness, n.subject)];
  },
  dead_reported: n => [mark(n.node, n.other, "REPORT", "doubt", removal.report, n.subject)],
  case_opinion: n => [probe(n, n.other, n.yes, removal.ownProbe)],
  refuted: n => [mark(n.node, n.other, "ALIVE", "yes", removal.witness, n.node)],
  leaving: (n, known) => toAll(n, known.seeds, "LEAVE", "decide", removal.report, n.node),
};

/** @param {any} notice @param {Known} known @returns {Mark[]} */
export function marksOf(notice, known) {
  return (byKind[notice.kind]?.(notice, known) ?? []).filter(m => m.from && m.to && m.from !== m.to);
}

/** @param {any} n @param {"propose"|"vote"|"commit"} name */
function step(n, name) { return (n.add ? admission : removal)[name]; }

/** @param {string} from @param {string} to @param {string} text @param {Tone} tone @param {number} order
 * @param {string} story @returns {Mark} */
function mark(from, to, text, tone, order, story) { return { from, to, text, tone, order, story }; }

/** @param {any} n @param {string[]} ids @param {string} text @param {Tone} tone @param {number} order
 * @param {string} [story] */
function toAll(n, ids, text, tone, order, story = n.subject) {
  return ids.filter(id => id !== n.node).map(id => mark(n.node, id, text, tone, order, story));
}

/** @param {Mark} made */
function unanswered(made) { return { ...made, fails: true }; }

/** @param {any} n @param {string} by @param {boolean} silent @param {number} order */
function probe(n, by, silent, order) {
  const made = mark(by, n.subject, "probe", silent ? "doubt" : "yes", order, n.subject);
  return silent ? unanswered(made) : made;
}
