// @ts-check
// Wires the page: events in, commands out. Text from the network goes in as textContent, never as markup.
import { Model, condition, isEnded } from "./model.js";
import { Clock, elapsed, paces } from "./clock.js";
import { byId as $, element } from "./dom.js";
import { Graph, mostLinked, shape, shapes } from "./graph.js";
import { Menu, actsOn, verbs } from "./menu.js";
import { Panels, View, tabs } from "./panels.js";
import { Timeline } from "./timeline.js";

const timeline = new Timeline();
const model = new Model(timeline);
let clock = new Clock(model, true);
timeline.onForget = shift => model.reload(model.position - shift);
/** @type {string|null} */ let selected = null;
let dirty = true;

const timeOfDay = (/** @type {number} */ wall) => new Date(wall).toLocaleTimeString([], { hour12: false });
/** Of a recorded run the time since its beginning. @param {{wall?: number, t: number}} event */
const stamp = event => (clock.live && timeline.wallOffset !== null ? timeOfDay(event.wall ?? event.t / 1000 + timeline.wallOffset)
  : elapsed(event.t - timeline.start));
const nameOf = (/** @type {string} */ id) => model.nodes.get(id)?.name ?? id;

// ---------------------------------------------------------------- the token

const fragment = new URLSearchParams(location.hash.slice(1)).get("token");
if (fragment) sessionStorage.setItem("token", fragment);
const token = fragment ?? sessionStorage.getItem("token");
$("read-only").hidden = token !== null;
$("command").hidden = token === null;

// ---------------------------------------------------------------- events

/** A run that is over comes whole: in the page itself where it was exported, else from the server. */
async function begin() {
  const embedded = document.getElementById("recording");
  const source = embedded ? JSON.parse(embedded.textContent ?? "") : await (await fetch("api/source")).json();
  document.body.dataset.kind = source.kind;
  if (source.kind !== "live" && source.kind !== "demo") {
    $("shell").hidden = true;  // nothing can be done to what is over
    view.act = null;
  }
  $("demo").hidden = source.kind !== "demo";
  if (source.kind === "live") connect();
  else if (source.kind === "lesson") teach(source);
  else take(source);
}

/** A lesson has a network after the other. @param {any} source */
function teach(source) {
  const buttons = source.parts.map((/** @type {any} */ part, /** @type {number} */ at) => {
    const button = element("button", `${at + 1}. ${part.name || "the network"}`);
    button.addEventListener("click", () => begin(at));
    return button;
  });
  const begin = (/** @type {number} */ at) => {
    take({ kind: "lesson", title: source.title, frames: source.parts[at].frames });
    buttons.forEach((/** @type {HTMLElement} */ b, /** @type {number} */ i) => b.setAttribute("aria-pressed", String(i === at)));
    moveClock(() => clock.chapter(1));
  };
  $("parts").append(...buttons);
  $("parts").hidden = buttons.length < 2;
  begin(0);
}

/** @param {any} source */
function take(source) {
  timeline.clear();
  for (const [kind, data] of source.frames) timeline.add(kind, data);
  const { pace } = clock;
  clock = new Clock(model, false);
  if (demo) clock.pace = pace;
  model.reload(0);
  clock.step();
  showConnection("over", source.title);
  document.title = `gossipctl: ${source.title}`;
  if (source.kind === "demo") showDemo(source.plan);
  if (source.kind === "recording") fromAddress();
  refresh();
}

/** …#t=1.5: so many seconds after the start. */
function fromAddress() {
  const seconds = new URLSearchParams(location.hash.slice(1)).get("t");
  if (seconds !== null && Number(seconds) >= 0) moveClock(() => clock.seek(timeline.start + Number(seconds) * 1e6));
}
window.addEventListener("hashchange", fromAddress);

// ---------------------------------------------------------------- the demo

/** @type {{seeds: number, peers: number, links: number, loss: number, seed: string, acts: {t: number, command: string}[]} | null} */
let demo = null;

/** @param {any} plan */
function showDemo(plan) {
  demo = plan;
  for (const input of $("demo").querySelectorAll("input")) {
    input.value = plan[input.name];
    if (input.nextElementSibling) input.nextElementSibling.textContent = input.value;
    input.disabled = token === null;
  }
  $("demo-undo").disabled = token === null || plan.acts.length === 0;
}

