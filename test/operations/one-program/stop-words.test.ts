import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Exit } from "../../../proc/exit.ts";
import type { Pid, ProcessRef, Ticks } from "../../../proc/pid.ts";
import type { Found } from "../../../src/identity/found.ts";
import type { StopStep } from "../../../src/lifecycle/stop-plan.ts";
import { describeStop } from "../../../src/operations/one-program/stop-words.ts";

const ref = (pid: number): ProcessRef => ({ pid: pid as Pid, startTime: 1 as Ticks });
const exit: Exit = { kind: "code", code: 0 };
const absent: Found = { kind: "absent", pidfile: { kind: "none" } };

describe("describeStop", () => {
  const term: StopStep = { signal: "SIGTERM", patienceMs: 3000, key: "term_to_kill_seconds" };
  const [asked, int, kill] = [
    { signal: "SIGTERM", patienceMs: 30_000 },
    { signal: "SIGINT", patienceMs: 10_000 },
    { signal: "SIGKILL", patienceMs: 5000 },
  ] as const;
  const killed: Exit = { kind: "signal", signal: "SIGKILL", coreDumped: false };
  const done = {
    kind: "terminated",
    exit,
    sent: [term],
    tookMs: 1200,
    leftBehind: 0,
    notes: [],
  } as const;
  const claims: readonly [string, Parameters<typeof describeStop>[0], string][] = [
    ["it was down", { kind: "not-running", leftBehind: 0 }, "down: was not running"],
    [
      "something was left of it",
      { kind: "not-running", leftBehind: 1 },
      "down: was not running; 1 left-over process ended",
    ],
    [
      "it went when asked",
      done,
      "stopped: stopped, pid 10: terminated in 1.2 s (exited with code 0)",
    ],
    [
      "with what it had left",
      { ...done, leftBehind: 2 },
      "stopped: stopped, pid 10: terminated in 1.2 s (exited with code 0); 2 left-over processes ended",
    ],
    [
      "it did not go when asked",
      { ...done, kind: "killed", exit: killed, sent: [term, kill] },
      "killed: stopped, pid 10: killed, because it ignored SIGTERM for term_to_kill_seconds, 3 s (killed by SIGKILL)",
    ],
    [
      "the second signal ended it",
      { ...done, sent: [asked, int], tookMs: 31_000 },
      "stopped: stopped, pid 10: terminated by SIGINT in 31 s, because it ignored SIGTERM for 30 s (exited with code 0)",
    ],
    [
      "it ignored two signals",
      { ...done, kind: "killed", exit: killed, sent: [asked, int, kill] },
      "killed: stopped, pid 10: killed, because it ignored SIGTERM for 30 s and SIGINT for 10 s (killed by SIGKILL)",
    ],
    [
      "its stop_command ended it",
      { ...done, sent: [] },
      "stopped: stopped, pid 10: ended by stop_command in 1.2 s (exited with code 0)",
    ],
    [
      "it was to be killed at once",
      { ...done, kind: "killed", exit: killed, sent: [kill], tookMs: 2 },
      "killed: stopped, pid 10: killed in 2 ms (killed by SIGKILL)",
    ],
  ];
  for (const [what, outcome, want] of claims) {
    test(what, () => {
      const { result, message } = describeStop(outcome, ref(10), absent, []);
      assert.equal(`${result}: ${message}`, want);
    });
  }

  test("names what matches as well, and each complaint once", () => {
    const found: Found = {
      kind: "running",
      process: ref(10),
      main: undefined,
      via: "scan",
      pidfile: { kind: "none" },
      others: [ref(11)],
    };
    const { details } = describeStop(done, ref(10), found, ["one", "two", "one"]);
    assert.match(details?.[0] ?? "", /^process 11 /);
    assert.deepEqual(details?.slice(1), ["one", "two"]);
  });
});
