// @ts-check
// The distribution of the peers' degrees and the power law fitted to its tail.

/**
 * Of each degree the share of nodes that have it or more.
 * @param {number[]} degrees @returns {{k: number, share: number}[]}
 */
export function ccdf(degrees) {
  const counts = countsOf(degrees);
  let above = degrees.length;
  const points = [];
  for (let k = 0; k < counts.length; ++k) {
    if (counts[k] > 0 && k > 0) points.push({ k, share: above / degrees.length });
    above -= counts[k];
  }
  return points;
}

/** @param {number[]} degrees */
function countsOf(degrees) {
  const counts = new Array(1 + Math.max(0, ...degrees)).fill(0);
  for (const k of degrees) ++counts[k];
  return counts;
}

export const leastTail = 50;

/**
 * By maximum likelihood, from the degree whose tail is nearest to a law (Clauset, Shalizi, Newman, "Power-law
 * distributions in empirical data", SIAM Review 51, 2009, eq. 3.7 and 3.9); null where there is too little to say.
 * @param {number[]} degrees @returns {{exponent: number, from: number, tail: number, distance: number} | null}
 */
export function fitPowerLaw(degrees) {
  const counts = countsOf(degrees);
  let best = null;
  for (let from = 1; from < counts.length; ++from) {
    if (counts[from] === 0) continue;
    const law = fitFrom(counts, from);
    if (!law) break;
    if (!best || law.distance < best.distance) best = law;
  }
  return best;
}

/** @param {number[]} counts @param {number} from */
function fitFrom(counts, from) {
  const base = from - 0.5;
  let tail = 0;
  let logs = 0;
  for (let k = from; k < counts.length; ++k) {
    tail += counts[k];
    logs += counts[k] * Math.log(k / base);
  }
  if (tail < leastTail || counts.length <= 2 * from) return null;  // too few, or too narrow for any law
  const exponent = 1 + tail / logs;
  let distance = 0;
  let above = tail;
  for (let k = from; k < counts.length; ++k) {
    distance = Math.max(distance, Math.abs(above / tail - ((k - 0.5) / base) ** (1 - exponent)));
    above -= counts[k];
  }
  return { exponent, from, tail, distance };
}
