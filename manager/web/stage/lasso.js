// @ts-check
// A frame drawn around nodes with the mouse.

/** @param {Event} event */
export function onNode(event) { return event.target instanceof Element && event.target.closest("g.node") !== null; }

export class Lasso {
  /**
   * @param {SVGSVGElement} svg @param {SVGElement} frame
   * @param {() => number} scale px of the screen for one of the drawing
   * @param {(box: {x: number, y: number, width: number, height: number}) => void} choose
   */
  constructor(svg, frame, scale, choose) {
    this.svg = svg;
    this.frame = frame;
    this.scale = scale;
    this.choose = choose;
    frame.style.display = "none";
    svg.addEventListener("pointerdown", event => this.start(event));
  }

  /** @param {PointerEvent} event */
  start(event) {
    if (event.button !== 0 || onNode(event)) return;
    const box = this.svg.getBoundingClientRect();
    const scale = this.scale();
    const from = { x: (event.clientX - box.x) / scale, y: (event.clientY - box.y) / scale };
    /** @param {PointerEvent} to */
    const between = to => {
      const [x, y] = [(to.clientX - box.x) / scale, (to.clientY - box.y) / scale];
      const [width, height] = [Math.abs(x - from.x), Math.abs(y - from.y)];
      return { x: Math.min(x, from.x), y: Math.min(y, from.y), width, height };
    };
    const move = (/** @type {PointerEvent} */ to) => {
      for (const [name, value] of Object.entries(between(to))) this.frame.setAttribute(name, String(value));
      this.frame.style.display = "";
    };
    const end = (/** @type {PointerEvent} */ to) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      this.frame.style.display = "none";
      const chosen = between(to);
      if (chosen.width >= 5 || chosen.height >= 5) this.choose(chosen);  // a mere click chooses nobody
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
  }
}
