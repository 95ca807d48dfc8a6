// @ts-check
// Dissemination: a message's coverage over time, its hops, and what was sent for nothing; and the message's own story.
import { Chart, linearScale, logScale, shares } from "./charts.js";
import { duration, element, tableOf } from "./dom.js";
import { coverage, hops, missing, reached, redundancy, tree } from "./spread.js";

const curvesShown = 20;
const messagesShown = 100;
const receiptsShown = 400;

/** @param {import("./spread.js").Message} message */
function title(message) { return message.text || message.id; }

/** @param {import("./spread.js").Message} message */
function share(message) {
  const points = coverage(message);
  return points.length === 0 ? "begin not seen" : `${points.length} of ${message.targets.size}`;
}

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawSpread(place, view) {
  const spread = view.spread();
  const message = spread.find(view.message);
  if (!message) return void place.append(element("p", "Nobody has said anything since this page was opened.", { class: "none" }));
  const { width, height } = view.room(0.42);
  const box = element("div", "", { class: "beside" });
  box.append(coverageChart(spread, message, width, height).svg, hopsChart(message, width * 0.6, height).svg, figures(spread, message, view));
  place.append(box);
}

/** @param {import("./spread.js").Spread} spread @param {import("./spread.js").Message} message @param {number} width @param {number} height */
function coverageChart(spread, message, width, height) {
  const others = [...spread.messages.values()].filter(m => m !== message && m.born >= 0 && m.receipts.size > 0).slice(-curvesShown);
  const curves = [...others, message].map(m => ({ m, points: coverage(m) }));
  const firsts = curves.map(c => c.points[1]?.t).filter(t => t > 0);
  const from = Math.max(10, Math.min(1e6, ...firsts) / 2);
  const to = Math.max(from * 10, ...curves.map(c => c.points.at(-1)?.t ?? 0)) * 1.1;
  const chart = new Chart("coverage over time", width, height, { ...logScale(from, to, duration), title: "since it was said" },
    { ...shares, title: "peers that have it" });
  for (const { m, points } of curves) {
    chart.stairs(points.map(p => ({ x: Math.max(from, p.t), y: p.share })), m === message ? "chosen" : "other");
  }
  return chart;
}

/** @param {import("./spread.js").Message} message @param {number} width @param {number} height */
function hopsChart(message, width, height) {
  const counts = hops(message);
  const most = Math.max(1, ...counts);
  const chart = new Chart("peers by hops", width, height,
    { from: -0.5, to: counts.length - 0.5, ticks: counts.map((_, at) => ({ at, text: String(at) })), title: "hops from its origin" },
    { ...linearScale(most), title: "peers" });
  counts.forEach((count, hop) => {
    const [a, b] = [chart.x(hop - 0.35), chart.x(hop + 0.35)];
    chart.add("rect", { class: "bar", x: a, width: b - a, y: chart.y(count), height: chart.y(0) - chart.y(count) });
  });
  return chart;
}

/** @param {import("./spread.js").Spread} spread @param {import("./spread.js").Message} message @param {import("./panels.js").View} view */
function figures(spread, message, view) {
  const box = element("div");
  const after = [...message.receipts.values()].map(r => r.t - message.born).sort((a, b) => a - b);
  const at = (/** @type {number} */ q) => (after.length && message.born >= 0 ? duration(after[Math.min(after.length - 1, Math.floor(q * after.length))]) : "–");
  box.append(element("p", `“${title(message)}” from ${view.name(message.origin) || "?"}`, { class: "what" }));
  box.append(tableOf(["", "#this message"], [
    ["peers that have it", share(message)], ["half of them within", at(0.5)], ["95 % within", at(0.95)], ["the last after", at(1)],
    ["hops at most", hops(message).length - 1], ["repaired", [...message.receipts.values()].filter(r => r.repair).length],
    ["copies dropped", message.duplicates], ["copies for nothing, each", redundancy(message).toFixed(2)],
  ].map(cells => ({ cells }))));
  box.append(element("p", `All ${spread.messages.size} messages: ${spread.receipts} receipts, ${spread.duplicates} copies dropped.`));
  if (spread.skipped > 0) box.append(element("p", `${spread.skipped} events of gossip were left out; figures are at least so large.`, { class: "doubtful" }));
  return box;
}

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawMessages(place, view) {
  const spread = view.spread();
  const chosen = spread.find(view.message);
  if (!chosen) return void place.append(element("p", "Nobody has said anything since this page was opened.", { class: "none" }));
  const newest = [...spread.messages.values()].slice(-messagesShown).reverse();
  const list = tableOf(["at", "message", "from", "#have it", "#hops", "#again"], newest.map(m => ({
    key: m.id, chosen: m === chosen, choose: () => view.chooseMessage(m.id),
    cells: [m.born >= 0 ? view.stamp({ t: m.born }) : "earlier", title(m), view.name(m.origin), reached(m), hops(m).length - 1, m.duplicates],
  })));
  list.classList.add("messages");
  const box = element("div", "", { class: "beside halves" });
  const first = element("div", "", { class: "scroll" });
  first.append(list);
  box.append(first, story(chosen, view));
  place.append(box);
}

/** Who had it from whom, and who did not. @param {import("./spread.js").Message} message @param {import("./panels.js").View} view */
function story(message, view) {
  const box = element("div", "", { class: "scroll" });
  const left = missing(message, view.model.nodes);
  box.append(element("p", `${message.id}: “${title(message)}”`, { class: "what" }));
  if (message.born >= 0) {
    box.append(element("p", left.length === 0 ? `All ${message.targets.size} peers that were members when it was said have it.`
      : `${left.length} of ${message.targets.size} do not have it: ` + left.slice(0, 30).map(l => `${view.name(l.id)} (${l.why})`).join(", ") +
        (left.length > 30 ? " …" : "")));
  }
  const rows = tree(message);
  box.append(tableOf(["who, under whom it had it from", "#hop", "#after", "#again", ""], [
    { cells: [`${view.name(message.origin) || "?"}, who said it`, 0, "", "", ""] },
    ...rows.slice(0, receiptsShown).map(({ receipt, depth }) => ({
      key: receipt.node, chosen: view.selected === receipt.node, choose: () => view.select(receipt.node),
      cells: [`${"\u2003".repeat(depth - 1)}└ ${view.name(receipt.node)}`, receipt.hop,
        message.born >= 0 ? duration(receipt.t - message.born) : "", receipt.again || "", receipt.repair ? "by repair" : ""],
    })),
  ]));
  if (rows.length > receiptsShown) box.append(element("p", `and ${rows.length - receiptsShown} more`));
  return box;
}
