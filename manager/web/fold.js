// @ts-check
// What the frames up to a position come to. Going on takes the frames in between; going back begins again.

/** @template {{take: (frame: import("./timeline.js").Frame) => void}} T */
export class Fold {
  /** @param {import("./timeline.js").Timeline} timeline @param {() => T} make */
  constructor(timeline, make) {
    this.timeline = timeline;
    this.make = make;
    this.taken = 0;
    this.generation = timeline.generation;
    this.value = make();
  }

  begin() {
    this.taken = 0;
    this.generation = this.timeline.generation;
    this.value = this.make();
  }

  /** @param {number} position @returns {T} */
  at(position) {
    const { frames, generation } = this.timeline;
    if (position < this.taken || generation !== this.generation) this.begin();
    for (; this.taken < position; ++this.taken) this.value.take(frames[this.taken]);
    return this.value;
  }
}
