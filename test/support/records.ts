import fc from "fast-check";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import type { Known, LastExit, ProgramRecord } from "../../src/state/record.ts";
import { desires, type State, states } from "../../src/state/states.ts";

/** Any process that a record may name. */
export const anyRef = fc.record({
  pid: fc.integer({ min: 2, max: 4_194_304 }),
  startTime: fc.nat(),
}) as fc.Arbitrary<ProcessRef>;

const text = fc.option(fc.string(), { nil: undefined });
const refOrNone = fc.option(anyRef, { nil: undefined });
const countOrNone = fc.option(fc.integer({ min: 1 }), { nil: undefined });

const anyExit = fc.oneof(
  fc.record({ kind: fc.constant("code" as const), code: fc.nat(255) }),
  fc.record({
    kind: fc.constant("signal" as const),
    signal: fc.string(),
    coreDumped: fc.boolean(),
  }),
  fc.constant({ kind: "unknown" as const }),
);

/** Any end of a process. */
export const anyLastExit: fc.Arbitrary<LastExit> = fc.record({
  at: fc.string(),
  pid: fc.nat(),
  exit: anyExit,
});

/** What a record of the boot "this-boot" may say, whatever its state. */
export const anyKnown: fc.Arbitrary<Known> = fc.record({
  version: fc.constant(1 as const),
  name: fc.string({ unit: "binary" }),
  boot: fc.constant("this-boot"),
  desired: fc.constantFrom(...desires),
  desiredAt: countOrNone as fc.Arbitrary<Ticks | undefined>,
  stopLasts: fc.constantFrom("forever" as const, undefined),
  process: refOrNone,
  launched: refOrNone,
  session: countOrNone,
  image: countOrNone,
  title: fc.option(fc.array(fc.string(), { minLength: 1 }), { nil: undefined }),
  runsOn: fc.option(fc.array(anyRef, { minLength: 1 }), { nil: undefined }),
  config: text,
  pidfile: text,
  launch: text,
  via: fc.constantFrom("launch" as const, "pidfile" as const, "scan" as const, undefined),
  launcher: fc.constantFrom("usrsvc" as const, "usrsvcd" as const, undefined),
  digest: text,
  run: text,
  restarts: fc.nat(),
  failures: fc.nat(),
  ended: fc.option(fc.record({ process: anyRef, by: fc.string() }), { nil: undefined }),
  lastExit: fc.option(anyLastExit, { nil: undefined }),
  reason: text,
  at: fc.constant(""),
  by: fc.constantFrom("usrsvc" as const, "usrsvcd" as const),
});

/** Any record of the boot "this-boot", not written yet. */
export const anyRecord: fc.Arbitrary<ProgramRecord> = fc
  .tuple(anyKnown, fc.constantFrom(...states), text, countOrNone)
  .map(([known, state, nextTryAt, windowEndsAt]) =>
    inState(known, state, nextTryAt, windowEndsAt as Ticks | undefined),
  );

/** A record in this state, which says no more of it than that, or what goes with it. */
export function inState(
  known: Known,
  state: State,
  nextTryAt?: string,
  windowEndsAt?: Ticks,
): ProgramRecord {
  if (state === "backoff") return { ...known, state, nextTryAt };
  if (state === "waiting") return { ...known, state, waitsFor: "db", since: nextTryAt };
  return state === "starting" ? { ...known, state, windowEndsAt } : { ...known, state };
}
