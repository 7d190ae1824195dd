/** What the tries of one measurement come to. */
export interface Summary {
  readonly median: number;
  /** A quarter of the tries is below. */
  readonly q1: number;
  /** A quarter of the tries is above. */
  readonly q3: number;
  readonly min: number;
  readonly max: number;
  readonly tries: number;
}

/** Sums up `values`; all NaN where there are none. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    tries: sorted.length,
  };
}

/** Between two values it is a straight line, so that the median of an even number is the mean of two. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
