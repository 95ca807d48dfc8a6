// Where nodes stand on the stage, and what is said on it, without a browser: node stage_test.mjs FOLDER_OF_MODULES
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [web] = process.argv.slice(2);
const folder = mkdtempSync(join(process.cwd(), "modules-"));
cpSync(web, folder, { recursive: true });
writeFileSync(join(folder, "package.json"), '{"type":"module"}');
const load = name => import(join(folder, name));
const { bend, inRingOrder, peersBox, ringPlaces, seedPlaces, stripPlaces } = await load("stage/layout.js");
const { marksOf } = await load("stage/marks.js");
const { faultBetween, sidesOf } = await load("stage/sides.js");
const { Acts, hopClass, isShown, waveOf } = await load("stage/wave.js");
const { tallies } = await load("stage/seed_text.js");
const { Silence } = await load("stage/silence.js");
const { TimeScale } = await load("time_scale.js");

// Places: the same network looks the same, in whatever order it is told, and a newcomer moves nobody past another.
const peer = i => ({ id: `127.0.0.1:${7000 + i}`, ring: (i * 2654435761) % 4294967296, degree: 3 + (i * 7) % 11 });
const peers = count => Array.from({ length: count }, (_, i) => peer(i));
const box = peersBox(900, 450);
for (const count of [1, 2, 5, 12, 20, 50, 120]) {
  const places = ringPlaces(peers(count), box);
  assert.deepEqual(ringPlaces(peers(count).reverse(), box), places);
  assert.equal(places.size, count);
  for (const { x, y, r } of places.values()) {
    assert.ok(x - r >= box.x && x + r <= box.x + box.width, `${count}`);
    assert.ok(y - r >= box.y && y + r <= box.y + box.height, `${count}`);
  }
  const grown = ringPlaces(peers(count + 1), box);
  const order = [...grown].sort((a, b) => a[1].slot - b[1].slot).map(([id]) => id).filter(id => places.has(id));
  assert.deepEqual(order, inRingOrder(peers(count)).map(p => p.id));
}
// The better connected, the larger; few stand out, and nobody where all are alike.
const byDegree = inRingOrder(peers(20)).sort((a, b) => a.degree - b.degree);
const twenty = ringPlaces(peers(20), box);
byDegree.slice(1).forEach((p, i) => assert.ok(twenty.get(p.id).r >= twenty.get(byDegree[i].id).r));
const hubs = [...twenty.values()].filter(p => p.hub).length;
assert.ok(hubs >= 1 && hubs <= 4, `${hubs}`);
assert.equal([...ringPlaces(peers(20).map(p => ({ ...p, degree: 4 })), box).values()].filter(p => p.hub).length, 0);
// A link passes nobody that stands between its ends; neighbours are linked straight.
const [a, b, c] = [{ x: 100, y: 80, slot: 0 }, { x: 300, y: 80, slot: 1 }, { x: 500, y: 80, slot: 2 }];
assert.deepEqual(bend(a, b, box, 10), { x: 200, y: 80 });
assert.ok(bend(a, c, box, 10).y > 120);
assert.equal(seedPlaces(["a", "b", "c"], 900).beside, true);
assert.equal(seedPlaces(["a", "b", "c"], 360).beside, false);
const strip = stripPlaces(Array.from({ length: 40 }, (_, i) => `p${i}`), 360, 400);
assert.equal(strip.places.size + strip.left, 40);
assert.ok(strip.places.has("p39") && !strip.places.has("p0"));

// Marks: every class of message has one, from whom it comes to whom it goes.
const known = { seeds: ["s1", "s2", "s3"], proposer: () => "s1" };
const sent = notice => marksOf(notice, known).map(m => `${m.from}>${m.to} ${m.text}${m.fails ? " ×" : ""}`);
const about = { subject: "p", add: true };
for (const [notice, wanted] of [
  [{ kind: "registering", node: "p", ids: ["s1", "s2"] }, ["p>s1 REGISTER", "p>s2 REGISTER"]],
  [{ kind: "proposal_opened", node: "s1", ...about }, ["s1>s2 PROPOSE", "s1>s3 PROPOSE"]],
  [{ kind: "vote_cast", node: "s2", yes: true, ...about }, ["s2>s1 VOTE yes"]],
  [{ kind: "vote_cast", node: "s3", yes: false, ...about }, ["s3>s1 VOTE no"]],
  [{ kind: "vote_cast", node: "s1", yes: true, ...about }, []],
  [{ kind: "approved", node: "s1", ...about }, ["s1>s2 COMMIT", "s1>s3 COMMIT"]],
  [{ kind: "peer_list_received", node: "p", other: "s2" }, ["s2>p LIST"]],
  [{ kind: "registration_nack", node: "p", other: "s2" }, ["s2>p NACK"]],
  [{ kind: "ping_missed", node: "q", subject: "p" }, ["q>p PING ×"]],
  [{ kind: "witness_asked", node: "q", other: "w", subject: "p" }, ["q>w ASK"]],
  [{ kind: "statement_given", node: "w", other: "q", subject: "p", verdict: "refused" }, ["w>p probe ×"]],
  [{ kind: "statement_given", node: "w", other: "q", subject: "p", verdict: "reachable" }, ["w>p probe"]],
  [{ kind: "statement_received", node: "q", other: "w", subject: "p", verdict: "refused" }, ["w>q no answer"]],
  [{ kind: "statement_received", node: "q", other: "q", subject: "p", verdict: "refused" }, []],
  [{ kind: "dead_reported", node: "q", other: "s3", subject: "p" }, ["q>s3 REPORT"]],
  [{ kind: "case_opinion", node: "s1", other: "s2", subject: "p", yes: true }, ["s2>p probe ×"]],
  [{ kind: "refuted", node: "p", other: "q", subject: "p" }, ["p>q ALIVE"]],
  [{ kind: "leaving", node: "p" }, ["p>s1 LEAVE", "p>s2 LEAVE", "p>s3 LEAVE"]],
  [{ kind: "link_up", node: "p", other: "q" }, []],
]) assert.deepEqual(sent(notice), wanted, notice.kind);
// A vote comes after the proposal that it is about, a commit after the votes.
const turn = kind => marksOf({ kind, node: kind === "vote_cast" ? "s2" : "s1", yes: true, ...about }, known)[0].order;
assert.ok(turn("proposal_opened") < turn("vote_cast") && turn("vote_cast") < turn("approved"));

