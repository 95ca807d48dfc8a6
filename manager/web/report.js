// @ts-check
// A recorded run: the same model and graph as the live page's, driven by a clock that goes both ways.
// What is shown at a time follows from the events up to it, and from nothing else.
import { Model, condition, isEnded } from "./model.js";
import { Graph, shape } from "./graph.js";

/** @typedef {any[]} Event  [µs since the start, kind, …]; manager/run_html.cpp writes them */

const run = JSON.parse(/** @type {HTMLElement} */ (document.querySelector("#run")).textContent ?? "");
const chart = /** @type {any} */ (window).d3;
const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

const chapterKinds = new Set(["f", "c"]);
const linesShown = 200;
const wavesAhead = 40;  // events of one step of the clock that are drawn as waves

/** Nodes as the events say, not a time line's. */
class FoldedModel extends Model {
  /** @type {any[]} */ notices = [];
  time = 0;

  /** @param {any} node */
  node(node) { this.nodes.set(node.id, node); }
}

/** What the events have come to. */
class Folded {
  constructor() {
    this.at = 0;  // events taken
    this.model = new FoldedModel();
    this.receipts = run.messages.map(() => ({ count: 0, hops: 0, last: 0, begun: -1 }));
    this.deliveries = 0;
    /** @type {Event[]} */ this.lines = [];
    this.lists = new Map();
  }

  /** From the first time that it is spoken of. @param {number} n @returns {any} */
  node(n) {
    const known = this.model.nodes.get(run.nodes[n].id);
    if (known) return known;
    const node = { ...run.nodes[n], state: "elsewhere", epoch: 0, digest: "", listed: false, links: [], suspects: [],
      voting: true, members: 0, degree: 0 };
    this.model.node(node);
    return node;
  }

  /** @param {Event} e */
  take(e) {
    ++this.at;
    const [t, kind, a, b, c] = e;
    if (kind === "s") this.state(a, b, t);
    else if (kind === "+") add(this.node(a).links, run.nodes[b].id);
    else if (kind === "-") remove(this.node(a).links, run.nodes[b].id);
    else if (kind === "m") this.list(a, b, c, e[5]);
    else if (kind === "?") add(this.node(a).suspects, run.nodes[b].id);
    else if (kind === "!") remove(this.node(a).suspects, run.nodes[b].id);
    else if (kind === "e") this.node(a).epoch = Math.max(this.node(a).epoch, b);
    else if (kind === "g") this.receipts[a].begun = t;
    else if (kind === "d") this.receipt(a, e[5], t);
    else if (kind === "l" || kind === "c" || kind === "x" || kind === "f") this.lines.push(e);
    else if (kind === "p") {
      this.model.notices.push({ kind: "step", node: run.nodes[a].id, subject: run.nodes[b].id, text: c, yes: false,
        add: false, wall: t / 1000 });
    }
  }

  /** @param {number} n @param {string} state @param {number} t */
  state(n, state, t) {
    const node = this.node(n);
    node.state = state;
    if (state === "starting") Object.assign(node, { links: [], suspects: [] });
    if (isEnded(node)) {
      Object.assign(node, { links: [], suspects: [] });
      node.t = t;
    }
  }

  /** @param {number} n @param {number} epoch @param {string} digest @param {number[]} ids */
  list(n, epoch, digest, ids) {
    Object.assign(this.node(n), { epoch, digest, members: ids.length });
    this.lists.set(n, { key: epoch + " " + digest, ids });
  }

  /** @param {number} m @param {number} hop @param {number} t */
  receipt(m, hop, t) {
    const r = this.receipts[m];
    ++r.count;
    ++this.deliveries;
    r.hops = Math.max(r.hops, hop);
    r.last = t;
  }