/** The demo once more, from its beginning; why not, or nothing. @param {any} plan */
async function rerun(plan) {
  const lines = ["seeds", "peers", "links", "loss", "seed"].map(name => `${name} ${plan[name]}`)
    .concat(plan.acts.map((/** @type {any} */ act) => `at ${act.t} ${act.command}`));
  const response = await fetch("api/act", { method: "POST", body: lines.join("\n"), headers: { Authorization: "Bearer " + token } });
  const answer = await response.json();
  if (answer.error) return answer.error;
  take(answer);
}

/** Now, by the page's clock, and never after what would have come: that happens anew. @param {string} command */
async function actInDemo(command) {
  if (!demo) return;
  const t = model.time;
  const problem = await rerun({ ...demo, acts: [...demo.acts.filter(act => act.t <= t), { t, command }] });
  if (problem) return problem;
  const at = timeline.frames.findIndex(f => f.kind === "command" && f.t >= t && command.includes(f.data.text));
  moveClock(() => clock.goTo(timeline.next(at + 1)));  // to what it did
}

for (const input of $("demo").querySelectorAll("input")) {
  input.addEventListener("input", () => { if (input.nextElementSibling) input.nextElementSibling.textContent = input.value; });
  input.addEventListener("change", async () => {
    $("caption").textContent = await rerun({ ...demo, [input.name]: input.value, acts: [] }) ?? caption();
  });
}
$("demo-undo").addEventListener("click", () => rerun({ ...demo, acts: [] }));
$("demo").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());

function connect() {
  const events = new EventSource("api/events");
  let run = "";
  const on = (/** @type {string} */ kind, /** @type {(data: any) => void} */ take) =>
    events.addEventListener(kind, event => {
      take(JSON.parse(/** @type {MessageEvent} */ (event).data));
      grow();
    });
  on("state", state => {
    const same = run === state.event.split(".")[0];
    run = state.event.split(".")[0];
    if (same) return timeline.resume(state);
    timeline.reset(state);
    clock = new Clock(model, true);
    model.reload(timeline.length);
  });
  for (const kind of /** @type {const} */ (["node", "cluster", "line", "notice", "wave", "fault", "change"])) {
    on(kind, data => timeline.add(kind, data));
  }
  events.onopen = () => showConnection("live", "live");
  events.onerror = () => {
    showConnection("lost", "no answer; trying again");
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
}

function grow() {
  const before = model.position;
  clock.grown();
  animate(before);
  refresh();
}

/** The messages that travelled since `before`. @param {number} before */
function animate(before) {
  for (let at = Math.max(before, model.position - 400); at < model.position; ++at) {
    const { kind, data } = timeline.frames[at];
    if (kind === "wave") graph.wave(data);
  }
}

/** @param {string} kind @param {string} text */
function showConnection(kind, text) {
  $("connection").className = kind;
  $("connection").textContent = text;
}

// ---------------------------------------------------------------- commands

/** The one way to act: a command of the shell, shown with what it prints. @param {string} text */
async function run(text) {
  const output = $("output");
  output.append(element("pre", "gossip> " + text, { class: "typed" }));
  const result = element("pre");
  output.append(result);
  if (demo) {
    result.textContent = await actInDemo(text).catch(() => "no answer: is gossipctl still running?") ??
      `at ${elapsed(model.time - timeline.start)}; what comes after it was run anew`;
  } else {
    await runOnServer(text, result);
  }
  if (result.textContent === "") result.remove();
  while (output.childNodes.length > 200) output.firstChild.remove();
  output.scrollTop = output.scrollHeight;
}

/** @param {string} text @param {HTMLElement} result */
async function runOnServer(text, result) {
  try {
    const response = await fetch("api/cmd", {
      method: "POST", body: text, headers: { Authorization: "Bearer " + token, "Content-Type": "text/plain" },
    });
    const answer = await response.json();
    result.textContent = ((answer.output ?? "") + (answer.errors ?? answer.error ?? "")).trimEnd();
    if (!answer.ok) result.className = "failed";
  } catch {
    result.textContent = "no answer: is gossipctl still running?";
    result.className = "failed";
  }
}

/** @type {string[]} */ const history = [];
let recalled = 0;
$("command").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const field = $("command-text");
  const text = field.value.trim();
  if (text === "") return;
  history.push(text);
  recalled = history.length;
  field.value = "";
  run(text);
});
$("command-text").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
  if (step === 0) return;
  event.preventDefault();
  recalled = Math.max(0, Math.min(history.length, recalled + step));
  $("command-text").value = history[recalled] ?? "";
});

