import type { TestContext } from "node:test";

type Step = () => unknown;

const pending = new WeakMap<TestContext, Step[]>();

/**
 * Does `step` after the test, what was asked for last first: a folder goes when the processes that
 * write into it are gone. (`t.after` keeps the order of asking.)
 */
export function cleanUp(t: TestContext, step: Step): void {
  const steps = pending.get(t);
  if (steps !== undefined) {
    steps.push(step);
    return;
  }
  const made = [step];
  pending.set(t, made);
  t.after(async () => {
    const errors: unknown[] = [];
    for (let next = made.pop(); next !== undefined; next = made.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join("; "));
  });
}
