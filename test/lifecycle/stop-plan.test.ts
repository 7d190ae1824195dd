import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { stopSequence } from "../../src/config/stop-sequence.ts";
import {
  patienceMs,
  stepAt,
  stepsAfter,
  stopPlan,
  stopSteps,
  type Target,
  untilKillMs,
} from "../../src/lifecycle/stop-plan.ts";
import { programSettings } from "../support/settings.ts";
import { FakeProc, type FakeProcess } from "../support/fake-proc.ts";

const ref = (pid: number, startTime = 100): ProcessRef => ({
  pid: pid as Pid,
  startTime: startTime as Ticks,
});

const settings = { termToKillMs: 3000 };
const steps = stopSteps(settings);

/** A plan in words: whom it begins with, and what it ends then. */
function planOf(target: Partial<Target>, ...there: readonly FakeProcess[]): string {
  const proc = new FakeProc(...there);
  const look = (pid: Pid): ReturnType<FakeProc["stat"]> | undefined =>
    there.some((one) => one.pid === pid) ? proc.stat(pid) : undefined;
  const all = { process: undefined, launched: undefined, ...target };
  const { first, groups } = stopPlan(all, settings, look);
  const words = groups.map(({ leader, isSession }) => {
    const born = leader.startTime === Number(ref(0).startTime) ? "" : `@${leader.startTime}`;
    return `${isSession ? "session" : "group"} ${leader.pid}${born}`;
  });
  return [first === undefined ? "nobody" : String(first.pid), ...words].join(", ");
}

describe("stopPlan", () => {
  const claims: readonly [string, Partial<Target>, readonly FakeProcess[], string][] = [
    ["knows nobody", {}, [], "nobody"],
    [
      "ends what we launched, with its session, whether it leads one still or not",
      { process: ref(10), launched: ref(10) },
      [{ pid: 10, pgrp: 1, session: 1 }],
      "10, session 10",
    ],
    [
      "leaves alone the group of what was started by hand, and leads none",
      { process: ref(10) },
      [{ pid: 10, pgrp: 5, session: 5 }],
      "10",
    ],
    [
      "ends the group that it leads in somebody's session",
      { process: ref(10) },
      [{ pid: 10, pgrp: 10, session: 5 }],
      "10, group 10",
    ],
    [
      "ends the session that it leads",
      { process: ref(10) },
      [{ pid: 10, pgrp: 10, session: 10 }],
      "10, session 10",
    ],
    [
      "begins with what does the work of a shell line",
      { process: ref(10), main: ref(12), launched: ref(10) },
      [
        { pid: 10, pgrp: 10, session: 10 },
        { pid: 12, pgrp: 10, session: 10 },
      ],
      "12, session 10",
    ],
    [
      "ends the wrapper of a daemon as well as the daemon's own group",
      { process: ref(20), launched: ref(10) },
      [{ pid: 20, pgrp: 20, session: 20 }],
      "20, session 10, session 20",
    ],
    ["knows no group of one that is gone", { process: ref(10) }, [], "10"],
    [
      "ends another session, whose leader is gone: no process is its leader",
      { launched: ref(10), session: 30 },
      [],
      "nobody, session 10, session 30@-1",
    ],
    [
      "knows that leader while it is a zombie",
      { session: 30 },
      [{ pid: 30, startTime: 70, state: "Z", threads: 1 }],
      "nobody, session 30@70",
    ],
    [
      "takes no living process for that leader: its pid may be another's by now",
      { session: 30 },
      [{ pid: 30, startTime: 70 }],
      "nobody, session 30@-1",
    ],
    [
      "ends no session twice",
      { process: ref(10), launched: ref(10), session: 10 },
      [{ pid: 10, pgrp: 10, session: 10 }],
      "10, session 10",
    ],
  ];
  for (const [what, target, there, want] of claims) {
    test(what, () => assert.equal(planOf(target, ...there), want));
  }

  test("asks with SIGTERM, and kills after term_to_kill_seconds", () => {
    const look = (): undefined => undefined;
    const plan = stopPlan({ process: ref(10), launched: undefined }, settings, look);
    assert.deepEqual(plan.steps, [
      { signal: "SIGTERM", patienceMs: 3000, key: "term_to_kill_seconds" },
      { signal: "SIGKILL", patienceMs: 5000 },
    ]);
  });
});

