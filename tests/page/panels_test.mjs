// What the panels say of a run, without a browser: node panels_test.mjs FOLDER_OF_MODULES SOURCE.json TOPOLOGY.json
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [web, sourceFile, topologyFile] = process.argv.slice(2);
const folder = mkdtempSync(join(process.cwd(), "modules-"));
writeFileSync(join(folder, "package.json"), '{"type":"module"}');
cpSync(web, folder, { recursive: true });
const load = name => import(join(folder, name));
const { Timeline } = await load("timeline.js");
const { Fold } = await load("fold.js");
const { Votes } = await load("votes.js");
const { Spread, coverage, hops, missing, reached, redundancy, tree } = await load("spread.js");
const { Detections, beginning, steps } = await load("detection.js");
const { ccdf, fitPowerLaw } = await load("degrees.js");

const source = JSON.parse(readFileSync(sourceFile, "utf8"));
const timeline = new Timeline();
for (const [kind, data] of source.frames) timeline.add(kind, data);
const id = port => `127.0.0.1:${port}`;

// Back and forth: what is known at a position follows from the frames before it.
for (const make of [() => new Votes(), () => new Spread(), () => new Detections()]) {
  const moving = new Fold(timeline, make);
  for (let i = 0; i < 60; ++i) {
    const position = (i * 7919) % (timeline.length + 1);
    assert.deepEqual(moving.at(position), new Fold(timeline, make).at(position), `position ${position}`);
  }
}

// Votes: eight admitted and one removed, each by a quorum of seeds, each decided after it was proposed.
const { cases } = new Fold(timeline, () => new Votes()).at(timeline.length);
assert.equal(cases.length, 9);
assert.equal(cases.filter(c => c.add).length, 8);
for (const c of cases) {
  assert.equal(c.outcome, "approved");
  assert.ok(c.decided > c.opened && c.epoch > 0 && c.need === 2);
  assert.ok([...c.votes.values()].filter(yes => yes).length >= 2, c.subject);
}
assert.equal(cases.at(-1).subject, id(7003));

// Refused and proposed again, admitted after a removal: new cases; a vote seen by two proposers is one vote.
const votes = new Votes();
const about = { subject: "p", add: true, need: 2 };
const notice = (t, kind, data) => votes.take({ kind: "notice", t, data: { kind, ...about, ...data } });
notice(1, "proposal_opened", { node: "a" });
notice(2, "vote_cast", { node: "b", yes: false, text: "not reachable" });
notice(3, "vote_received", { node: "a", other: "b", yes: false });
notice(4, "rejected", { node: "a" });
notice(5, "proposal_opened", { node: "a" });
notice(6, "vote_cast", { node: "b", yes: true });
notice(7, "approved", { node: "a", epoch: 1 });
notice(7, "proposal_opened", { node: "c" });
notice(9, "member_removed", {});
notice(10, "proposal_opened", { node: "b" });
assert.deepEqual(votes.cases.map(c => [c.outcome, [...c.votes.keys()].join(""), c.decided]),
  [["rejected", "ab", 4], ["approved", "abc", 7], ["", "b", 0]]);
assert.equal(votes.cases[0].reasons.get("b"), "not reachable");
assert.deepEqual(votes.cases[0].marks.map(m => m.what), ["proposed", "no", "rejected"]);

// Dissemination: everybody has it, over as many hops as the receipts say.
const spread = new Fold(timeline, () => new Spread()).at(timeline.length);
const message = spread.find(null);
assert.equal(message.text, "hello <b>world</b>");
assert.equal(reached(message), 8);
assert.equal(message.targets.size, 8);
assert.equal(coverage(message).at(-1).share, 1);
assert.equal(coverage(message)[0].share, 1 / 8);
assert.equal(hops(message).reduce((a, b) => a + b), 8);
assert.deepEqual(missing(message, new Map()), []);
const waves = source.frames.filter(([kind]) => kind === "wave").map(([, data]) => data);
assert.equal(message.duplicates, waves.filter(w => w.duplicate).length);
assert.equal(redundancy(message), message.duplicates / 7);
const rows = tree(message);
assert.equal(rows.length, 7);
for (const { receipt, depth } of rows) assert.equal(depth, receipt.hop);
// In the middle of it some have it not yet, and why is said.
const half = new Fold(timeline, () => new Spread()).at(timeline.messages.get(message.id)[3] + 1);
const early = half.find(message.id);
assert.ok(reached(early) > 1 && reached(early) < 8);
const states = new Map([[id(7003), { state: "killed" }]]);
assert.equal(missing(early, states).length, 8 - reached(early));
assert.ok(missing(early, states).every(m => m.why === (m.id === id(7003) ? "killed" : "gone")));

// Detection: one case, every step seen, none before the one it follows from.
const detections = new Fold(timeline, () => new Detections()).at(timeline.length).cases;
assert.equal(detections.length, 1);
assert.equal(detections[0].node, id(7003));
assert.equal(detections[0].how, "killed");
const times = [beginning(detections[0]), ...steps.map(([step]) => detections[0][step])];
assert.deepEqual(times, [...times].sort((a, b) => a - b));
assert.equal(times[0], detections[0].ended);
// Suspected and cleared; paused and back; restarted and killed once more.
const found = new Detections();
const say = (t, kind, data) => found.take({ kind, t, data });
say(1, "node", { id: "p", role: "peer", state: "alive", registered: true, epoch: 1 });
say(2, "notice", { kind: "suspected", node: "q", subject: "p" });
say(3, "notice", { kind: "suspicion_cancelled", node: "q", subject: "p" });
say(4, "change", { node: "p", state: "paused" });
say(5, "notice", { kind: "suspected", node: "q", subject: "p" });
say(6, "change", { node: "p", state: "alive" });
say(7, "change", { node: "p", state: "killed" });
say(8, "change", { node: "p", state: "starting" });
say(9, "change", { node: "p", state: "killed" });
assert.deepEqual(found.cases.map(c => [c.how, c.ended, c.suspected, c.refuted]),
  [["alive", -1, 2, 3], ["paused", 4, 5, 6], ["killed", 7, -1, -1], ["killed", 9, -1, -1]]);

// Degrees: the same law as gossipctl topology fits, as far as that prints it.
const topology = JSON.parse(readFileSync(topologyFile, "utf8"));
const law = fitPowerLaw(topology.degrees);
assert.equal(law.exponent.toFixed(2), topology.gamma_total.toFixed(2));
assert.equal(law.distance.toFixed(4), topology.gamma_total_ks.toFixed(4));
assert.deepEqual([law.from, law.tail], [topology.gamma_total_from, topology.gamma_total_n]);
assert.equal(fitPowerLaw(topology.degrees.slice(0, 40)), null);
assert.deepEqual(ccdf([1, 2, 2, 4]), [{ k: 1, share: 1 }, { k: 2, share: 0.75 }, { k: 4, share: 0.25 }]);
console.log("all well");
