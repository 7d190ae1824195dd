import type { Plan } from "./plan.ts";

/**
 * Makes a plan shorter for as long as it still fails: without whole rounds, then without ever smaller
 * chunks of operations. `fails` lives through it, more than once perhaps, and yields what still fails.
 */
export async function shrink<P extends Plan>(
  plan: P,
  fails: (candidate: P) => Promise<boolean>,
  isOver: () => boolean,
): Promise<P> {
  let best = plan;
  for (let size = Math.ceil(best.rounds.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.rounds.length && best.rounds.length > 1;) {
      if (isOver()) return best;
      const rounds = [...best.rounds.slice(0, at), ...best.rounds.slice(at + size)];
      const candidate = { ...best, rounds };
      if (rounds.length > 0 && (await fails(candidate))) best = candidate;
      else at += size;
    }
  }
  const total = (): number => count(best);
  for (let size = Math.ceil(total() / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < total();) {
      if (isOver()) return best;
      const candidate = without(best, at, size);
      if (await fails(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}

/** How many operations a plan has. */
export function count({ rounds }: Plan): number {
  return rounds.reduce((sum, { operations }) => sum + operations.length, 0);
}

/** The plan without `size` operations from the `at`th on, counted through all rounds. */
function without<P extends Plan>(plan: P, at: number, size: number): P {
  let index = 0;
  const rounds = plan.rounds.map((round) => ({
    ...round,
    operations: round.operations.filter(() => {
      const isIn = index < at || index >= at + size;
      index += 1;
      return isIn;
    }),
  }));
  return { ...plan, rounds };
}