describe("stopSteps", () => {
  const claims: readonly [string, string, string][] = [
    ["with nothing, SIGTERM for term_to_kill_seconds", "", "SIGTERM 3000 !, SIGKILL 5000"],
    ["as written", "QUIT 1s, TERM 300ms, KILL", "SIGQUIT 1000, SIGTERM 300, SIGKILL 5000"],
    ["with SIGKILL in the end, if it is not there", "INT 10", "SIGINT 10000, SIGKILL 5000"],
    [
      "with term_to_kill_seconds as a wait",
      "INT, TERM 1",
      "SIGINT 3000 !, SIGTERM 1000, SIGKILL 5000",
    ],
    ["with SIGKILL alone", "KILL", "SIGKILL 5000"],
    ["with one signal twice", "INT 1, INT 1", "SIGINT 1000, SIGINT 1000, SIGKILL 5000"],
  ];
  for (const [what, text, want] of claims) {
    test(`are ${what}`, () => {
      const read = stopSequence.parse({ text, list: undefined, isBrokenList: false });
      assert.ok("value" in read);
      const words = stopSteps({ ...settings, stop: read.value }).map(
        ({ signal, patienceMs: ms, key }) => `${signal} ${ms}${key === undefined ? "" : " !"}`,
      );
      assert.equal(words.join(", "), want);
    });
  }
});

test("untilKillMs is the patience of all but SIGKILL", () => {
  assert.equal(untilKillMs(settings), 3000);
  const stop = [
    { signal: "SIGINT", waitMs: 1000 },
    { signal: "SIGQUIT", waitMs: undefined },
  ] as const;
  assert.equal(untilKillMs({ ...settings, stop }), 4000);
  const hook = { beforeStop: { text: "x", words: ["x"] }, hookTimeoutMs: 500 };
  const whole = programSettings("/", ["x"], { ...settings, stop, ...hook });
  assert.equal(untilKillMs(whole), 4500);
  const { env: _, ...known } = whole;
  assert.equal(untilKillMs(known), 4000, "without its environment, no command is run");
  assert.equal(untilKillMs({ ...settings, stop: [{ signal: "SIGKILL", waitMs: undefined }] }), 0);
});

describe("stepsAfter", () => {
  for (const [spentMs, left] of [
    [0, 3000],
    [1, 2999],
    [3000, 0],
    [60_000, 0],
  ] as const) {
    test(`leaves ${left} ms for SIGTERM when ${spentMs} are spent, and all for SIGKILL`, () => {
      assert.deepEqual(
        stepsAfter(steps, spentMs).map((step) => step.patienceMs),
        [left, 5000],
      );
    });
  }

  test("takes what is spent from each step but the last", () => {
    const three = [{ signal: "SIGINT", patienceMs: 1000 }, ...steps] as const;
    assert.deepEqual(
      stepsAfter(three, 1500).map((step) => step.patienceMs),
      [0, 2500, 5000],
    );
  });
});

describe("stepAt", () => {
  for (const [ms, signal] of [
    [0, "SIGTERM"],
    [2999, "SIGTERM"],
    [3000, "SIGKILL"],
    [7999, "SIGKILL"],
    [8000, "SIGKILL"],
    [Number.POSITIVE_INFINITY, "SIGKILL"],
  ] as const) {
    test(`is ${signal} after ${ms} ms`, () => assert.equal(stepAt(steps, ms).signal, signal));
  }

  test("is SIGKILL at once where term_to_kill_seconds is 0", () => {
    assert.equal(stepAt(stopSteps({ termToKillMs: 0 }), 0).signal, "SIGKILL");
  });
});

test("patienceMs is that of all steps together", () => assert.equal(patienceMs(steps), 8000));