  /** The list that most live seeds hold. */
  settle() {
    const held = new Map();
    let best = { count: 0, ids: /** @type {number[]} */ ([]), key: "" };
    for (const [n, list] of this.lists) {
      if (this.node(n).state !== "alive") continue;
      const count = (held.get(list.key) ?? 0) + 1;
      held.set(list.key, count);
      if (count > best.count) best = { count, ids: list.ids, key: list.key };
    }
    const listed = new Set(best.ids.map(n => run.nodes[n].id));
    for (const node of this.model.nodes.values()) {
      if (node.role !== "peer") continue;
      node.listed = listed.has(node.id);
      node.degree = node.links?.length ?? 0;
    }
    return { supporters: best.count, epoch: best.key.split(" ")[0], members: best.ids.length };
  }
}

/** @param {string[]} list @param {string} id */
function add(list, id) { if (!list.includes(id)) list.push(id); }
/** @param {string[]} list @param {string} id */
function remove(list, id) {
  const at = list.indexOf(id);
  if (at >= 0) list.splice(at, 1);
}

/** @param {number} us */
function ms(us) { return us < 1e6 ? (us / 1000).toFixed(us < 10000 ? 2 : 0) + " ms" : (us / 1e6).toFixed(2) + " s"; }

class Report {
  constructor() {
    this.time = 0;
    this.playing = false;
    /** @type {string|null} */ this.selected = null;
    this.message = run.messages.length - 1;
    this.folded = new Folded();
    this.graph = new Graph($("graph"), { select: id => this.select(id) });
    this.chapters = run.events.filter(this.isChapter).map((/** @type {Event} */ e) => e[0]);
    this.describe();
    this.density();
    this.listen();
    this.fromAddress();
  }

  /** @param {Event} e */
  isChapter(e) {
    return chapterKinds.has(e[1]) || (e[1] === "s" && ["killed", "died", "paused"].includes(e[3])) ||
      (e[1] === "l" && e[2] === "-");
  }

  describe() {
    document.title = "gossipctl run " + run.id;
    $("about").textContent = `${run.id} · seed ${run.seed} · ${run.version} · ${run.ended}`;
    const legend = chart.select("#legend");
    for (const state of ["alive", "joining", "suspected", "paused", "killed", "left"]) {
      const item = legend.append("li");
      item.append("svg").attr({ viewBox: "-10 -10 20 20", class: state }).append("path").attr("d", shape(state, 130))
        .attr("transform", state === "killed" ? "rotate(45)" : null);
      item.append("span").text(state);
    }
  }

