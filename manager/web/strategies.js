// @ts-check
// Which overlay strategy and which way to spread the network uses, and their rules.
import { byId, element } from "./dom.js";

/** @typedef {{name: string, rule: string, source: string, own: boolean}} Strategy */

/** @param {{overlay: Strategy[], spread: Strategy[]}|undefined} strategies undefined: the run did not keep them */
export function drawStrategies(strategies) {
  const lines = Object.entries(strategies ?? {}).flatMap(([kind, rows]) => rows.filter(row => row.own).map(own => {
    const others = rows.filter(row => !row.own).map(row => `${row.name}: ${row.rule} (${row.source})`);
    const line = element("p", `${kind} `, { title: [`source: ${own.source}`, "", "others:", ...others].join("\n") });
    const rule = own.rule.split("`").map((part, at) => (at % 2 === 0 ? part : element("code", part)));
    line.append(element("b", own.name), ": ", ...rule);
    return line;
  }));
  byId("strategies").replaceChildren(...lines);
}
