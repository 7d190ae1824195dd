import fc from "fast-check";
import type { Kind } from "./processes.ts";
import type { Action } from "./usrsvc.ts";
import type { Crash, Deed, Policy, Scenario } from "./scenario.ts";

/** Close together, or after what went before has come to an end. */
const wait = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3000 }) },
);

const program = fc.integer({ min: 0, max: 2 });

/** A start makes some 150 steps up to the end of its window; what is on record just after a launch matters most. */
const crash: fc.Arbitrary<Crash> = fc.oneof(
  fc.record({
    since: fc.constant("beginning" as const),
    steps: fc.integer({ min: 1, max: 250 }),
  }),
  fc.record({ since: fc.constant("launch" as const), steps: fc.integer({ min: 1, max: 40 }) }),
);

const acting = fc.constantFrom<Action>("start", "stop", "restart");
const anyAction = fc.oneof(
  { weight: 4, arbitrary: acting },
  { weight: 2, arbitrary: fc.constantFrom<Action>("hold", "hold", "release") },
);

function operation(
  kind: fc.Arbitrary<Action>,
  crash: fc.Arbitrary<Crash | undefined>,
): fc.Arbitrary<Deed> {
  return fc.record({ kind, wait, program, crash });
}

function daemon(crash: fc.Arbitrary<Crash | undefined>): fc.Arbitrary<Deed> {
  return fc.record({ kind: fc.constant("usrsvcd" as const), wait, crash });
}

function deed(
  kind: fc.Arbitrary<Action>,
  crash: fc.Arbitrary<Crash | undefined>,
): fc.Arbitrary<Deed> {
  return fc.oneof(
    { weight: 6, arbitrary: operation(kind, crash) },
    { weight: 3, arbitrary: daemon(crash) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill usrsvcd" as const), wait }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("kill program" as const), wait, program }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("stranger" as const), wait, program }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("freeze" as const),
        wait,
        ms: fc.integer({ min: 1, max: 2000 }),
      }),
    },
  );
}

function scenarios(
  kinds: readonly Kind[],
  deeds: fc.Arbitrary<Deed>,
  policies: readonly Policy[],
): fc.Arbitrary<Scenario> {
  return fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    programs: fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 3 }),
    chained: fc.array(fc.constantFrom(false, false, true), { minLength: 3, maxLength: 3 }),
    deeds: fc.array(deeds, { minLength: 1, maxLength: 12 }),
    policies: fc.array(fc.constantFrom(...policies), { minLength: 3, maxLength: 3 }),
  });
}

const sometimes = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: crash },
);

/** Stories of all kinds. */
export const anyScenario = scenarios(
  ["plain", "mortal", "daemon", "workers", "stubborn", "failing"],
  deed(anyAction, sometimes),
  ["always", "on-failure", "given up"],
);

/** Stories in which whoever acts is killed, mostly. */
export const crashingScenario = scenarios(
  ["plain", "daemon", "workers"],
  deed(acting, fc.oneof({ weight: 1, arbitrary: sometimes }, { weight: 3, arbitrary: crash })),
  ["always"],
);
