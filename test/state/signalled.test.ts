import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { addHistory } from "../../src/state/history.ts";
import { signalledLine, wasSignalled } from "../../src/state/signalled.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { tempDir } from "../support/temp-dir.ts";

const ref = (pid: number): ProcessRef => ({ pid: pid as Pid, startTime: 1 as Ticks });
const killed = { kind: "signal", signal: "SIGKILL", coreDumped: false } as const;

function scene(t: TestContext, ageMs = 0): StateDir {
  const dir = stateDir(join(tempDir(t), "state"));
  makeStateDir(dir);
  const time = new Date(Date.now() - ageMs).toISOString();
  const line = signalledLine("SIGKILL", [ref(7), ref(8), ref(7)]);
  addHistory(dir, "web", [{ time, program: "web", msg: "web: SIGKILL sent", ...line }]);
  return dir;
}

describe("a signal of usrsvc signal", () => {
  test("explains the end of each process that it was sent to", (t) => {
    const dir = scene(t);
    assert.ok(wasSignalled(dir, "web", ref(7), killed));
    assert.ok(wasSignalled(dir, "web", ref(8), killed));
  });

  test("explains no other end", (t) => {
    const dir = scene(t);
    assert.ok(!wasSignalled(dir, "web", ref(9), killed));
    assert.ok(!wasSignalled(dir, "db", ref(7), killed));
    assert.ok(!wasSignalled(dir, "web", ref(7), { ...killed, signal: "SIGTERM" }));
    assert.ok(!wasSignalled(dir, "web", ref(7), { kind: "code", code: 137 }));
    assert.ok(!wasSignalled(dir, "web", ref(7), { kind: "unknown" }));
    assert.ok(!wasSignalled(scene(t, 61_000), "web", ref(7), killed));
  });

  test("is found after other lines, in the middle of one, and after the file was rolled", (t) => {
    const dir = scene(t);
    const time = new Date().toISOString();
    const other = { time, level: "info", event: "program.warning", program: "web" };
    addHistory(dir, "web", [{ ...other, msg: "x".repeat(3500) }]);
    assert.ok(wasSignalled(dir, "web", ref(7), killed));
    const line = signalledLine("SIGTERM", [ref(7)]);
    addHistory(dir, "web", [
      { ...other, msg: "x".repeat(70_000) },
      { time, program: "web", msg: "web: SIGTERM sent", ...line },
    ]);
    assert.ok(wasSignalled(dir, "web", ref(7), { ...killed, signal: "SIGTERM" }));
  });
});