/** @param {string} verb */
function act(verb) {
  const node = selected && model.nodes.get(selected);
  if (node && token !== null && verbs.find(v => v.verb === verb)?.fits(node)) run(`${verb} ${node.name}`);
}

$("say").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const node = selected && model.nodes.get(selected);
  const text = $("say-text").value.trim();
  if (!node || text === "") return;
  $("say-text").value = "";
  run(`say ${node.name} ${text}`);
});

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
  const found = verbs.find(v => v.key === event.key);
  if (found) act(found.verb);
  const tab = tabs[Number(event.key) - 1];
  if (tab) panels.show(tab.name, true);
  if (event.key === "Escape") clearChoice();
  if (event.key === "g" && selected) toggle(selected);
  if (event.key === "a" && token !== null && !$("shell").hidden) askFor(event, "add 1", "1");
  if (event.key === "m" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) focusOn(event, null);
  if (event.key === "s" && !$("say").hidden) focusOn(event, $("say-text"));
  if (event.key === ":" && token !== null) focusOn(event, $("command-text"));
});

/** @param {Event} event @param {HTMLElement|null} field none: the menu */
function focusOn(event, field) {
  event.preventDefault();
  if (field) field.focus();
  else openMenu(selected);
}

// ---------------------------------------------------------------- the menu, and several nodes at once

/** @type {Set<string>} */ const group = new Set();
const menu = new Menu({ run, ask: (command, fill) => askFor(null, command, fill) });

/** In the shell's line, with what is to be decided marked. @param {Event|null} event @param {string} command @param {string} fill */
function askFor(event, command, fill) {
  event?.preventDefault();
  const field = $("command-text");
  field.value = command;
  field.focus();
  field.setSelectionRange(command.length - fill.length, command.length);
}

/** @param {string} id */
function toggle(id) {
  if (!group.delete(id)) group.add(id);
  refresh();
}

function clearChoice() {
  group.clear();
  select(null);
  refresh();
}

/** Of the group when the node is one of it or none is meant; else of the network. @param {string|null} id @param {{x: number, y: number}} [at] */
function openMenu(id, at) {
  if (token === null || $("shell").hidden) return;
  const ids = id !== null && !group.has(id) ? [id] : [...group];
  /** @type {any[]} */ const nodes = ids.map(i => model.nodes.get(i)).filter(n => n !== undefined);
  const { x, y } = at ?? placeOf(id);
  const acts = nodes.length > 0 && id !== null ? actsOn(nodes) : nodes.length > 0 ? actsOn(nodes).concat(actsOn([])) : actsOn([]);
  menu.open(nodes.length === 0 ? "the network" : nodes.map(n => n.name).join(", "), acts, x, y);
}

/** @param {string|null} id */
function placeOf(id) {
  const shown = id === null ? null : graph.boxOf(id);
  const box = shown ?? $("overlay").getBoundingClientRect();
  return { x: box.x + (shown ? box.width : 20), y: box.y + (shown ? box.height / 2 : 120) };
}

// ---------------------------------------------------------------- the clock

/** @param {() => void} move */
function moveClock(move) {
  const before = model.position;
  move();
  if (model.position > before) animate(model.position - before > 400 ? model.position : before);
  runClock();
  refresh();
}

let lastTick = 0;
let ticking = false;
function runClock() {
  if (ticking || clock.mode !== "playing") return;
  ticking = true;
  lastTick = performance.now();
  const tick = (/** @type {number} */ now) => {
    const before = model.position;
    if (clock.tick(Math.min(250, Math.max(0, now - lastTick)))) animate(before);
    lastTick = now;
    refresh();
    ticking = clock.mode === "playing";
    if (ticking) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

const moves = {
  "clock-start": () => clock.goTo(timeline.first),
  "clock-last": () => clock.chapter(-1),
  "clock-back": () => clock.back(),
  "clock-play": () => (clock.mode === "paused" ? clock.play() : clock.pause()),
  "clock-step": () => clock.step(),
  "clock-next": () => clock.chapter(1),
  "clock-live": () => clock.follow(),
};
for (const [id, move] of Object.entries(moves)) $(id).addEventListener("click", () => moveClock(move));
for (const pace of paces) $("clock-pace").append(element("option", pace.name));
$("clock-pace").addEventListener("change", () => { clock.pace = paces[$("clock-pace").selectedIndex]; });
$("clock-slider").addEventListener("input", () => {
  const { start, end } = timeline;
  moveClock(() => clock.seek(start + (end - start) * Number($("clock-slider").value) / 1000));
});

/** @type {Record<string, () => void>} */
const clockKeys = {
  " ": moves["clock-play"], ",": moves["clock-back"], ".": moves["clock-step"], "[": moves["clock-last"], "]": moves["clock-next"],
  Home: moves["clock-start"], End: moves["clock-live"],
  "+": () => { clock.pace = paces[Math.min(paces.length - 1, paces.indexOf(clock.pace) + 1)]; },
  "-": () => { clock.pace = paces[Math.max(0, paces.indexOf(clock.pace) - 1)]; },
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
  if (event.key === " " && event.target instanceof HTMLButtonElement) return;  // it presses that one
  if (!clockKeys[event.key]) return;
  event.preventDefault();
  moveClock(clockKeys[event.key]);
});

/** @param {EventTarget|null} target */
function takesText(target) {
  return target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "range");
}

