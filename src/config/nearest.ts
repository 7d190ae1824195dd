import { monotonicMs } from "../lib/clock.ts";

/** Maximum length of a name that a person may have mistyped, in characters; a program wrote longer ones. */
const LONGEST = 100;
/** Maximum number of letter comparisons per second. Thousands of wrong names are not typing errors. */
const MOST_STEPS = 10_000_000;
const budget = { steps: 0, since: 0 };

/**
 * The name of `names` that `name` was perhaps meant to be; undefined if none is near, or if too many were
 * asked for within a second: this is only advice, and nobody waits for it.
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  if (name.length > LONGEST || isExhausted()) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  const wanted = simplify(name);
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > least) continue;
    budget.steps += name.length * candidate.length;
    if (budget.steps > MOST_STEPS) {
      budget.since = monotonicMs(); // the pause begins now: a slow machine takes long for the steps
      break;
    }
    const steps = distance(wanted, simplify(candidate));
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

/** The end of a sentence about what is wrong: `; did you mean X?`, or nothing where nothing was meant. */
export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

function isExhausted(): boolean {
  const now = monotonicMs();
  if (now - budget.since > 1000) Object.assign(budget, { steps: 0, since: now });
  return budget.steps > MOST_STEPS;
}

/** Case, blanks and dashes make no difference. */
function simplify(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, "");
}

/**
 * Letters to add, drop, replace or swap with their neighbour (optimal string alignment). For the
 * packages of npm, as leven, a swap is two steps, so that `sotp` would be as near to `sort` as to `stop`.
 */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, (before[j - 2] ?? 0) + 1);
      }
      row.push(steps);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
