// @ts-check
// Small charts: axes, and marks on them. Every one has its numbers in words beside it.
import { svgElement } from "./dom.js";

/** @typedef {{from: number, to: number, log?: boolean, ticks: {at: number, text: string}[]}} Scale */

const left = 58;
const bottom = 30;
const top = 10;
const right = 14;

export class Chart {
  /**
   * @param {string} label what a reader of the screen is told
   * @param {number} width @param {number} height
   * @param {Scale & {title: string}} x @param {Scale & {title: string}} y
   */
  constructor(label, width, height, x, y) {
    this.xScale = x;
    this.yScale = y;
    this.width = width;
    this.height = height;
    const viewBox = `0 0 ${width} ${height}`;
    this.svg = svgElement("svg", { class: "chart", viewBox, width, height, role: "img", "aria-label": label });
    this.axes();
  }

  /** @param {number} value */
  x(value) { return left + (this.width - left - right) * part(this.xScale, value); }
  /** @param {number} value */
  y(value) {
    const { height } = this;
    return height - bottom - (height - top - bottom) * part(this.yScale, value);
  }

  axes() {
    const { width, height } = this;
    for (const tick of this.xScale.ticks) {
      this.add("line", { class: "grid", x1: this.x(tick.at), x2: this.x(tick.at), y1: top, y2: height - bottom });
      this.add("text", { x: this.x(tick.at), y: height - bottom + 12, "text-anchor": "middle" }, tick.text);
    }
    for (const tick of this.yScale.ticks) {
      this.add("line", { class: "grid", x1: left, x2: width - right, y1: this.y(tick.at), y2: this.y(tick.at) });
      this.add("text", { x: left - 5, y: this.y(tick.at) + 4, "text-anchor": "end" }, tick.text);
    }
    this.add("path", { class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}` });
    const title = { class: "title", "text-anchor": "middle" };
    this.add("text", { ...title, x: (left + width - right) / 2, y: height - 4 }, this.xScale.title);
    const turned = `translate(11,${(top + height - bottom) / 2}) rotate(-90)`;
    this.add("text", { ...title, transform: turned }, this.yScale.title);
  }

  /** @param {string} tag @param {Record<string, string|number>} attributes @param {string} [text] */
  add(tag, attributes, text) {
    const made = svgElement(tag, attributes, text);
    this.svg.append(made);
    return made;
  }

  /** @param {{x: number, y: number}[]} points @param {string} kind its class */
  stairs(points, kind) {
    if (points.length === 0) return;
    const part = (/** @type {{x: number, y: number}} */ p, /** @type {number} */ i) =>
      (i === 0 ? `M${this.x(p.x)},${this.y(p.y)}` : `H${this.x(p.x)}V${this.y(p.y)}`);
    const d = points.map(part).join("");
    this.add("path", { class: "curve " + kind, d: d + `H${this.x(this.xScale.to)}` });
  }

  /** @param {{x: number, y: number}[]} points @param {string} kind */
  line(points, kind) {
    this.add("path", { class: "curve " + kind, d: "M" + points.map(p => `${this.x(p.x)},${this.y(p.y)}`).join("L") });
  }
}

/** @param {Scale} scale @param {number} value */
function part(scale, value) {
  const f = scale.log ? Math.log : (/** @type {number} */ v) => v;
  const from = f(scale.from);
  const inside = Math.max(value, scale.log ? scale.from : value);
  return Math.max(0, Math.min(1, (f(inside) - from) / (f(scale.to) - from || 1)));
}

/**
 * Powers of ten, and where there are few of them their halves.
 * @param {number} from @param {number} to @param {(v: number) => string} [name] @returns {Scale}
 */
export function logScale(from, to, name = String) {
  const ticks = [];
  const wide = to / from > 200;
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); ++power) {
    for (const factor of wide ? [1] : [1, 2, 5]) {
      const at = factor * 10 ** power;
      if (at >= from * 0.999 && at <= to * 1.001) ticks.push({ at, text: name(Number(at.toPrecision(3))) });
    }
  }
  return { from, to, log: true, ticks };
}

/** @param {number} to @param {(v: number) => string} [name] @returns {Scale} from 0 */
export function linearScale(to, name = String) {
  const rough = to / 5;
  const unit = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map(f => f * unit).find(s => s >= rough) ?? unit;
  const ticks = [];
  for (let at = 0; at <= to * 1.001; at += step) ticks.push({ at, text: name(Number(at.toPrecision(3))) });
  return { from: 0, to: to || 1, ticks };
}

/** @type {Scale} */
export const shares = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1].map(at => ({ at, text: `${100 * at} %` })) };
