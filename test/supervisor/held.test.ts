import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { transition } from "../../src/supervisor/machine.ts";
import {
  type Context,
  type History,
  noHistory,
  type Observed,
  type ProgramEvent,
  type ProgramState,
  type Step,
} from "../../src/supervisor/program-state.ts";

const ref = (pid: number): ProcessRef => ({ pid: pid as Pid, startTime: 7 as Ticks });
const one = ref(10);
const other = ref(11);
const NOW = 1_000_000;

const settings: Context["settings"] = {
  type: "service",
  overlap: "kill",
  enabled: true,
  autostart: true,
  autorestart: true,
  maxrestarts: 0,
  restartDelayMs: 0,
  restartMaxDelayMs: undefined,
  restartWindowMs: 0,
  retryAfterMs: 0,
};
const gone = (more: Partial<Observed> = {}): Observed => ({
  kind: "observed",
  process: undefined,
  desired: "none",
  ranBefore: false,
  diedUnseen: false,
  startedByHand: false,
  exit: undefined,
  ...more,
});
const seen = (process: ProcessRef): Observed => gone({ process, ranBefore: true });
const limit = { monitor: "rss_limit", measured: 2048, limit: 1024, reason: "too big" };
const tooBig: ProgramEvent = { kind: "limit-exceeded", process: one, limit };
const newer: ProcessRef = { ...one, startTime: 8 as Ticks };
const dbRestarted: ProgramEvent = { kind: "companion-restarted", program: "db", process: newer };
const failed: ProgramEvent = { kind: "start-failed", reason: "it broke" };

const states: Readonly<Record<string, ProgramState>> = {
  unknown: { kind: "unknown" },
  starting: { kind: "starting", cause: { kind: "autostart" } },
  running: { kind: "running", process: one, since: NOW - 1000 },
  stopping: { kind: "stopping", process: one, cause: { kind: "limit", ...limit }, since: NOW },
  waiting: { kind: "waiting", cause: { kind: "autostart" }, wait: { what: "db", reason: "no" } },
  backoff: { kind: "backoff", until: NOW - 1, reason: "it broke", cause: { kind: "retry" } },
  fatal: { kind: "fatal", reason: "it broke", retry: { afterMs: 10, at: NOW - 1 } },
  done: { kind: "done" },
  "stopped by an operator": { kind: "stopped", why: "asked" },
  "stopped while it is held": { kind: "stopped", why: "held" },
};

function move(
  state: ProgramState,
  event: ProgramEvent,
  isHeld = true,
  more: Partial<Context["settings"]> = {},
  history: History = noHistory,
): Step {
  return transition(state, history, event, {
    settings: { ...settings, ...more },
    now: NOW,
    chance: 0.5,
    isHeld,
  });
}

function words({ state, effects }: Step): string {
  const name = state.kind === "stopped" ? `stopped(${state.why})` : state.kind;
  return `${name}: ${effects.map(({ kind }) => kind).join(" ")}`.trim();
}

describe("while it is held", () => {
  const rows: readonly (readonly [claim: string, from: string, on: ProgramEvent, want: string])[] =
    [
      ["one that does not run is not started", "unknown", gone(), "stopped(held):"],
      [
        "nor is one that an operator wants up",
        "unknown",
        gone({ desired: "up" }),
        "stopped(held):",
      ],
      ["nor one whose pause is over", "backoff", gone(), "stopped(held):"],
      ["nor one that is to be tried again", "fatal", gone(), "stopped(held):"],
      ["nor one whose wait is over", "waiting", gone(), "stopped(held):"],
      ["what runs is kept", "running", seen(one), "running:"],
      ["what was found is taken up", "unknown", seen(one), "running: take-up"],
      ["another process in its place is taken up", "running", seen(other), "running: take-up"],
      ["a limit changes nothing", "running", tooBig, "running:"],
      ["a restart of another changes nothing", "running", dbRestarted, "running:"],
      ["what is being ended is not told again", "stopping", seen(one), "running:"],
      [
        "an end is noted, and answered with nothing",
        "running",
        gone({ ranBefore: true }),
        "stopped(held): note-death note-stopped",
      ],
      [
        "so is one that nobody has seen",
        "unknown",
        gone({ ranBefore: true, diedUnseen: true }),
        "stopped(held): note-stopped",
      ],
      [
        "that it stays down is no news where an operator has stopped it",
        "running",
        gone({ desired: "down", ranBefore: true }),
        "stopped(held): note-death",
      ],
      [
        "the end of what was being ended is noted",
        "stopping",
        gone(),
        "stopped(held): note-death note-stopped",
      ],
      ["a start that fails is not tried again", "starting", failed, "stopped(held):"],
      [
        "down it stays",
        "stopped while it is held",
        gone({ startedByHand: true, desired: "up" }),
        "stopped(held):",
      ],
    ];
  for (const [claim, from, on, want] of rows) {
    test(claim, () => {
      const state = states[from];
      assert.ok(state);
      assert.equal(words(move(state, on)), want);
    });
  }

  test("a death asks for nothing that touches what it has left", () => {
    const { effects } = move({ kind: "running", process: one, since: 0 }, gone());
    assert.deepEqual(effects[0], {
      kind: "note-death",
      process: one,
      exit: undefined,
      next: "held",
    });
  });

  test("a job that is due is not run, and not ended to be run anew", () => {
    const job = { type: "job" } as const;
    assert.equal(words(move({ kind: "done" }, gone({ isDue: true }), true, job)), "stopped(held):");
    const due = { ...seen(one), isDue: true };
    assert.equal(
      words(move({ kind: "running", process: one, since: 0 }, due, true, job)),
      "running:",
    );
  });
});

