// @ts-check
// The selected node, and the group of nodes that one command acts on.

export class Selection {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {string|null} */ this.node = null;
    /** @type {Set<string>} */ this.group = new Set();
  }

  /** @param {string|null} id */
  select(id) {
    if (id === this.node) return;
    this.node = id;
    this.changed();
  }

  /** Into the group, or out of it. @param {string} id */
  toggle(id) {
    if (!this.group.delete(id)) this.group.add(id);
    this.changed();
  }

  /** @param {string[]} ids */
  setGroup(ids) {
    this.group.clear();
    for (const id of ids) this.group.add(id);
    this.changed();
  }

  clear() {
    this.group.clear();
    this.node = null;
    this.changed();
  }

  /** Nodes that are not in the run at this moment leave the group. @param {Map<string, any>} nodes */
  keepOnly(nodes) {
    for (const id of this.group) if (!nodes.has(id)) this.group.delete(id);
  }
}
