// @ts-check
// Elements, with text that stays text whoever wrote it.

/** @param {string} id @returns {any} */
export function byId(id) { return document.getElementById(id); }

/** @param {string} tag @param {string} [text] @param {Record<string, string>} [attributes] */
export function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A sentence of a panel. @param {string} text @param {string} kind its class */
export function sentence(text, kind) { return element("p", text, { class: kind }); }

/** @param {string} tag @param {Record<string, string|number>} [attributes] @param {string} [text]
 * @returns {SVGElement} */
export function svgElement(tag, attributes = {}, text = "") {
  const made = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text) made.textContent = text;
  return made;
}

/**
 * A table of texts and elements.
 * @param {string[]} titles a "#" before one: a number
 * @param {{cells: (string|number|Node)[], key?: string, chosen?: boolean, class?: string, choose?: () => void}[]} rows
 */
export function tableOf(titles, rows) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  /** @type {(at: number) => Record<string, string>} */
  const kind = at => (titles[at].startsWith("#") ? { class: "number" } : {});
  titles.forEach((title, at) => head.append(element("th", title.replace("#", ""), { scope: "col", ...kind(at) })));
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    if (row.class) line.className = row.class;
    row.cells.forEach((cell, at) => {
      const made = element("td", cell instanceof Node ? "" : String(cell), kind(at));
      if (cell instanceof Node) made.append(cell);
      line.append(made);
    });
    if (row.choose) choosable(line, row.key ?? "", row.chosen ?? false, row.choose);
    else line.classList.add("plain");
  }
  return table;
}

/** @param {HTMLTableRowElement} line @param {string} key @param {boolean} chosen @param {() => void} choose */
function choosable(line, key, chosen, choose) {
  line.tabIndex = 0;
  line.dataset.key = key;
  line.setAttribute("aria-selected", String(chosen));
  line.addEventListener("click", choose);
  line.addEventListener("keydown", event => {
    if (event.key === "Enter") choose();
    focusNeighbour(line, event);
  });
}

/** With the arrow keys to the row below or above. @param {HTMLTableRowElement} row @param {KeyboardEvent} event */
export function focusNeighbour(row, event) {
  const { key } = event;
  const next = key === "ArrowDown" ? row.nextElementSibling : key === "ArrowUp" ? row.previousElementSibling : null;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

/** Of the network's clock. @param {number} us */
export function duration(us) {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 10000 ? 2 : us < 100000 ? 1 : 0)} ms`;
  return `${(us / 1e6).toFixed(us < 1e7 ? 2 : 1)} s`;
}

/** Many calls, one drawing. @param {() => void} draw */
export function oncePerFrame(draw) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw();
    });
  };
}

/**
 * Whether a key acts on the page: it goes into no field, and no other key is held with it.
 * @param {KeyboardEvent} event
 */
export function isShortcut(event) {
  const { target } = event;
  const writes = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "range");
  return !event.ctrlKey && !event.metaKey && !event.altKey && !writes;
}
