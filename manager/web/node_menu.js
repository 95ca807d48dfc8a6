// @ts-check
// Which nodes a menu acts on, and where it opens.
import { byId } from "./dom.js";
import { Menu, actsOn } from "./menu.js";

export class NodeMenu {
  /**
   * @param {import("./model.js").Model} model
   * @param {import("./selection.js").Selection} selection
   * @param {import("./graph.js").Graph} graph
   * @param {import("./shell.js").Shell} shell
   */
  constructor(model, selection, graph, shell) {
    this.model = model;
    this.selection = selection;
    this.graph = graph;
    this.shell = shell;
    this.menu = new Menu({
      run: command => void shell.run(command),
      ask: (command, fill) => shell.ask(command, fill),
    });
  }

  /** Of the group when the node is one of it or none is meant; else of the network. @param {string|null} id
   * @param {{x: number, y: number}} [at] */
  open(id, at) {
    if (!this.shell.acts) return;
    const { group } = this.selection;
    const ids = id !== null && !group.has(id) ? [id] : [...group];
    const nodes = ids.flatMap(i => this.model.nodes.get(i) ?? []);
    const acts = actsOn(nodes);
    if (nodes.length > 0 && id === null) acts.push(...actsOn([]));
    const { x, y } = at ?? this.placeOf(id);
    this.menu.open(nodes.length === 0 ? "the network" : nodes.map(n => n.name).join(", "), acts, x, y);
  }

  /** @param {string|null} id */
  placeOf(id) {
    const shown = id === null ? null : this.graph.boxOf(id);
    const box = shown ?? byId("overlay").getBoundingClientRect();
    return { x: box.x + (shown ? box.width : 20), y: box.y + (shown ? box.height / 2 : 120) };
  }
}
