// @ts-check
// The demo's controls. A change of its network, or an act at some moment of it, runs it again from its beginning.
import { elapsed } from "./clock.js";
import { byId } from "./dom.js";
import { noAnswer } from "./shell.js";

/** @typedef {{t: number, command: string}} Act */
/** @typedef {{seeds: number, peers: number, links: number, loss: number, seed: string, acts: Act[]}} Plan */

export class Demo {
  /**
   * @param {import("./clock.js").Clock} clock
   * @param {string|null} token
   * @param {{take: (source: any) => void, move: (move: () => void) => void}} handlers
   */
  constructor(clock, token, handlers) {
    this.clock = clock;
    this.token = token;
    this.handlers = handlers;
    /** @type {Plan|null} none: this page shows something else */ this.plan = null;
    /** @type {HTMLInputElement[]} */ this.inputs = [...byId("demo").querySelectorAll("input")];
    for (const input of this.inputs) {
      input.addEventListener("input", () => this.showValue(input));
      input.addEventListener("change", async () => {
        const problem = await this.rerun({ [input.name]: input.value, acts: [] });
        if (problem) byId("caption").textContent = problem;
      });
    }
    byId("demo-undo").addEventListener("click", () => this.rerun({ acts: [] }));
    const form = byId("demo").querySelector("form");
    form.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  }

  /** @param {Plan} plan */
  show(plan) {
    this.plan = plan;
    for (const input of this.inputs) {
      input.value = plan[input.name];
      this.showValue(input);
      input.disabled = this.token === null;
    }
    byId("demo-undo").disabled = this.token === null || plan.acts.length === 0;
  }

  /** @param {HTMLInputElement} input */
  showValue(input) {
    if (input.nextElementSibling) input.nextElementSibling.textContent = input.value;
  }

  /** The demo once more; why not, or nothing. @param {any} changes of its plan @returns {Promise<string|undefined>} */
  async rerun(changes) {
    const plan = { ...this.plan, ...changes };
    const lines = ["seeds", "peers", "links", "loss", "seed"].map(name => `${name} ${plan[name]}`)
      .concat(plan.acts.map((/** @type {Act} */ act) => `at ${act.t} ${act.command}`));
    const response = await fetch("api/act", {
      method: "POST", body: lines.join("\n"), headers: { Authorization: "Bearer " + this.token },
    });
    const answer = await response.json();
    if (answer.error) return answer.error;
    const { pace } = this.clock;
    this.handlers.take(answer);
    this.clock.pace = pace;
  }

  /**
   * At the page's present moment. What would have come after it comes anew.
   * @param {string} command @returns {Promise<import("./shell.js").Answer>}
   */
  async run(command) {
    const text = await this.act(command).catch(() => noAnswer) ??
      `at ${elapsed(this.clock.model.time - this.clock.timeline.start)}; what comes after it was run anew`;
    return { text, failed: false };
  }

  /** @param {string} command @returns {Promise<string|undefined>} why not */
  async act(command) {
    const { clock } = this;
    const { timeline } = clock;
    const t = clock.model.time;
    const earlier = /** @type {Plan} */ (this.plan).acts.filter(act => act.t <= t);
    const problem = await this.rerun({ acts: [...earlier, { t, command }] });
    if (problem) return problem;
    const at = timeline.frames.findIndex(f => f.kind === "command" && f.t >= t && command.includes(f.data.text));
    this.handlers.move(() => clock.goTo(timeline.next(at + 1)));  // to what it did
  }
}