let shownMarks = "";
function drawClock() {
  const { start, end, chapters, first } = timeline;
  const span = Math.max(1, end - start);
  const part = (/** @type {number} */ t) => Math.max(0, Math.min(1, (t - start) / span));
  const slider = $("clock-slider");
  const time = clock.mode === "playing" && !clock.pace.steps ? Math.min(clock.time, end) : model.time;
  slider.value = clock.mode === "following" ? 1000 : 1000 * part(time);
  const wall = demo || timeline.wallOffset === null ? "" : ` · ${timeOfDay(time / 1000 + timeline.wallOffset)}`;
  $("clock-time").textContent = `${elapsed(time - start)} of ${elapsed(end - start)}${wall}`;
  slider.setAttribute("aria-valuetext", $("clock-time").textContent);
  $("clock-play").textContent = clock.mode === "paused" ? "play" : "pause";
  $("clock-live").textContent = clock.live ? "▶| live" : "▶| end";
  $("clock-live").disabled = clock.mode === "following" || (!clock.live && clock.atEnd);
  $("clock-back").disabled = $("clock-start").disabled = model.position <= first;
  $("clock-pace").selectedIndex = paces.indexOf(clock.pace);
  document.body.classList.toggle("past", clock.live && clock.mode !== "following");
  const width = $("clock-marks").clientWidth;
  const key = `${width} ${chapters.length} ${start} ${end}`;
  if (key !== shownMarks) drawMarks(chapters.filter(c => c.at >= first), part, width);
  shownMarks = key;
  $("caption").textContent = caption();
  const phase = timeline.lastPhase(model.position);
  $("told").hidden = document.body.dataset.kind !== "lesson" || !phase || caption().endsWith(phase.say);
  $("told").textContent = phase ? `${phase.title}: ${phase.say}` : "";
}

/** @param {import("./timeline.js").Chapter[]} chapters @param {(t: number) => number} part @param {number} width */
function drawMarks(chapters, part, width) {
  $("clock-marks").replaceChildren(...chapters.slice(-500).map(chapter => {
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
    mark.setAttribute("class", chapter.mark === "§" ? "phase" : tones[chapter.mark] ?? "");
    const x = 8 + (width - 16) * part(chapter.t);
    mark.setAttribute("d", chapter.mark === "-" ? `M${x - 4} 2h8l-4 7z` : chapter.mark === "+" ? `M${x - 4} 9h8l-4 -7z` : `M${x - 1} 0h2v11h-2z`);
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = chapter.text;
    mark.append(title);
    mark.addEventListener("click", () => moveClock(() => clock.enter(chapter)));
    return mark;
  }));
}

/** The sentence of the event that led here. */
function caption() {
  const event = timeline.eventBefore(model.position);
  if (!event) return clock.live ? "Nothing has happened since this page was opened." : "The beginning.";
  const { kind, data } = event;
  if (kind === "command") return `gossip> ${data.text}`;
  if (kind === "fault") return `From now on: ${data.text}`;
  if (kind === "phase") return data.number === 0 ? `${data.title}: ${data.say}` : `${data.title}. ${data.say}`;
  return data.say + ".";
}

// ---------------------------------------------------------------- showing it

/** @param {string|null} id */
function select(id) {
  if (id === selected) return;
  selected = id;
  refresh();
}

