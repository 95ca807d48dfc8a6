// @ts-check
// What can be done to nodes, each the command of the shell it stands for; a menu of them for mouse and keyboard.
import { element } from "./dom.js";
import { isEnded } from "./model.js";

/**
 * @typedef {{command: string, fill?: string, key?: string}} Act  `fill`: the end of the command, asked for first
 * @typedef {import("./model.js").Node} Node
 */

/** @type {{verb: string, key: string, fits: (n: Node) => boolean}[]} */
export const verbs = [
  { verb: "kill", key: "k", fits: n => !isEnded(n) },
  { verb: "stop", key: "t", fits: n => !isEnded(n) && n.state !== "leaving" },
  { verb: "pause", key: "p", fits: n => n.state === "alive" },
  { verb: "resume", key: "u", fits: n => n.state === "paused" },
  { verb: "restart", key: "r", fits: () => true },
];

/** On these nodes; none: on the network. @param {Node[]} nodes @returns {Act[]} */
export function actsOn(nodes) {
  if (nodes.length === 0) {
    return [
      { command: "add 1", fill: "1", key: "a" }, { command: "heal" }, { command: "churn 6/min 1m", fill: "6/min 1m" },
    ];
  }
  const names = nodes.map(n => n.name).join(",");
  /** @type {Act[]} */ const acts = verbs.filter(v => nodes.some(v.fits)).map(v => {
    return { command: `${v.verb} ${nodes.filter(v.fits).map(n => n.name).join(",")}`, key: v.key };
  });
  if (nodes.length === 1 && nodes[0].role === "peer" && nodes[0].state === "alive") {
    acts.push({ command: `say ${names} hello`, fill: "hello", key: "s" });
  }
  return acts.concat([
    { command: `partition ${names}` }, { command: `delay ${names} 50ms`, fill: "50ms" },
    { command: `loss ${names} 10%`, fill: "10%" }, { command: `heal ${names}` },
  ]);
}

export class Menu {
  /** @param {{run: (command: string) => void, ask: (command: string, fill: string) => void}} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.box = element("div", "", { id: "menu", role: "menu" });
    this.box.hidden = true;
    document.body.append(this.box);
    /** @type {HTMLElement|null} had the focus before */ this.before = null;
    this.box.addEventListener("keydown", event => this.pressed(event));
    document.addEventListener("pointerdown", event => {
      if (!this.box.contains(/** @type {any} */ (event.target))) this.close(false);
    });
    this.box.addEventListener("focusout", event => {
      if (event.relatedTarget && !this.box.contains(/** @type {any} */ (event.relatedTarget))) this.close(false);
    });
  }

  /** @param {string} title @param {Act[]} acts @param {number} x @param {number} y */
  open(title, acts, x, y) {
    if (this.box.hidden) this.before = /** @type {any} */ (document.activeElement);
    this.box.setAttribute("aria-label", title);
    this.box.replaceChildren(element("p", title), ...acts.map(act => {
      const item = element("button", "", { role: "menuitem", tabindex: "-1" });
      item.append(element("code", act.fill ? act.command.slice(0, act.command.length - act.fill.length) : act.command));
      if (act.fill) item.append(element("span", act.fill + " …"));
      if (act.key) item.append(element("kbd", act.key));
      item.addEventListener("click", () => {
        this.close(!act.fill);
        if (act.fill) this.handlers.ask(act.command, act.fill);
        else this.handlers.run(act.command);
      });
      return item;
    }));
    this.box.hidden = false;
    const { width, height } = this.box.getBoundingClientRect();
    this.box.style.left = Math.max(0, Math.min(x, innerWidth - width - 4)) + "px";
    this.box.style.top = Math.max(0, Math.min(y, innerHeight - height - 4)) + "px";
    this.items()[0]?.focus();
  }

  /** @returns {HTMLElement[]} */
  items() { return [...this.box.querySelectorAll("button")]; }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const items = this.items();
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") this.close(true);
    if (next === undefined) return;
    event.preventDefault();
    items[next % items.length].focus();
  }

  /** @param {boolean} back whether the focus goes back where it was */
  close(back) {
    if (this.box.hidden) return;
    this.box.hidden = true;
    if (back) this.before?.focus();
  }
}
