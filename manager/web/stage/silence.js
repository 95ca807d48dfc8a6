// @ts-check
// PINGs in a row to which a peer has not answered, by peer. Pure.

const answered = new Set(["suspicion_cancelled", "refuted", "member_removed", "member_added"]);

export class Silence {
  constructor() { /** @type {Map<string, number>} the most that one neighbour counts */ this.pings = new Map(); }

  /** @param {import("../timeline.js").Frame} frame */
  take({ kind, data }) {
    const { subject } = data;
    if (kind === "change" && data.state !== "paused") this.pings.delete(data.node);
    if (kind !== "notice") return;
    if (data.kind === "ping_missed") {
      this.pings.set(subject, Math.max(this.pings.get(subject) ?? 0, data.count ?? 1));
    } else if (answered.has(data.kind)) this.pings.delete(subject);
  }
}
