// @ts-check
// The shell's line and what its commands print. Everything that acts on the network is one of these commands.
import { byId, element } from "./dom.js";

const outputsKept = 200;
export const noAnswer = "no answer: is gossipctl still running?";

/** @typedef {{text: string, failed: boolean}} Answer */

export class Shell {
  /** @param {string|null} token @param {(command: string) => Promise<Answer>} carryOut */
  constructor(token, carryOut) {
    this.token = token;
    this.carryOut = carryOut;
    this.output = byId("output");
    /** @type {HTMLInputElement} */ this.field = byId("command-text");
    /** @type {string[]} */ this.history = [];
    this.recalled = 0;
    byId("read-only").hidden = token !== null;
    byId("command").hidden = token === null;
    byId("command").addEventListener("submit", (/** @type {Event} */ event) => this.submit(event));
    this.field.addEventListener("keydown", event => this.recall(event));
  }

  /** Nothing can be done to what is over. */
  hide() { byId("shell").hidden = true; }
  get acts() { return this.token !== null && !byId("shell").hidden; }

  /** The one way to act: a command, shown with what it prints. @param {string} text */
  async run(text) {
    const { output } = this;
    output.append(element("pre", "gossip> " + text, { class: "typed" }));
    const result = element("pre");
    output.append(result);
    const answer = await this.carryOut(text);
    result.textContent = answer.text;
    if (answer.failed) result.className = "failed";
    if (answer.text === "") result.remove();
    while (output.childNodes.length > outputsKept) output.firstChild.remove();
    output.scrollTop = output.scrollHeight;
  }

  /** @param {Event} event */
  submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (text === "") return;
    this.history.push(text);
    this.recalled = this.history.length;
    this.field.value = "";
    this.run(text);
  }

  /** @param {KeyboardEvent} event */
  recall(event) {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    this.recalled = Math.max(0, Math.min(this.history.length, this.recalled + step));
    this.field.value = this.history[this.recalled] ?? "";
  }

  /**
   * A command to be completed, with what is to be decided marked.
   * @param {string} command @param {string} fill its end
   */
  ask(command, fill) {
    this.field.value = command;
    this.field.focus();
    this.field.setSelectionRange(command.length - fill.length, command.length);
  }
}

/** @param {string|null} token @param {string} command @returns {Promise<Answer>} */
export async function runOnServer(token, command) {
  try {
    const response = await fetch("api/cmd", {
      method: "POST", body: command, headers: { Authorization: "Bearer " + token, "Content-Type": "text/plain" },
    });
    const answer = await response.json();
    return { text: ((answer.output ?? "") + (answer.errors ?? answer.error ?? "")).trimEnd(), failed: !answer.ok };
  } catch {
    return { text: noAnswer, failed: true };
  }
}