/** Many events, one drawing. */
function refresh() {
  if (dirty) return;
  dirty = true;
  requestAnimationFrame(draw);
}

function draw() {
  dirty = false;
  const suspected = model.suspected();
  drawNumbers(suspected);
  for (const id of group) if (!model.nodes.has(id)) group.delete(id);
  graph.group = group;
  graph.message = model.nodes.size > mostLinked ? view.spread().find(view.message) : undefined;
  $("group").textContent = group.size === 0 ? "" : `Group: ${[...group].map(nameOf).join(", ")}. g adds and takes out, m acts on it, Esc ends it.`;
  graph.draw(model, selected, clock.mode === "following" ? null : timeline.eventBefore(model.position));
  drawTable(suspected);
  drawNode(suspected);
  drawLog();
  drawClock();
  view.selected = selected;
  panels.draw();
}

/** @param {Set<string>} suspected */
function drawNumbers(suspected) {
  const nodes = [...model.nodes.values()];
  const alive = (/** @type {string} */ role) => nodes.filter(n => n.role === role && n.state === "alive").length;
  const cluster = model.cluster;
  if (!cluster) return;
  const quorum = cluster.quorum ? `${cluster.supporters} of ${cluster.seeds} agree` : `no quorum (${cluster.need})`;
  const numbers = [
    ["seeds alive", `${alive("seed")} / ${cluster.seeds}`, alive("seed") < cluster.seeds],
    ["on one list", quorum, !cluster.quorum],
    ["epoch", String(cluster.epoch), false],
    ["members", String(cluster.members), false],
    ["peers alive", String(alive("peer")), false],
    ["links", String(model.links().filter(l => l.both).length), false],
    ["suspected", String(suspected.size), suspected.size > 0],
  ];
  $("numbers").replaceChildren(...numbers.map(([name, value, alarm]) => {
    const box = element("div", "", alarm ? { class: "alarm" } : {});
    box.append(element("dt", String(name)), element("dd", String(value)));
    return box;
  }));
}

const glyphs = {
  alive: "●", joining: "◌", suspected: "▲", paused: "■", leaving: "◆", left: "◇", killed: "✕", died: "✕", elsewhere: "○",
};
const columns = [
  { title: "node", value: n => n.name },
  { title: "role", value: n => n.role },
  { title: "state", value: (n, suspected) => condition(n, suspected), condition: true },
  { title: "degree", value: n => (n.role === "peer" ? n.degree : ""), number: true },
  { title: "epoch", value: n => n.epoch, number: true },
  { title: "list", value: n => (n.role === "seed" ? n.digest : n.listed ? "member" : "not listed") },
  { title: "linked to", value: n => (n.links ?? []).map(nameOf).join(" ") },
  { title: "faults", value: n => n.faults ?? "" },
  { title: "pid", value: n => n.pid ?? "", number: true },
];
for (const column of columns) $("columns").append(element("th", column.title, column.number ? { class: "number" } : {}));

/** Rows are kept, so that focus and scrolling are. @type {Map<string, HTMLTableRowElement>} */
const rows = new Map();

/** @param {Set<string>} suspected */
function drawTable(suspected) {
  const nodes = model.sorted();
  const body = $("rows");
  for (const [id, row] of rows) {
    if (!model.nodes.has(id)) {
      row.remove();
      rows.delete(id);
    }
  }
  nodes.forEach((node, at) => {
    let row = rows.get(node.id);
    if (!row) {
      row = newRow(node.id);
      rows.set(node.id, row);
    }
    if (body.children[at] !== row) body.insertBefore(row, body.children[at] ?? null);
    fillRow(row, node, suspected);
    row.tabIndex = node.id === (selected ?? nodes[0].id) ? 0 : -1;
  });
}

/** @param {string} id */
function newRow(id) {
  const row = document.createElement("tr");
  for (const column of columns) row.append(element("td", "", column.number ? { class: "number" } : {}));
  row.addEventListener("click", event => {
    select(id);
    if (event.shiftKey) toggle(id);
  });
  row.addEventListener("contextmenu", event => {
    event.preventDefault();
    select(id);
    openMenu(id, { x: event.clientX, y: event.clientY });
  });
  row.addEventListener("focus", () => select(id));
  row.addEventListener("keydown", event => {
    const next = event.key === "ArrowDown" ? row.nextElementSibling : event.key === "ArrowUp" ? row.previousElementSibling : null;
    if (next instanceof HTMLElement) focusOn(event, next);
  });
  return row;
}

