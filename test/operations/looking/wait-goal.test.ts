import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Goal,
  judge,
  judgeStartable,
  type Seen,
} from "../../../src/operations/looking/wait-goal.ts";
import type { ProgramStatus } from "../../../src/status/status.ts";

const status = (more: Partial<ProgramStatus>): ProgramStatus => ({
  program: "web",
  state: "running",
  enabled: true,
  wanted: true,
  restarts: 0,
  failures: 0,
  ...more,
});

const up = { state: "running", pid: 7 } as const;
const starting = { state: "starting", pid: 7 } as const;
const stopping = { state: "stopping", pid: 7 } as const;
const stopped = { state: "stopped" } as const;
const backoff = { state: "backoff" } as const;
const fatal = { state: "fatal", reason: "killed" } as const;
const retried = { ...fatal, nextTryAt: "2030-01-01T00:00:00Z" };

const programs: readonly [goal: Goal, now: Partial<ProgramStatus>, want: string | undefined][] = [
  ["running", up, "running 0"],
  ["running", starting, "running 0"],
  ["running", stopped, undefined],
  ["running", backoff, undefined],
  ["running", fatal, "fatal 134"],
  ["running", retried, undefined],
  ["ready", up, "ready 0"],
  ["ready", starting, undefined],
  ["ready", stopping, undefined],
  ["ready", { state: "waiting" }, undefined],
  ["ready", fatal, "fatal 134"],
  ["stopped", up, undefined],
  ["stopped", stopping, undefined],
  ["stopped", backoff, undefined],
  ["stopped", { state: "waiting" }, undefined],
  ["stopped", stopped, "stopped 0"],
  ["stopped", fatal, "stopped 0"],
  ["done", up, "refused 1"],
];

const failed = { code: 3 } as const;
const jobs: typeof programs = [
  ["done", up, undefined],
  ["done", stopped, undefined],
  ["done", { state: "done", lastRun: "done", lastExit: { code: 0 } }, "done 0"],
  ["ready", { state: "done", lastRun: "done", lastExit: { code: 0 } }, "done 0"],
  ["done", { ...stopped, lastRun: "failed", lastExit: failed }, "failed 3"],
  ["done", { ...backoff, lastRun: "failed", lastExit: failed }, undefined],
  ["done", { ...stopped, lastRun: "failed", lastExit: { signal: "SIGKILL" } }, "failed 137"],
  ["done", { ...stopped, lastRun: "stopped", lastExit: { signal: "SIGTERM" } }, "stopped 143"],
  ["done", { ...stopped, lastRun: "failed", lastExit: { unknown: true } }, "failed 1"],
  ["stopped", { state: "done" }, "stopped 0"],
];

describe("usrsvc wait", () => {
  for (const [rows, isJob] of [
    [programs, false],
    [jobs, true],
  ] as const) {
    for (const [goal, now, want] of rows) {
      test(`for ${goal}, of a ${isJob ? "job" : "program"}: ${JSON.stringify(now)}`, () => {
        const seen = { status: status(now), isJob, first: undefined, end: undefined };
        const result = judge(goal, seen);
        assert.equal(result && `${result.result} ${result.code}`, want);
      });
    }
  }

  const exits: readonly [
    Pick<Seen, "first" | "end">,
    Partial<ProgramStatus>,
    string | undefined,
  ][] = [
    [{ first: 7, end: undefined }, up, undefined],
    [{ first: 7, end: { code: 0 } }, stopped, "exit 0"],
    [{ first: 7, end: { code: 9 } }, { ...up, pid: 8 }, "exit 9"],
    [{ first: 7, end: { signal: "SIGSEGV", coreDumped: true } }, stopped, "exit 139"],
    [{ first: 7, end: { signal: "SIG34" } }, stopped, "exit 162"],
    [{ first: 7, end: { unknown: true } }, stopped, "exit 1"],
    [{ first: undefined, end: undefined }, { ...stopped, lastExit: { code: 4 } }, "down 4"],
    [{ first: undefined, end: undefined }, stopped, "down 0"],
  ];
  for (const [ends, now, want] of exits) {
    test(`for exit: ${JSON.stringify([ends, now])}`, () => {
      const result = judge("exit", { status: status(now), isJob: false, ...ends });
      assert.equal(result && `${result.result} ${result.code}`, want);
    });
  }

  test("for done, of a job that has ended unseen", () => {
    const seen = { status: status(stopped), isJob: true, first: undefined, end: undefined };
    assert.equal(judge("done", { ...seen, isUnseen: false }), undefined);
    const result = judge("done", { ...seen, isUnseen: true });
    assert.deepEqual([result?.result, result?.code], ["failed", 1]);
    assert.match(result?.message ?? "", /nobody knows how; usrsvc start web runs it again/);
  });

  test("refuses to wait for what can never come", () => {
    const off = status({ ...stopped, enabled: false });
    assert.equal(judgeStartable("ready", off, {})?.code, 132);
    assert.equal(judgeStartable("running", status(stopped), { isFaulty: true })?.code, 130);
    const removed = judgeStartable("running", status(stopped), { isRemoved: true });
    assert.equal(removed?.code, 133);
    assert.match(removed?.message ?? "", /in no configuration file any more/);
    assert.equal(judgeStartable("running", status(stopped), {}), undefined);
    assert.equal(judgeStartable("stopped", off, {}), undefined);
    assert.equal(judgeStartable("ready", status({ ...up, enabled: false }), {}), undefined);
  });
});
