// @ts-check
// The selected node: its facts, what can be done to it, and what happened to it.
import { byId, element } from "./dom.js";
import { verbs } from "./menu.js";
import { condition } from "./model.js";
import { drawDegreeBars } from "./stage/degree_bars.js";

/** @typedef {import("./model.js").Node} Node */

export class NodeCard {
  /**
   * @param {import("./clock.js").Clock} clock
   * @param {import("./selection.js").Selection} selection
   * @param {import("./shell.js").Shell} shell
   */
  constructor(clock, selection, shell) {
    this.clock = clock;
    this.model = clock.model;
    this.selection = selection;
    this.shell = shell;
    byId("say").addEventListener("submit", (/** @type {Event} */ event) => this.say(event));
  }

  get node() { return this.selection.node === null ? undefined : this.model.nodes.get(this.selection.node); }

  /** A command with the selected node, if it can be done to it. @param {string} verb */
  act(verb) {
    const { node, shell } = this;
    if (node && shell.token !== null && verbs.find(v => v.verb === verb)?.fits(node)) shell.run(`${verb} ${node.name}`);
  }

  /** @param {Event} event */
  say(event) {
    event.preventDefault();
    const { node } = this;
    const field = byId("say-text");
    const text = field.value.trim();
    if (!node || text === "") return;
    field.value = "";
    this.shell.run(`say ${node.name} ${text}`);
  }

  /** @param {Set<string>} suspected */
  draw(suspected) {
    const { model, node } = this;
    this.drawGroup();
    byId("degree-bars").hidden = node !== undefined;
    byId("say").hidden = !node || node.role !== "peer" || node.state !== "alive" || this.shell.token === null;
    if (!node) return this.drawNone();
    const role = node.role === "seed" ? "Seed" : "Peer";
    byId("node-title").textContent = `${role} ${node.name}: ${condition(node, suspected)}`;
    byId("node-facts").textContent = this.facts(node);
    this.drawActions(node);
    byId("life").replaceChildren(...model.life(node.id).map(notice => {
      const item = element("li");
      item.append(element("time", this.clock.stamp(notice)), notice.say);
      return item;
    }));
  }

  drawGroup() {
    const names = [...this.selection.group].map(id => this.model.nameOf(id)).join(", ");
    byId("group").textContent = names && `Group: ${names}. g adds and takes out, m acts on it, Esc ends it.`;
  }

  drawNone() {
    byId("node-title").textContent = "Links of each peer";
    byId("node-facts").textContent = "Click a node to see it and act on it.";
    byId("actions").replaceChildren();
    byId("life").replaceChildren();
    drawDegreeBars(this.model, id => this.selection.select(id));
  }

  /** @param {Node} node */
  facts(node) {
    const names = (/** @type {string[]|undefined} */ ids) => (ids ?? []).map(id => this.model.nameOf(id)).join(", ");
    const parts = [`epoch ${node.epoch}`];
    if (node.role === "seed") {
      parts.push(`${node.members} members, list ${node.digest}`, node.voting ? "votes" : "does not vote");
    } else {
      parts.push(node.listed ? "member" : "not a member", `linked to ${names(node.links) || "nobody"}`);
    }
    if (node.suspects?.length) parts.push(`suspects ${names(node.suspects)}`);
    if (node.faults) parts.push(`faults: ${node.faults}`);
    if (node.pid) parts.push(`pid ${node.pid}`);
    return parts.join(" · ");
  }

  /** Buttons are kept while they stay the same: a click may be under way. @param {Node} node */
  drawActions(node) {
    const actions = byId("actions");
    const key = node.id + node.state;
    if (actions.dataset.key === key && actions.childNodes.length > 0) return;
    actions.dataset.key = key;
    actions.replaceChildren(...verbs.map(({ verb, key: letter, fits }) => {
      const title = `the command: ${verb} ${node.name}`;
      const button = /** @type {HTMLButtonElement} */ (element("button", "", { title }));
      button.append(element("code", `${verb} ${node.name}`), " ", element("kbd", letter));
      button.disabled = this.shell.token === null || !fits(node);
      button.addEventListener("click", () => this.act(verb));
      return button;
    }));
  }
}
