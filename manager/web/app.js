// @ts-check
// Puts the page together: frames in, commands out. Text from the network goes in as textContent, never as markup.
import { Clock } from "./clock.js";
import { ClockBar } from "./clock_bar.js";
import { Demo } from "./demo.js";
import { byId, oncePerFrame } from "./dom.js";
import { EventLog } from "./event_log.js";
import { Graph, mostLinked } from "./graph.js";
import { addKeys } from "./keys.js";
import { drawLegend } from "./legend.js";
import { Model } from "./model.js";
import { NodeCard } from "./node_card.js";
import { NodeMenu } from "./node_menu.js";
import { NodeTable } from "./node_table.js";
import { drawNumbers } from "./numbers.js";
import { Panels, View } from "./panels.js";
import { Selection } from "./selection.js";
import { Shell, runOnServer } from "./shell.js";
import { Source } from "./source.js";
import { Timeline } from "./timeline.js";
import { takeToken } from "./token.js";

const framesAnimated = 400;

const token = takeToken();
const timeline = new Timeline();
const model = new Model(timeline);
timeline.onForget = shift => model.reload(model.position - shift);
const clock = new Clock(model, true);
const refresh = oncePerFrame(draw);
const selection = new Selection(refresh);
const select = (/** @type {string|null} */ id) => selection.select(id);

const source = new Source(clock, { opened, grown: before => { animate(before); refresh(); }, taken });
const bar = new ClockBar(clock, { passed: animate, changed: refresh });
const demo = new Demo(clock, token, { take: answer => source.take(answer), move: move => bar.move(move) });
const shell = new Shell(token, command => (demo.plan ? demo.run(command) : runOnServer(token, command)));
const run = (/** @type {string} */ command) => shell.run(command);

/** @type {Graph} */
const graph = new Graph(byId("graph"), {
  select,
  toggle: id => selection.toggle(id),
  lasso: ids => selection.setGroup(ids),
  menu: (id, at) => menu.open(id, at),
});
const menu = new NodeMenu(model, selection, graph, shell);
const table = new NodeTable(model, selection, (id, at) => menu.open(id, at));
const card = new NodeCard(clock, selection, shell);
const log = new EventLog(clock);
const view = new View(model, {
  select,
  stamp: event => clock.stamp(event),
  act: token === null ? null : run,
  place: byId("panel"),
  changed: () => panels.refresh(),
});
/** @type {Panels} */
const panels = new Panels(view);

/** @param {string} kind of what is shown */
function opened(kind) {
  byId("demo").hidden = kind !== "demo";
  if (kind === "live" || kind === "demo") return;
  shell.hide();
  view.act = null;
}

/** Another run is shown. @param {any} shown */
function taken(shown) {
  if (shown.kind === "demo") demo.show(shown.plan);
  if (shown.kind === "lesson") bar.move(() => clock.chapter(1));
  if (shown.kind === "recording") bar.followAddress();
  refresh();
}

/** The messages that travelled since. @param {number} before a position */
function animate(before) {
  graph.animate(timeline.frames.slice(Math.max(before, model.position - framesAnimated), model.position));
}

function draw() {
  const suspected = model.suspected();
  selection.keepOnly(model.nodes);
  drawNumbers(model, suspected);
  graph.group = selection.group;
  graph.message = model.nodes.size > mostLinked ? view.spread().find(view.message) : undefined;
  graph.draw(model, selection.node, clock.mode === "following" ? null : timeline.eventBefore(model.position));
  table.draw(suspected);
  card.draw(suspected);
  log.draw();
  bar.draw();
  view.selected = selection.node;
  panels.draw();
}

drawLegend();
panels.show("nodes");
addKeys({ card, menu, panels, selection, shell });
source.open();
refresh();
// For tests and the curious.
const { group } = selection;
Object.assign(window, { gossipctl: { model, timeline, view, panels, graph, group, run, select, clock } });
