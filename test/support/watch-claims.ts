import assert from "node:assert/strict";
import { release } from "node:os";
import { describe, test, type TestContext } from "node:test";
import type { Ticks } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import { cleanUp } from "./clean-up.ts";
import { lives, orphan, sleeper, unreaped } from "./processes.ts";
import { inTime, waitFor } from "./wait.ts";

const reader = procReader();

/** What both kinds of watcher promise. */
export function watcherClaims(name: string, make: () => ProcessWatcher): void {
  const watcher = (t: TestContext): ProcessWatcher => {
    const made = make();
    cleanUp(t, () => made[Symbol.dispose]());
    return made;
  };

  describe(name, () => {
    test("tells the end of a process once, and whatever is asked later", async (t) => {
      const { process: ref, child: made } = sleeper(t);
      using watch = watcher(t).open(ref);
      assert.ok(watch);
      assert.deepEqual(watch.ref, ref);
      made.kill("SIGKILL");
      const exit = await inTime(watch.exited, "its end");
      assert.ok(exit.kind === "unknown" || exit.kind === "signal", exit.kind);
      assert.deepEqual(await watch.exited, exit);
    });

    test("tells the end of each of many", async (t) => {
      const all = Array.from({ length: 100 }, () => sleeper(t));
      const one = watcher(t);
      const watches = all.map(({ process: ref }) => one.open(ref));
      for (const { child: made } of all) made.kill("SIGKILL");
      const exits = await inTime(
        Promise.all(watches.map(async (watch) => await watch?.exited)),
        "their ends",
      );
      assert.ok(exits.every((exit) => exit !== undefined));
    });

    test("watches the living while others end", async (t) => {
      const [first, second] = [sleeper(t), sleeper(t)];
      const one = watcher(t);
      using lasting = one.open(first.process);
      using ending = one.open(second.process);
      second.child.kill("SIGKILL");
      await inTime(ending?.exited ?? assert.fail(), "the first end");
      first.child.kill("SIGKILL");
      await inTime(lasting?.exited ?? assert.fail(), "the second end");
    });

    test("opens no process that is gone", async (t) => {
      const { process: ref, child: made } = sleeper(t);
      made.kill("SIGKILL");
      await waitFor(() => !lives(ref), "its end");
      assert.equal(watcher(t).open(ref), undefined);
    });

    test("opens no process that has only the pid of the one that is meant", (t) => {
      const { process: ref } = sleeper(t);
      const earlier = { ...ref, startTime: (ref.startTime - 1) as Ticks };
      assert.equal(watcher(t).open(earlier), undefined);
    });

    test("opens no zombie", async (t) => {
      const made = await unreaped(t, 0);
      await made.end();
      assert.equal(watcher(t).open(made.process), undefined);
    });

    test("signals a process, and says whether it is there", async (t) => {
      const { process: ref } = sleeper(t);
      using watch = watcher(t).open(ref);
      assert.ok(watch);
      assert.equal(watch.signal("SIGSTOP"), true);
      await waitFor(() => reader.stat(ref.pid).state === "T", "it is stopped");
      assert.equal(watch.signal("SIGCONT"), true);
      assert.equal(watch.signal("SIGKILL"), true);
      await inTime(watch.exited, "its end");
      await waitFor(() => !watch.signal("SIGTERM"), "it is reaped");
    });

    test("watches and signals what is not our child", async (t) => {
      const ref = await orphan(t, "sleep", "600");
      using watch = watcher(t).open(ref);
      assert.ok(watch);
      assert.equal(watch.signal("SIGTERM"), true);
      await inTime(watch.exited, "its end");
    });

    test("settles nothing after it was disposed of", async (t) => {
      const { process: ref, child: made } = sleeper(t);
      const one = watcher(t);
      const watch = one.open(ref);
      using other = one.open(ref);
      assert.ok(watch && other);
      let told = false;
      void watch.exited.then(() => {
        told = true;
      });
      watch[Symbol.dispose]();
      watch[Symbol.dispose]();
      made.kill("SIGKILL");
      await inTime(other.exited, "its end, told to the other watch");
      assert.equal(told, false);
    });
  });
}

/** True where a reaped process, too, tells its exit status (PIDFD_GET_INFO, Linux 6.15). */
export function tellsExitOfReaped(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 15);
}