  /** …report.html#t=1.5 opens it 1.5 s after the start. */
  fromAddress() {
    const seconds = Number(/^#t=([0-9.]+)$/.exec(location.hash)?.[1]);
    this.go(seconds >= 0 ? Math.min(run.length, seconds * 1e6) : run.opening);
  }

  listen() {
    window.addEventListener("hashchange", () => this.fromAddress());
    $("play").onclick = () => this.play(!this.playing);
    $("step").onclick = () => this.stepBy(1);
    $("back").onclick = () => this.stepBy(-1);
    $("next").onclick = () => this.chapter(1);
    $("first").onclick = () => this.chapter(-1);
    $("seek").oninput = () => this.go(Number($("seek").value) / 10000 * run.length);
    document.addEventListener("keydown", event => {
      if (event.target instanceof HTMLSelectElement || event.ctrlKey || event.altKey || event.metaKey) return;
      const act = { " ": () => this.play(!this.playing),
        ArrowRight: () => (event.shiftKey ? this.chapter(1) : this.stepBy(1)),
        ArrowLeft: () => (event.shiftKey ? this.chapter(-1) : this.stepBy(-1)) }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    new ResizeObserver(() => this.draw()).observe($("coverage"));
  }

  /** @param {boolean} on */
  play(on) {
    if (on && this.time >= run.length) this.go(0);
    this.playing = on;
    $("play").textContent = on ? "pause" : "play";
    let before = performance.now();
    const tick = (/** @type {number} */ now) => {
      if (!this.playing) return;
      const passed = (now - before) * 1000 * Number($("speed").value);
      before = now;
      this.go(Math.min(run.length, this.time + passed), true);
      if (this.time >= run.length) this.play(false);
      else requestAnimationFrame(tick);
    };
    if (on) requestAnimationFrame(tick);
  }

  /** To the event after or before; events of one instant are one step. @param {number} by */
  stepBy(by) {
    this.play(false);
    const at = this.folded.at;
    if (by > 0) {
      if (at < run.events.length) this.go(run.events[at][0], true);
      return;
    }
    const before = at > 0 ? run.events[at - 1][0] : 0;
    let i = at - 1;
    while (i >= 0 && run.events[i][0] >= before) --i;
    this.go(i >= 0 ? run.events[i][0] : 0);
  }

  /** @param {number} by */
  chapter(by) {
    this.play(false);
    const later = this.chapters.filter((/** @type {number} */ t) => (by > 0 ? t > this.time : t < this.time));
    this.go(later.length === 0 ? (by > 0 ? run.length : 0) : by > 0 ? later[0] : later[later.length - 1], by > 0);
  }

  /** @param {number} time @param {boolean} [waves] */
  go(time, waves = false) {
    if (time < this.time) this.folded = new Folded();
    const begin = this.folded.at;
    this.time = time;
    while (this.folded.at < run.events.length && run.events[this.folded.at][0] <= time) {
      this.folded.take(run.events[this.folded.at]);
    }
    this.draw();
    if (waves && this.folded.at - begin < wavesAhead * 20) this.waves(run.events.slice(begin, this.folded.at));
  }

  /** @param {Event[]} events */
  waves(events) {
    for (const e of events.filter(e => e[1] === "g" || e[1] === "d").slice(0, wavesAhead)) {
      const message = run.messages[e[2]];
      this.graph.wave({ message: message.id, node: run.nodes[e[3]].id, typed: message.typed,
        from: e[1] === "d" && e[4] >= 0 ? run.nodes[e[4]].id : undefined });
    }
  }

  /** @param {string} id */
  select(id) {
    if (this.selected === id) return;
    this.selected = id;
    this.draw();
  }

  draw() {
    const agreed = this.folded.settle();
    this.folded.model.time = this.time;
    this.graph.draw(this.folded.model, this.selected);
    $("seek").value = String(Math.round(this.time / run.length * 10000));
    $("now").textContent = ms(this.time) + " of " + ms(run.length);
    this.numbers(agreed);
    this.rows();
    this.node();
    this.log();
    this.messages();
    this.coverage();
    this.detection();
  }

  /** @param {{supporters: number, epoch: string, members: number}} agreed */
  numbers(agreed) {
    const nodes = [...this.folded.model.nodes.values()];
    const live = nodes.filter(n => n.role === "peer" && n.state === "alive").length;
    const seeds = nodes.filter(n => n.role === "seed");
    const all = [["peers alive", live], ["members", agreed.members], ["epoch", agreed.epoch || "0"],
      ["seeds agree", `${agreed.supporters} of ${seeds.length}`], ["links", this.folded.model.links().length],
      ["suspects", this.folded.model.suspected().size],
      ["messages", this.folded.receipts.filter((/** @type {any} */ r) => r.begun >= 0).length],
      ["deliveries", this.folded.deliveries]];
    const boxes = chart.select("#numbers").selectAll("div").data(all);
    const fresh = boxes.enter().append("div");
    fresh.append("dt");
    fresh.append("dd");
    boxes.select("dt").text((/** @type {any} */ d) => d[0]);
    boxes.select("dd").text((/** @type {any} */ d) => d[1]);
  }

  rows() {
    const suspected = this.folded.model.suspected();
    const nodes = this.folded.model.sorted().filter(n => n.state !== "elsewhere");
    const rows = chart.select("#rows").selectAll("tr").data(nodes, (/** @type {any} */ n) => n.id);
    rows.enter().append("tr").on("click", (/** @type {any} */ n) => this.select(n.id));
    rows.attr("aria-selected", (/** @type {any} */ n) => n.id === this.selected);
    const cells = rows.selectAll("td").data((/** @type {any} */ n) => [n.name, n.role, condition(n, suspected),
      n.role === "peer" ? n.degree : "", n.epoch]);
    cells.enter().append("td");
    cells.text((/** @type {any} */ d) => d)
      .attr("class", (/** @type {any} */ d, /** @type {number} */ i) => (i > 2 ? "number" : i === 2 ? "condition " + d : null));
    rows.exit().remove();
    rows.order();
  }

  node() {
    const node = this.selected === null ? undefined : this.folded.model.nodes.get(this.selected);
    if (!node) return;
    const state = condition(node, this.folded.model.suspected());
    $("node-title").textContent = `${node.role === "seed" ? "Seed" : "Peer"} ${node.name}: ${state}`;
    $("node-facts").textContent = node.role === "seed" ? `epoch ${node.epoch}, ${node.members} members`
      : `${node.degree} links: ${(node.links ?? []).map(l => this.folded.model.nodes.get(l)?.name).join(", ")}`;
    const items = chart.select("#life").selectAll("li").data(this.folded.model.life(node.id));
    const fresh = items.enter().append("li");
    fresh.append("time");
    fresh.append("span");
    items.select("time").text((/** @type {any} */ n) => ms(n.wall * 1000));
    items.select("span").text((/** @type {any} */ n) =>
      (n.node === node.id ? "" : this.folded.model.nodes.get(n.node)?.name + ": ") + n.text);
    items.exit().remove();
  }

  log() {
    const words = { c: "gossip> ", x: "✗ ", f: "" };
    const styles = { "+": "good", "=": "good", "-": "bad", "!": "bad", "?": "doubt", ">": "said" };
    const items = chart.select("#log").selectAll("li").data(this.folded.lines.slice(-linesShown).reverse());
    const fresh = items.enter().append("li");
    fresh.append("time");
    fresh.append("span").attr("class", "mark");
    fresh.append("span").attr("class", "text");
    items.attr("class", (/** @type {Event} */ e) => (e[1] === "l" ? styles[e[2]] : e[1] === "x" ? "bad" : "command"));
    items.select("time").text((/** @type {Event} */ e) => ms(e[0]));
    items.select(".mark").text((/** @type {Event} */ e) => (e[1] === "l" ? e[2] : ""));
    items.select(".text").text((/** @type {Event} */ e) => (e[1] === "l" ? e[3] : words[e[1]] + e[2]));
    items.exit().remove();
  }

  messages() {
    const begun = run.messages.map((/** @type {any} */ m, /** @type {number} */ i) => ({ ...m, i, r: this.folded.receipts[i] }))
      .filter((/** @type {any} */ m) => m.r.begun >= 0).slice(-300).reverse();
    const rows = chart.select("#message-rows").selectAll("tr").data(begun, (/** @type {any} */ m) => m.i);
    rows.enter().append("tr").on("click", (/** @type {any} */ m) => {
      this.message = m.i;
      this.draw();
    });
    rows.attr("aria-selected", (/** @type {any} */ m) => m.i === this.message);
    const cells = rows.selectAll("td").data((/** @type {any} */ m) => [m.text || m.id, run.nodes[m.origin]?.name ?? "",
      `${m.r.count + 1} of ${m.targets}`, m.r.hops, m.r.count ? ms(m.r.last - m.r.begun) : "", m.duplicates]);
    cells.enter().append("td");
    cells.text((/** @type {any} */ d) => d).attr("class", (/** @type {any} */ d, /** @type {number} */ i) => (i > 1 ? "number" : null));
    rows.exit().remove();
    rows.order();
  }

  /** Share of a message's peers over the time since it was said. */
  coverage() {
    const { svg, width, height } = this.frame("#coverage");
    const curves = run.curves.filter((/** @type {any} */ c) => c.after.length > 0);
    if (curves.length === 0) return void svg.append("text").attr({ x: 8, y: 20 }).text("no message was received");
    const shortest = Math.max(10, Math.min(...curves.map((/** @type {any} */ c) => c.after[0])) / 2);
    const longest = Math.max(10 * shortest, ...curves.map((/** @type {any} */ c) => c.after[c.after.length - 1]));
    const x = (/** @type {number} */ us) =>
      34 + (width - 44) * Math.max(0, Math.log(us / shortest) / Math.log(longest / shortest));
    const y = (/** @type {number} */ share) => height - 20 - (height - 30) * Math.min(1, share);
    svg.append("line").attr({ class: "axis", x1: 34, x2: width - 10, y1: y(0), y2: y(0) });
    svg.append("line").attr({ class: "axis", x1: 34, x2: width - 10, y1: y(1), y2: y(1) });
    svg.append("text").attr({ x: 2, y: y(1) + 4 }).text("100 %");
    svg.append("text").attr({ x: 14, y: y(0) + 4 }).text("0 %");
    svg.append("text").attr({ x: 34, y: height - 4 }).text(ms(shortest));
    svg.append("text").attr({ x: width - 10, y: height - 4, "text-anchor": "end" }).text(ms(longest) + " (log)");
    for (const curve of [...curves].sort((a, b) => Number(a.message === this.message) - Number(b.message === this.message))) {
      const targets = run.messages[curve.message].targets || curve.after.length + 1;
      let path = `M34,${y(1 / targets)}`;
      curve.after.forEach((/** @type {number} */ us, /** @type {number} */ i) => { path += `H${x(us)}V${y((i + 2) / targets)}`; });
      svg.append("path").attr({ class: "curve" + (curve.message === this.message ? " chosen" : ""), d: path + `H${width - 10}` });
    }
  }

  /** From a node's end to the last that knows of it, a row a node. */
  detection() {
    const { svg, width, height } = this.frame("#detection");
    const rows = run.detections.filter((/** @type {any} */ d) => d.at <= this.time).slice(-8);
    if (rows.length === 0) return void svg.append("text").attr({ x: 8, y: 20 }).text("nobody has ended so far");
    const ends = rows.map((/** @type {any} */ d) => Math.max(d.suspected, d.removed, d.known, 1000));
    const longest = Math.max(...ends);
    const x = (/** @type {number} */ us) => 86 + (width - 96) * us / longest;
    const step = Math.min(24, (height - 34) / rows.length);
    rows.forEach((/** @type {any} */ d, /** @type {number} */ i) => {
      const y = 4 + i * step;
      svg.append("text").attr({ x: 2, y: y + step * 0.65 }).text(d.name + " " + d.how);
      const parts = [["silent", 0, d.suspected || d.removed], ["suspect", d.suspected, d.removed], ["spread", d.removed, d.known]];
      for (const [kind, from, to] of parts) {
        if (to > from) svg.append("rect").attr({ class: kind, x: x(from), y: y + 2, width: Math.max(1, x(to) - x(from)), height: step - 5 });
      }
    });
    const keys = [["silent", "silent"], ["suspect", "suspected"], ["spread", "removed, not known to all"]];
    keys.forEach(([kind, text], i) => {
      svg.append("rect").attr({ class: kind, x: 2 + i * 62, y: height - 25, width: 8, height: 8 });
      svg.append("text").attr({ class: "key", x: 13 + i * 62, y: height - 17 }).text(text);
    });
    svg.append("text").attr({ x: 86, y: height - 3 }).text("0");
    svg.append("text").attr({ x: width - 4, y: height - 3, "text-anchor": "end" }).text(ms(longest));
  }

  /** @param {string} id */
  frame(id) {
    const svg = chart.select(id);
    svg.selectAll("*").remove();
    const box = svg.node().getBoundingClientRect();
    return { svg, width: box.width, height: box.height };
  }

  density() {
    const svg = chart.select("#density");
    svg.attr({ viewBox: "0 0 1000 20", preserveAspectRatio: "none" });
    const bins = new Array(200).fill(0);
    for (const e of run.events) ++bins[Math.min(199, Math.floor(e[0] / run.length * 200))];
    const most = Math.log1p(Math.max(...bins));
    bins.forEach((n, i) => svg.append("rect").attr({ class: "bar", x: i * 5, width: 4.4,
      y: 12 - 11 * Math.log1p(n) / most, height: 11 * Math.log1p(n) / most }));
    for (const t of this.chapters) {
      svg.append("line").attr({ class: "chapter", x1: t / run.length * 1000, x2: t / run.length * 1000, y1: 0, y2: 13,
        "vector-effect": "non-scaling-stroke" });
    }
  }
}

const report = new Report();
Object.assign(window, { gossipctl: { report, run } });