describe("a release", () => {
  test("keeps what runs", () => {
    const step = move({ kind: "running", process: one, since: 5 }, { kind: "released" }, false);
    assert.deepEqual(step.state, { kind: "running", process: one, since: 5 });
    assert.deepEqual(step.effects, []);
  });

  test("leaves what is down to a first look, with its counts forgotten", () => {
    const history = { ...noHistory, restarts: 3, failures: 4, streak: 4, early: 2 };
    const step = move({ kind: "stopped", why: "held" }, { kind: "released" }, false, {}, history);
    assert.deepEqual(step, {
      state: { kind: "unknown" },
      history: { ...noHistory, restarts: 3 },
      effects: [],
    });
    assert.equal(words(move(step.state, gone(), false)), "starting: start");
    assert.equal(
      words(move(step.state, gone({ desired: "down" }), false)),
      "stopped(asked): note-stopped",
    );
    assert.equal(
      words(move(step.state, gone(), false, { autostart: false })),
      "stopped(not-started): note-stopped",
    );
  });

  test("that was missed is made up for by the next look", () => {
    assert.equal(words(move({ kind: "stopped", why: "held" }, gone(), false)), "starting: start");
  });
});

describe("whatever happens while it is held", () => {
  const event: fc.Arbitrary<ProgramEvent> = fc.oneof(
    fc.record({
      kind: fc.constant("observed" as const),
      process: fc.constantFrom(undefined, one, other),
      desired: fc.constantFrom("none", "up", "down"),
      ranBefore: fc.boolean(),
      diedUnseen: fc.boolean(),
      startedByHand: fc.boolean(),
      exit: fc.constant(undefined),
      endedWell: fc.boolean(),
      retryMs: fc.constantFrom(undefined, -5, 300),
      isDue: fc.boolean(),
    }),
    fc.constantFrom<ProgramEvent>(
      tooBig,
      dbRestarted,
      failed,
      { kind: "started", process: one },
      { kind: "start-called-off" },
      { kind: "stuck" },
      { kind: "taken-elsewhere" },
      { kind: "released" },
      { kind: "trouble", process: undefined, undo: noHistory },
      { kind: "trouble", process: one, undo: undefined },
    ),
  );
  const course = fc.array(
    fc.record({
      event,
      isHeld: fc.boolean(),
      type: fc.constantFrom("service", "job"),
      autorestart: fc.constantFrom<boolean | "on-failure">(true, false, "on-failure"),
      enabled: fc.constantFrom(true, true, false),
      maxrestarts: fc.constantFrom(0, 2),
    }),
    { maxLength: 40 },
  );

  test("nothing is started, ended, given up or tried again, and each death is noted once", () => {
    fc.assert(
      fc.property(course, (moments) => {
        let state: ProgramState = { kind: "unknown" };
        let history: History = noHistory;
        for (const { event: on, isHeld, ...more } of moments) {
          const before = state;
          const { effects, ...next } = move(state, on, isHeld, more, history);
          ({ state, history } = next);
          if (!isHeld) continue;
          for (const { kind } of effects) {
            assert.ok(["take-up", "note-death", "note-stopped", "wake"].includes(kind), kind);
          }
          const deaths = effects.filter(({ kind }) => kind === "note-death").length;
          const hadProcess = before.kind === "running" || before.kind === "stopping";
          const isDeath = hadProcess && on.kind === "observed" && on.process === undefined;
          assert.equal(deaths, isDeath ? 1 : 0);
          if (on.kind === "observed") {
            assert.ok(["running", "stopped"].includes(state.kind), state.kind);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
