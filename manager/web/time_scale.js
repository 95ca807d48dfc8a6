// @ts-check
// A scale of time that gives room to moments in which much happens: a pause of minutes takes little more of it than one
// of seconds, and a vote of 6 ms can be seen. Pure.

const unit = 1000;  // µs
const perFrame = 0.05;  // what a frame takes, however close it is to the one before

/** The number of values of a sorted list that are at most `limit`. @param {number[]} sorted @param {number} limit */
export function countUpTo(sorted, limit) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class TimeScale {
  /** @type {number[]} by frame, where it is on the scale */ at = [];

  /** The next frame. @param {number} t @param {number} before when the frame before it was */
  add(t, before) {
    const last = this.at.at(-1);
    this.at.push(last === undefined ? 0 : last + perFrame + Math.log1p((t - before) / unit));
  }

  /** From 0 to 1. @param {number[]} times @param {number} first the frame at 0 @param {number} t */
  part(times, first, t) {
    const [start, end] = [this.at[first] ?? 0, this.at.at(-1) ?? 0];
    const i = Math.max(first, countUpTo(times, t) - 1);
    const here = this.at[i] ?? 0;
    const gap = (times[i + 1] ?? t) - (times[i] ?? t);
    const within = gap > 0 ? Math.max(0, t - times[i]) / gap : 0;
    const value = here + within * ((this.at[i + 1] ?? here) - here);
    return Math.max(0, Math.min(1, (value - start) / Math.max(1e-9, end - start)));
  }

  /** The time at a part of the scale. @param {number[]} times @param {number} first @param {number} part */
  time(times, first, part) {
    const [start, end] = [this.at[first] ?? 0, this.at.at(-1) ?? 0];
    const value = start + (end - start) * part;
    const i = Math.max(first, countUpTo(this.at, value) - 1);
    const [from, to] = [this.at[i] ?? 0, this.at[i + 1] ?? this.at[i] ?? 0];
    const within = to > from ? (value - from) / (to - from) : 0;
    return (times[i] ?? 0) + within * ((times[i + 1] ?? times[i] ?? 0) - (times[i] ?? 0));
  }
}
