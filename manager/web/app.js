// @ts-check
// Puts the page together: frames in, commands out. Text from the network goes in as textContent, never as markup.
import { Clock } from "./clock.js";
import { ClockBar } from "./clock_bar.js";
import { Demo } from "./demo.js";
import { byId, oncePerFrame } from "./dom.js";
import { EventLog } from "./event_log.js";
import { Graph } from "./graph.js";
import { KeyHelp } from "./key_help.js";
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
import { Phases } from "./stage/phases.js";
import { Presenter } from "./stage/presenter.js";
import { tallies } from "./stage/seed_text.js";
import { isShown } from "./stage/wave.js";
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

const source = new Source(clock, { opened, ended, grown: before => { animate(before); refresh(); }, taken });
const bar = new ClockBar(clock, { passed: animate, jumped: () => graph.courier.clear(), changed: refresh });
const phases = new Phases(clock, move => bar.move(move));
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
  ended();
}

/** Nothing can be done to what is over. */
function ended() {
  shell.hide();
  view.act = null;
  refresh();
}

/** Another run is shown. @param {any} shown */
function taken(shown) {
  if (shown.kind === "demo") demo.show(shown.plan);
  if (shown.kind === "lesson") bar.move(() => clock.chapter(1));
  if (shown.kind === "recording") bar.followAddress();
  refresh();
}

/** What was said since. @param {number} before a position */
function animate(before) {
  const frames = timeline.frames.slice(Math.max(before, model.position - framesAnimated), model.position);
  graph.animate(frames, view.votes(), view.spread());
}

/** What the stage shows of this moment. @returns {import("./graph.js").Scene} */
function scene() {
  const message = view.spread().find(view.message);
  return {
    selected: selection.node, group: selection.group, wave: isShown(message, view.acts(), model.time),
    event: clock.mode === "following" ? null : timeline.eventBefore(model.position), message,
    unanswered: view.silence().pings, tallies: tallies(view.votes().cases, model.time, view.name),
  };
}

function draw() {
  const suspected = model.suspected();
  selection.keepOnly(model.nodes);
  drawNumbers(model, suspected);
  graph.draw(model, scene());
  table.draw(suspected);
  card.draw(suspected);
  log.draw();
  bar.draw();
  phases.draw();
  view.selected = selection.node;
  panels.draw();
}

drawLegend();
panels.show("nodes");
const presenter = new Presenter(graph);
addKeys({ card, help: new KeyHelp(), menu, panels, presenter, selection, shell });
source.open();
refresh();
// For tests and the curious.
const { group } = selection;
Object.assign(window, { gossipctl: { model, timeline, view, panels, graph, group, run, select, clock } });