/** @param {HTMLTableRowElement} row @param {any} node @param {Set<string>} suspected */
function fillRow(row, node, suspected) {
  row.setAttribute("aria-selected", String(node.id === selected));
  row.classList.toggle("grouped", group.has(node.id));
  columns.forEach((column, at) => {
    const cell = row.cells[at];
    const text = String(column.value(node, suspected));
    if (cell.textContent !== text) cell.textContent = text;
    if (!column.condition) return;
    cell.className = "condition " + text;
    cell.dataset.shape = glyphs[text] ?? "○";
  });
}

/** @param {Set<string>} suspected */
function drawNode(suspected) {
  const node = selected === null ? undefined : model.nodes.get(selected);
  $("say").hidden = !node || node.role !== "peer" || node.state !== "alive" || token === null;
  if (!node) {
    $("node-title").textContent = "No node selected";
    $("node-facts").textContent = "Click a node in the graph or the table, or move through the table with the arrow keys.";
    $("actions").replaceChildren();
    $("life").replaceChildren();
    return;
  }
  $("node-title").textContent = `${node.role === "seed" ? "Seed" : "Peer"} ${node.name}: ${condition(node, suspected)}`;
  $("node-facts").textContent = facts(node);
  drawActions(node);
  $("life").replaceChildren(...model.life(node.id).map(notice => {
    const item = element("li");
    item.append(element("time", stamp(notice)), notice.say);
    return item;
  }));
}

/** @param {any} node */
function facts(node) {
  const parts = [`epoch ${node.epoch}`];
  if (node.role === "seed") parts.push(`${node.members} members, list ${node.digest}`, node.voting ? "votes" : "does not vote");
  else parts.push(node.listed ? "member" : "not a member", `linked to ${(node.links ?? []).map(nameOf).join(", ") || "nobody"}`);
  if (node.suspects?.length) parts.push(`suspects ${node.suspects.map(nameOf).join(", ")}`);
  if (node.faults) parts.push(`faults: ${node.faults}`);
  if (node.pid) parts.push(`pid ${node.pid}`);
  return parts.join(" · ");
}

/** Buttons are kept while they stay the same: a click may be under way. @param {any} node */
function drawActions(node) {
  const key = node.id + node.state;
  if ($("actions").dataset.key === key && $("actions").childNodes.length > 0) return;
  $("actions").dataset.key = key;
  $("actions").replaceChildren(...verbs.map(({ verb, key: letter, fits }) => {
    const button = /** @type {HTMLButtonElement} */ (element("button", "", { title: `the command: ${verb} ${node.name}` }));
    button.append(element("code", `${verb} ${node.name}`), " ", element("kbd", letter));
    button.disabled = token === null || !fits(node);
    button.addEventListener("click", () => act(verb));
    return button;
  }));
}

const tones = { "+": "good", "=": "good", "-": "bad", "!": "bad", "?": "doubt", ">": "said" };
/** @type {import("./model.js").Line|undefined} */ let shownLine, firstLine;

function drawLog() {
  const { lines } = model;
  if (lines.at(-1) === shownLine && lines[0] === firstLine) return;
  shownLine = lines.at(-1);
  firstLine = lines[0];
  $("log").replaceChildren(...lines.reverse().map(line => {
    const item = element("li", "", { class: tones[line.mark] ?? "" });
    item.append(element("time", stamp(line)), element("span", line.mark, { class: "mark" }), " " + line.text);
    return item;
  }));
}

for (const state of ["alive", "joining", "suspected", "paused", "killed", "left"]) {
  const item = element("li", "", { class: state });
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "-9 -9 18 18");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shape(state, 90));
  if (shapes[state] === "cross") path.setAttribute("transform", "rotate(45)");
  icon.append(path);
  item.append(icon, state);
  $("legend").append(item);
}

const graph = new Graph($("graph"), {
  select, toggle, menu: openMenu,
  lasso: ids => {
    group.clear();
    for (const id of ids) group.add(id);
    refresh();
  },
});
const view = new View(model, { select, stamp, act: token === null ? null : run, place: $("panel"), changed: () => panels.refresh() });
const panels = new Panels(view);
panels.show("nodes");
dirty = false;
begin();
refresh();
Object.assign(window, { gossipctl: { model, timeline, view, panels, graph, group, run, select, get clock() { return clock; } } });  // for tests and the curious