// The tally beside the seed that counts.
const count = { subject: "p", add: false, opened: 1, need: 2, proposers: ["s1"],
  votes: new Map([["s1", true], ["s2", true], ["s3", false]]), outcome: "approved", decided: 10, epoch: 1 };
const name = id => id;
assert.equal(tallies([count], 20, name).get("s1").text, "remove p: 2 yes, 1 no, 2 needed ✓");
assert.equal(tallies([count], 20e6, name).size, 0);
const open = tallies([{ ...count, outcome: "", decided: 0 }], 20e6, name);
assert.equal(open.get("s1").text, "remove p: 2 yes, 1 no, 2 needed");

// Partitions: two sides, whoever is cut only from one still belongs to the rest.
const node = (id, cut = [], slow = []) => ({ id, cut, slow });
const others = ["c", "d"];
const parted = [node("a", others), node("b", others), ...["c", "d", "e"].map(id => node(id, ["a", "b"]))];
assert.deepEqual([...sidesOf(parted)].sort(), [["a", 1], ["b", 1], ["c", 0], ["d", 0], ["e", 0]]);
assert.equal(sidesOf([node("a", ["b"]), node("b", ["a"]), node("c")]).size, 0);
assert.equal(faultBetween(node("a"), node("b", ["a"])), "cut");
assert.equal(faultBetween(node("a", [], ["b"]), node("b")), "slow");
assert.equal(faultBetween(node("a"), node("b")), "");

// A wave: who has it, as far as it has arrived, until the next thing happens.
const message = { id: "m", typed: true, origin: "a", born: 10, last: 30,
  receipts: new Map([["b", { node: "b", from: "a", hop: 1 }], ["c", { node: "c", from: "b", hop: 2 }]]) };
assert.deepEqual(waveOf(message, () => true).edges.map(e => e.from + e.to + e.hop), ["ab1", "bc2"]);
assert.deepEqual([...waveOf(message, id => id === "b").hops], [["a", 0], ["b", 1]]);
const acts = new Acts();
acts.take({ kind: "command", t: 9, data: {} });
assert.ok(isShown(message, acts, 40));
assert.ok(!isShown({ ...message, typed: false }, acts, 40));
assert.ok(!isShown(message, acts, 11e6));
acts.take({ kind: "change", t: 35, data: {} });
assert.ok(!isShown(message, acts, 40));
assert.equal(hopClass(40), hopClass(5));

// PINGs without an answer, the most that one neighbour counts; none once it has answered or is removed.
const silence = new Silence();
const hear = (kind, data) => silence.take({ kind: "notice", t: 0, data: { kind, subject: "p", ...data } });
hear("ping_missed", { count: 1 });
hear("ping_missed", { count: 2 });
hear("ping_missed", { count: 1 });
assert.equal(silence.pings.get("p"), 2);
hear("suspicion_cancelled", {});
assert.equal(silence.pings.size, 0);

// The clock's scale: a pause of a minute takes little more room than six votes in 6 ms; there and back is the same.
const scale = new TimeScale();
const times = [0, 0, 1000, 2000, 3000, 4000, 5000, 6000, 60_006_000, 60_007_000];
times.forEach((t, i) => scale.add(t, times[i - 1] ?? t));
assert.equal(scale.part(times, 0, 0) < 0.05, true);
assert.equal(scale.part(times, 0, 60_007_000), 1);
assert.ok(scale.part(times, 0, 6000) > 0.2, `${scale.part(times, 0, 6000)}`);
for (const t of [500, 3500, 6000, 30_000_000, 60_006_500]) {
  assert.ok(Math.abs(scale.time(times, 0, scale.part(times, 0, t)) - t) < 1, `${t}`);
}
console.log("all well");
