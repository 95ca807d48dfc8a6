// @ts-check
// Wires the page: events in, commands out. Text from the network goes in as textContent, never as markup.
import { Model, condition, isEnded } from "./model.js";
import { Graph, shape, shapes } from "./graph.js";

const model = new Model();
/** @type {string|null} */ let selected = null;
let dirty = true;

const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
/** @param {string} tag @param {string} [text] @param {Record<string, string>} [attributes] */
function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
const clock = (/** @type {number} */ wall) => new Date(wall).toLocaleTimeString([], { hour12: false });
const nameOf = (/** @type {string} */ id) => model.nodes.get(id)?.name ?? id;

// ---------------------------------------------------------------- the token

const fragment = new URLSearchParams(location.hash.slice(1)).get("token");
if (fragment) sessionStorage.setItem("token", fragment);
const token = fragment ?? sessionStorage.getItem("token");
$("read-only").hidden = token !== null;
$("command").hidden = token === null;

// ---------------------------------------------------------------- events

function connect() {
  const source = new EventSource("/events");
  const on = (/** @type {string} */ kind, /** @type {(data: any) => void} */ take) =>
    source.addEventListener(kind, event => {
      take(JSON.parse(/** @type {MessageEvent} */ (event).data));
      refresh();
    });
  on("state", state => model.reset(state));
  on("node", node => model.node(node, performance.now()));
  on("cluster", cluster => { model.cluster = cluster; });
  on("line", line => model.line(line));
  on("notice", notice => model.notice(notice));
  on("wave", wave => graph.wave(wave));
  source.onopen = () => showConnection("live", "live");
  source.onerror = () => {
    showConnection("lost", "no answer; trying again");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
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
  try {
    const response = await fetch("/command", {
      method: "POST", body: text, headers: { Authorization: "Bearer " + token, "Content-Type": "text/plain" },
    });
    const answer = await response.json();
    result.textContent = ((answer.output ?? "") + (answer.errors ?? answer.error ?? "")).trimEnd();
    if (!answer.ok) result.className = "failed";
  } catch {
    result.textContent = "no answer: is gossipctl still running?";
    result.className = "failed";
  }
  if (result.textContent === "") result.remove();
  while (output.childNodes.length > 200) output.firstChild.remove();
  output.scrollTop = output.scrollHeight;
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
  event.target.value = history[recalled] ?? "";
});

const verbs = [
  { verb: "kill", key: "k", fits: n => !isEnded(n) },
  { verb: "stop", key: "t", fits: n => !isEnded(n) && n.state !== "leaving" },
  { verb: "pause", key: "p", fits: n => n.state === "alive" },
  { verb: "resume", key: "u", fits: n => n.state === "paused" },
  { verb: "restart", key: "r", fits: () => true },
];

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
  if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
  const found = verbs.find(v => v.key === event.key);
  if (found) act(found.verb);
  if (event.key === "Escape") select(null);
  if (event.key === "s" && !$("say").hidden) focusOn(event, $("say-text"));
  if (event.key === ":" && token !== null) focusOn(event, $("command-text"));
});

/** @param {Event} event @param {HTMLElement} field */
function focusOn(event, field) {
  event.preventDefault();
  field.focus();
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
  graph.draw(model, selected, performance.now());
  drawTable(suspected);
  drawNode(suspected);
  drawLog();
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
  row.addEventListener("click", () => select(id));
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
    item.append(element("time", clock(notice.wall)), describe(notice));
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

const words = {
  proposal_opened: n => (n.add ? "proposes to add it" : "proposes to remove it"),
  vote_cast: n => `votes ${n.yes ? "yes" : "no"} on ${n.add ? "adding" : "removing"} it`,
  approved: n => `${n.add ? "admission" : "removal"} approved, ${n.count} of ${n.of} votes`,
  rejected: n => `${n.add ? "admission" : "removal"} rejected`,
  member_added: n => `lists it from epoch ${n.epoch} on`,
  member_removed: n => `strikes it off its list, epoch ${n.epoch}`,
  suspected: () => "suspects it",
  statement_given: () => "is a witness and has probed it",
  peer_consensus: n => `has ${n.count} of ${n.of} witnesses who confirm that it is dead`,
  suspicion_cancelled: () => "no longer suspects it",
  refuted: () => "says that it is alive",
  dead_reported: n => `reports it dead to seed ${nameOf(n.other ?? "")}`,
  report_received: n => `was told by ${nameOf(n.other ?? "")} that it is dead`,
  case_opinion: n => (n.yes ? "a seed could not reach it either" : "a seed reaches it"),
  registration_complete: () => "is registered",
};

/** @param {import("./model.js").Notice} notice */
function describe(notice) {
  const say = words[notice.kind];
  const text = `${nameOf(notice.node)} ${say ? say(notice) : notice.kind.replaceAll("_", " ")}`;
  const more = notice.text && notice.kind !== "report_received" && notice.kind !== "dead_reported" ? `: ${notice.text}` : "";
  return text + more;
}

const tones = { "+": "good", "=": "good", "-": "bad", "!": "bad", "?": "doubt", ">": "said" };
/** @type {import("./model.js").Line|undefined} */ let shownLine;

function drawLog() {
  const newest = model.lines.at(-1);
  if (newest === shownLine) return;
  shownLine = newest;
  $("log").replaceChildren(...[...model.lines].reverse().map(line => {
    const item = element("li", "", { class: tones[line.mark] ?? "" });
    item.append(element("time", clock(line.wall)), element("span", line.mark, { class: "mark" }), " " + line.text);
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

const graph = new Graph($("graph"), { select });
// Who has ended leaves the picture after a while, without an event.
setInterval(() => { if (model.ended.size > 0) refresh(); }, 5000);
dirty = false;
connect();
refresh();
Object.assign(window, { gossipctl: { model, run, select } });  // for tests and the curious
