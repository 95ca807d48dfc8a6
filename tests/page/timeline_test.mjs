// The page's time line and model without a browser: node timeline_test.mjs FOLDER_OF_MODULES SOURCE.json
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [web, sourceFile] = process.argv.slice(2);
const folder = mkdtempSync(join(process.cwd(), "modules-"));
writeFileSync(join(folder, "package.json"), '{"type":"module"}');
cpSync(web, folder, { recursive: true });
const { Timeline } = await import(join(folder, "timeline.js"));
const { Model } = await import(join(folder, "model.js"));
const { Clock, paces, elapsed } = await import(join(folder, "clock.js"));

const source = JSON.parse(readFileSync(sourceFile, "utf8"));
const fill = timeline => { for (const [kind, data] of source.frames) timeline.add(kind, data); return timeline; };
const timeline = fill(new Timeline());
assert.ok(timeline.length > 300);
const known = ({ nodes, cluster, lines, notices }) => ({ nodes: [...nodes].sort(), cluster, lines, notices });

// One frame at a time, by jumping there from anywhere, and from a time line that ends there: the same.
const walking = new Model(timeline);
const jumping = new Model(timeline);
for (let position = 0; position <= timeline.length; ++position) {
  walking.moveTo(position);
  if (position % 7) continue;
  jumping.moveTo((position * 7919) % timeline.length);
  jumping.reload(position);
  assert.deepEqual(known(jumping), known(walking), `position ${position}`);
  if (position % 49) continue;
  const cut = new Timeline();
  for (const [kind, data] of source.frames.slice(0, position)) cut.add(kind, data);
  const present = new Model(cut);
  present.moveTo(position);
  assert.deepEqual(known(present), known(walking), `position ${position}`);
}

// A peer is shown at the epoch it registered with as soon as it says so, and at none before it from then on.
const registered = ({ kind, data }) => kind === "notice" && data.kind === "registration_complete";
const registrations = timeline.frames.flatMap((frame, i) => registered(frame) ? [i] : []);
assert.equal(registrations.length, 8);
for (const i of registrations) {
  const { node, epoch } = timeline.frames[i].data;
  jumping.moveTo(timeline.settled(i + 1));
  const shown = jumping.nodes.get(node).epoch;
  assert.ok(epoch > 0 && shown >= epoch, `${node}: ${shown} after ${epoch}`);
}
const epochs = new Map();
for (const { kind, data } of timeline.frames) {
  if (kind !== "node" || data.role !== "peer") continue;
  assert.ok(data.epoch >= (epochs.get(data.id) ?? 0), data.id);
  epochs.set(data.id, data.epoch);
}

// A step forward and one back lead to where one was; steps lead through every event.
const clock = new Clock(new Model(timeline), false);
let steps = 0;
for (; !clock.atEnd; ++steps) {
  const before = clock.model.position;
  clock.step();
  const after = clock.model.position;
  assert.ok(after > before);
  clock.back();
  clock.step();
  assert.equal(clock.model.position, after);
}
const eventKinds = ["notice", "wave", "fault", "command", "phase", "finding", "change"];
assert.equal(steps, timeline.frames.filter(f => eventKinds.includes(f.kind)).length);
for (let i = 0; i < steps; ++i) clock.back();
assert.ok(clock.model.position <= timeline.next(0));

// Chapters: there are some, forwards and backwards.
clock.goTo(0);
const seen = [];
for (clock.chapter(1); !clock.atEnd; clock.chapter(1)) seen.push(clock.model.position);
assert.ok(seen.length >= 4, `${seen}`);
clock.chapter(-1);
assert.ok(timeline.chapters.some(c => timeline.settled(c.at + 1) === clock.model.position));
assert.ok(timeline.chapters.some(c => c.text === "7003 killed"));

// Playing: the network's time times the pace; events a second.
clock.goTo(0);
clock.pace = paces.find(p => p.name === "1/10×");
clock.play();
for (let i = 0; i < 10; ++i) clock.tick(100);
assert.ok(Math.abs(clock.time - 100000) < 1, `${clock.time}`);
assert.equal(clock.model.position, timeline.positionAt(100000));
clock.goTo(0);
clock.pace = paces.find(p => p.name === "3 events/s");
clock.play();
clock.tick(1000);
assert.equal(clock.model.position, [1, 2, 3, 4].reduce(p => timeline.next(p), 0));
clock.pause();
assert.equal(clock.tick(10000), false);

// Live: paused, it collects and stays; following again, it is at the end.
const growing = new Timeline();
const live = new Clock(new Model(growing), true);
source.frames.forEach(([kind, data], i) => {
  if (i === 100) live.pause();
  growing.add(kind, data);
  live.grown();
});
assert.equal(live.model.position, 100);
live.play();
for (let i = 0; i < 1000 && live.mode !== "following"; ++i) live.tick(1000);
assert.equal(live.mode, "following");
walking.moveTo(timeline.length);
assert.deepEqual(known(live.model), known(walking));

// The oldest go when there are too many; what they led to stays.
const small = new Timeline(200);
const kept = new Model(small);
small.onForget = shift => kept.reload(kept.position - shift);
for (const [kind, data] of source.frames) {
  small.add(kind, data);
  kept.moveTo(small.length);
}
assert.ok(small.length <= 200 && small.first > 0);
const plain = model => [...model.nodes.values()].map(({ t, ...rest }) => rest).sort((a, b) => (a.id < b.id ? -1 : 1));
assert.deepEqual(plain(kept), plain(walking));
assert.equal(elapsed(62_345_000), "1:02.345");
console.log("all well");
