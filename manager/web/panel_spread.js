// @ts-check
// Dissemination: a message's coverage over time, its hops, and what was sent for nothing; and the message's own story.
import { Chart, linearScale, logScale, shares } from "./charts.js";
import { duration, element, sentence, tableOf } from "./dom.js";
import { coverage, hops, missing, reached, redundancy, tree } from "./spread.js";

const curvesShown = 20;
const messagesShown = 100;
const missingShown = 30;
const receiptsShown = 400;
const nothing = "Nobody has said anything yet.";

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
  if (!message) return void place.append(sentence(nothing, "none"));
  const { width, height } = view.room(0.42);
  const box = element("div", "", { class: "beside" });
  const charts = [coverageChart(spread, message, width, height), hopsChart(message, width * 0.6, height)];
  box.append(...charts.map(chart => chart.svg), figures(spread, message, view));
  place.append(box);
}

/**
 * @param {import("./spread.js").Spread} spread @param {import("./spread.js").Message} message
 * @param {number} width @param {number} height
 */
function coverageChart(spread, message, width, height) {
  const others = [...spread.messages.values()].filter(m => m !== message && m.born >= 0 && m.receipts.size > 0)
    .slice(-curvesShown);
  const curves = [...others, message].map(m => ({ m, points: coverage(m) }));
  const firsts = curves.map(c => c.points[1]?.t).filter(t => t > 0);
  const from = Math.max(10, Math.min(1e6, ...firsts) / 2);
  const to = Math.max(from * 10, ...curves.map(c => c.points.at(-1)?.t ?? 0)) * 1.1;
  const chart = new Chart("coverage over time", width, height,
    { ...logScale(from, to, duration), title: "since it was said" }, { ...shares, title: "peers that have it" });
  for (const { m, points } of curves) {
    chart.stairs(points.map(p => ({ x: Math.max(from, p.t), y: p.share })), m === message ? "chosen" : "other");
  }
  return chart;
}

/** @param {import("./spread.js").Message} message @param {number} width @param {number} height */
function hopsChart(message, width, height) {
  const counts = hops(message);
  const most = Math.max(1, ...counts);
  const ticks = counts.map((_, at) => ({ at, text: String(at) }));
  const chart = new Chart("peers by hops", width, height,
    { from: -0.5, to: counts.length - 0.5, ticks, title: "hops from its origin" },
    { ...linearScale(most), title: "peers" });
  counts.forEach((count, hop) => {
    const [a, b] = [chart.x(hop - 0.35), chart.x(hop + 0.35)];
    chart.add("rect", { class: "bar", x: a, width: b - a, y: chart.y(count), height: chart.y(0) - chart.y(count) });
  });
  return chart;
}

/**
 * @param {import("./spread.js").Spread} spread @param {import("./spread.js").Message} message
 * @param {import("./panels.js").View} view
 */
function figures(spread, message, view) {
  const box = element("div");
  const after = [...message.receipts.values()].map(r => r.t - message.born).sort((a, b) => a - b);
  const at = (/** @type {number} */ q) => {
    if (after.length === 0 || message.born < 0) return "–";
    return duration(after[Math.min(after.length - 1, Math.floor(q * after.length))]);
  };
  box.append(sentence(`“${title(message)}” from ${view.name(message.origin) || "?"}`, "what"));
  box.append(tableOf(["", "#this message"], [
    ["peers that have it", share(message)], ["half of them within", at(0.5)], ["95 % within", at(0.95)],
    ["the last after", at(1)], ["hops at most", hops(message).length - 1],
    ["repaired", [...message.receipts.values()].filter(r => r.repair).length],
    ["copies dropped", message.duplicates], ["copies for nothing, each", redundancy(message).toFixed(2)],
  ].map(cells => ({ cells }))));
  const { receipts, duplicates, skipped } = spread;
  box.append(element("p", `All ${spread.messages.size} messages: ${receipts} receipts, ${duplicates} copies dropped.`));
  if (skipped > 0) {
    box.append(sentence(`${skipped} events of gossip were left out; figures are at least so large.`, "doubtful"));
  }
  return box;
}

/** @param {HTMLElement} place @param {import("./panels.js").View} view */
export function drawMessages(place, view) {
  const spread = view.spread();
  const chosen = spread.find(view.message);
  if (!chosen) return void place.append(sentence(nothing, "none"));
  const newest = [...spread.messages.values()].slice(-messagesShown).reverse();
  const list = tableOf(["at", "message", "from", "#have it", "#hops", "#again"], newest.map(m => ({
    key: m.id, chosen: m === chosen, choose: () => view.chooseMessage(m.id),
    cells: [
      m.born >= 0 ? view.stamp({ t: m.born }) : "earlier", title(m), view.name(m.origin), reached(m),
      hops(m).length - 1, m.duplicates,
    ],
  })));
  list.classList.add("messages");
  const box = element("div", "", { class: "beside halves" });
  const first = element("div", "", { class: "scroll" });
  first.append(list);
  box.append(first, story(chosen, view));
  place.append(box);
}

/**
 * Who had it from whom, and who did not.
 * @param {import("./spread.js").Message} message @param {import("./panels.js").View} view
 */
function story(message, view) {
  const box = element("div", "", { class: "scroll" });
  const left = missing(message, view.model.nodes);
  box.append(sentence(`${message.id}: “${title(message)}”`, "what"));
  if (message.born >= 0) {
    const all = message.targets.size;
    const names = left.slice(0, missingShown).map(l => `${view.name(l.id)} (${l.why})`).join(", ");
    box.append(element("p", left.length === 0 ? `All ${all} peers that were members when it was said have it.`
      : `${left.length} of ${all} do not have it: ${names}${left.length > missingShown ? " …" : ""}`));
  }
  const rows = tree(message);
  box.append(tableOf(["who, under whom it had it from", "#hop", "#after", "#again", ""], [
    { cells: [`${view.name(message.origin) || "?"}, who said it`, 0, "", "", ""] },
    ...rows.slice(0, receiptsShown).map(({ receipt, depth }) => ({
      key: receipt.node, chosen: view.selected === receipt.node, choose: () => view.select(receipt.node),
      cells: [
        `${"\u2003".repeat(depth - 1)}└ ${view.name(receipt.node)}`, receipt.hop,
        message.born >= 0 ? duration(receipt.t - message.born) : "", receipt.again || "",
        receipt.repair ? "by repair" : "",
      ],
    })),
  ]));
  if (rows.length > receiptsShown) box.append(element("p", `and ${rows.length - receiptsShown} more`));
  return box;
}
