import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid, ProcessRef, Ticks } from "../../../proc/pid.ts";
import { PollingWatcher, signalGroupByNumber } from "../../../proc/system/polling.ts";
import { procReader } from "../../../proc/reader.ts";
import { child, refOf, sleeper, unreaped } from "../../support/processes.ts";
import { inTime, waitFor } from "../../support/wait.ts";
import { watcherClaims } from "../../support/watch-claims.ts";

const reader = procReader();

watcherClaims("PollingWatcher", () => new PollingWatcher(reader, 10));

describe("PollingWatcher, of how a process ended", () => {
  test("tells the status of a zombie that nobody reaps", async (t) => {
    const made = await unreaped(t, 5);
    using watcher = new PollingWatcher(reader, 10);
    const watch = watcher.open(made.process);
    assert.ok(watch);
    await made.end();
    assert.deepEqual(await inTime(watch.exited, "its end"), { kind: "code", code: 5 });
    assert.equal(watch.signal("SIGTERM"), false, "a zombie takes no signal");
  });

  test("says that it does not know the status of one that is reaped", async (t) => {
    const { process: ref, child: made } = sleeper(t);
    using watcher = new PollingWatcher(reader, 300);
    const watch = watcher.open(ref);
    assert.ok(watch);
    made.kill("SIGKILL");
    await waitFor(() => made.signalCode !== null, "it is reaped");
    assert.deepEqual(await inTime(watch.exited, "its end"), { kind: "unknown" });
  });
});

test("signalGroupByNumber leaves a group alone whose number another process has", (t) => {
  const made = child(t, "sleep", ["600"], { detached: true });
  const ref = refOf(made.pid);
  const earlier: ProcessRef = { ...ref, startTime: (ref.startTime - 1) as Ticks };
  assert.equal(signalGroupByNumber(reader, earlier, "SIGKILL"), false);
  assert.equal(reader.alive(ref.pid)?.startTime, ref.startTime);
  assert.equal(signalGroupByNumber(reader, ref, "SIGKILL"), true);
});

test("signalGroupByNumber is false where there is no such group", () => {
  const nobody: ProcessRef = { pid: 4_194_303 as Pid, startTime: 1 as Ticks };
  assert.equal(signalGroupByNumber(reader, nobody, "SIGTERM"), false);
});
