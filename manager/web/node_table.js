// @ts-check
// The table of nodes: the graph in words, and the way through it by the keyboard.
import { byId, element, focusNeighbour } from "./dom.js";
import { condition } from "./model.js";

/** @typedef {import("./model.js").Node} Node */
/** @typedef {{suspected: Set<string>, nameOf: (id: string) => string}} Known */

/** @type {Record<string, string>} */
const glyphs = {
  alive: "●", joining: "◌", suspected: "▲", paused: "■", leaving: "◆", left: "◇", killed: "✕", died: "✕",
  elsewhere: "○",
};
/** @type {{title: string, value: (n: Node, known: Known) => any, number?: boolean, condition?: boolean}[]} */
const columns = [
  { title: "node", value: n => n.name },
  { title: "role", value: n => n.role },
  { title: "state", value: (n, known) => condition(n, known.suspected), condition: true },
  { title: "degree", value: n => (n.role === "peer" ? n.degree : ""), number: true },
  { title: "epoch", value: n => n.epoch, number: true },
  { title: "list", value: n => (n.role === "seed" ? n.digest : n.listed ? "member" : "not listed") },
  { title: "linked to", value: (n, known) => (n.links ?? []).map(known.nameOf).join(" ") },
  { title: "faults", value: n => n.faults ?? "" },
  { title: "pid", value: n => n.pid ?? "", number: true },
];
/** @type {(column: {number?: boolean}) => Record<string, string>} */
const attributes = column => (column.number ? { class: "number" } : {});

export class NodeTable {
  /**
   * @param {import("./model.js").Model} model
   * @param {import("./selection.js").Selection} selection
   * @param {(id: string, at: {x: number, y: number}) => void} openMenu
   */
  constructor(model, selection, openMenu) {
    this.model = model;
    this.selection = selection;
    this.openMenu = openMenu;
    /** Rows are kept, so that focus and scrolling are. @type {Map<string, HTMLTableRowElement>} */
    this.rows = new Map();
    for (const column of columns) byId("columns").append(element("th", column.title, attributes(column)));
  }

  /** @param {Set<string>} suspected */
  draw(suspected) {
    const { model, rows, selection } = this;
    const known = { suspected, nameOf: (/** @type {string} */ id) => model.nameOf(id) };
    const nodes = model.sorted();
    const body = byId("rows");
    for (const [id, row] of rows) {
      if (model.nodes.has(id)) continue;
      row.remove();
      rows.delete(id);
    }
    nodes.forEach((node, at) => {
      const row = this.rowOf(node.id);
      if (body.children[at] !== row) body.insertBefore(row, body.children[at] ?? null);
      this.fill(row, node, known);
      row.tabIndex = node.id === (selection.node ?? nodes[0].id) ? 0 : -1;
    });
  }

  /** @param {string} id */
  rowOf(id) {
    let row = this.rows.get(id);
    if (!row) this.rows.set(id, row = this.newRow(id));
    return row;
  }

  /** @param {string} id */
  newRow(id) {
    const { selection } = this;
    const row = document.createElement("tr");
    for (const column of columns) row.append(element("td", "", attributes(column)));
    row.addEventListener("click", event => {
      selection.select(id);
      if (event.shiftKey) selection.toggle(id);
    });
    row.addEventListener("contextmenu", event => {
      event.preventDefault();
      selection.select(id);
      this.openMenu(id, { x: event.clientX, y: event.clientY });
    });
    row.addEventListener("focus", () => selection.select(id));
    row.addEventListener("keydown", event => focusNeighbour(row, event));
    return row;
  }

  /** @param {HTMLTableRowElement} row @param {Node} node @param {Known} known */
  fill(row, node, known) {
    row.setAttribute("aria-selected", String(node.id === this.selection.node));
    row.classList.toggle("grouped", this.selection.group.has(node.id));
    columns.forEach((column, at) => {
      const cell = row.cells[at];
      const text = String(column.value(node, known));
      if (cell.textContent !== text) cell.textContent = text;
      if (!column.condition) return;
      cell.className = "condition " + text;
      cell.dataset.shape = glyphs[text] ?? "○";
    });
  }
}
