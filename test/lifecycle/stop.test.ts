import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import { PollingWatcher } from "../../proc/system/polling.ts";
import { procReader, statIfAny } from "../../proc/reader.ts";
import type { Host } from "../../src/host/host.ts";
import { stop } from "../../src/lifecycle/stop.ts";
import { cleanUp } from "../support/clean-up.ts";
import { type Lab, makeLab, startedProcess } from "../support/lab.ts";
import { argvOf, child, killRef, lives, orphan, refOf, sleeper } from "../support/processes.ts";
import { inTime, waitFor } from "../support/wait.ts";
import { tellsExitOfReaped } from "../support/watch-claims.ts";

const proc = procReader();

/** Starts a script, and waits until it has said that it is ready. */
async function run(lab: Lab, ...lines: readonly string[]): Promise<ProcessRef> {
  const ready = `echo ready >${join(lab.dir, "ready")}`;
  const script = lab.script(
    "app",
    "#!/bin/sh",
    ...lines.map((line) => line.replace("READY", ready)),
  );
  const ref = startedProcess(await lab.start(lab.settings([script], { successMs: 0 })));
  await lab.appears("ready");
  return ref;
}

/** The children of scripts, once they are what they are to be. */
function sleeps(lab: Lab): readonly ProcessRef[] {
  return lab.living().filter(({ pid }) => argvOf(pid)[0] === "sleep");
}

const polling = (host: Host): Host => {
  const watcher = new PollingWatcher(proc, 10);
  return { ...host, watcher: () => watcher };
};

for (const [how, adapt] of [
  ["with pidfds", (host: Host) => host],
  ["without pidfds", polling],
] as const) {
  describe(`stop, ${how}`, () => {
    test("ends a program by SIGTERM, and tells how it ended", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "trap 'exit 7' TERM", "READY", "while :; do sleep 0.02; done");
      const outcome = await stop(
        { process: ref, launched: ref },
        { termToKillMs: 60_000 },
        lab.host,
      );
      assert.ok(outcome.kind === "terminated", outcome.kind);
      if (how === "with pidfds" && tellsExitOfReaped()) {
        assert.deepEqual(outcome.exit, { kind: "code", code: 7 });
      }
      assert.ok(outcome.tookMs < 60_000);
      assert.equal(lives(ref), false);
    });

    test("kills a program that ignores SIGTERM, after term_to_kill_seconds", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "trap '' TERM", "READY", "while :; do sleep 600; done");
      const outcome = await stop({ process: ref, launched: ref }, { termToKillMs: 200 }, lab.host);
      assert.ok(outcome.kind === "killed", outcome.kind);
      assert.ok(outcome.tookMs >= 200);
      assert.equal(outcome.leftBehind, 1, "its sleep");
      await waitFor(() => lab.living().length === 0, "nothing of it lives");
    });

    test("ends the children that a program leaves in its group", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "sleep 600 &", "sleep 601 &", "READY", "wait");
      const outcome = await stop({ process: ref, launched: ref }, { termToKillMs: 5000 }, lab.host);
      assert.ok(outcome.kind === "terminated", outcome.kind);
      assert.equal(outcome.leftBehind, 2);
      await waitFor(() => lab.living().length === 0, "nothing of it lives");
    });

    test("kills children that ignore SIGTERM", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "(trap '' TERM; READY; sleep 600; sleep 600) &", "wait");
      await waitFor(() => sleeps(lab).length === 1, "the subshell has its child");
      const outcome = await stop({ process: ref, launched: ref }, { termToKillMs: 200 }, lab.host);
      assert.ok(outcome.kind === "terminated", outcome.kind);
      assert.equal(outcome.leftBehind, 2, "the subshell and its sleep");
      assert.equal(lab.living().length, 0, "what is started next finds its port free");
    });

    test("leaves alone what the program put into a session of its own", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "setsid -f sleep 600", "READY", "sleep 601");
      const leads = ({ pid }: ProcessRef): boolean => statIfAny(proc, pid)?.session === pid;
      await waitFor(() => lab.living().filter(leads).length === 2, "it has its session");
      await stop({ process: ref, launched: ref }, { termToKillMs: 5000 }, lab.host);
      await waitFor(() => lab.living().length === 1, "all but one are ended");
      await waitFor(() => sleeps(lab).length === 1, "it has executed sleep"); // setsid does so late
      assert.deepEqual(sleeps(lab), lab.living());
    });

    test("wakes a program that was stopped (SIGSTOP), so that it can answer", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "trap 'exit 7' TERM", "READY", "while :; do sleep 0.02; done");
      process.kill(ref.pid, "SIGSTOP");
      await waitFor(() => proc.stat(ref.pid).state === "T", "it is stopped");
      const outcome = await stop(
        { process: ref, launched: ref },
        { termToKillMs: 10_000 },
        lab.host,
      );
      assert.equal(outcome.kind, "terminated");
    });

    test("ends the wrapper, too, when the program was its child", async (t) => {
      const lab = makeLab(t, adapt);
      const seconds = `600.${process.pid}1`;
      const wrapper = await run(
        lab,
        "trap '' TERM",
        `sleep ${seconds} & READY`,
        "wait",
        "sleep 600",
      );
      const target = await waitFor(
        () => sleeps(lab).find(({ pid }) => argvOf(pid)[1] === seconds),
        "its child runs",
      );
      const outcome = await stop(
        { process: target, launched: wrapper },
        { termToKillMs: 300 },
        lab.host,
      );
      assert.ok(outcome.kind !== "not-running" && outcome.kind !== "stuck");
      await waitFor(() => lab.living().length === 0, "nothing of it lives");
    });

    test("is not-running for one that is gone, and still ends what it left behind", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "sleep 600 &", "READY", "sleep 601");
      await waitFor(() => sleeps(lab).length === 2, "both its children live");
      process.kill(ref.pid, "SIGKILL");
      await waitFor(() => !lives(ref), "it is gone");
      assert.equal(sleeps(lab).length, 2);
      assert.deepEqual(
        await stop({ process: ref, launched: ref }, { termToKillMs: 5000 }, lab.host),
        {
          kind: "not-running",
          leftBehind: 2,
        },
      );
      await waitFor(() => lab.living().length === 0, "nothing of it lives");
    });

    test("never signals a process that has only the pid", async (t) => {
      const lab = makeLab(t, adapt);
      const { process: ref } = sleeper(t);
      const earlier = { ...ref, startTime: (ref.startTime - 1) as Ticks };
      assert.deepEqual(
        await stop({ process: earlier, launched: earlier }, { termToKillMs: 100 }, lab.host),
        {
          kind: "not-running",
          leftBehind: 0,
        },
      );
      assert.ok(lives(ref));
    });

    test("leaves the group alone that is not the program's own", async (t) => {
      const lab = makeLab(t, adapt);
      // Taken up by a scan: it and its neighbour are in the group of whoever started both.
      const made = child(t, "sh", ["-c", "sleep 600 & sleep 601 & wait"], { detached: true });
      const leader = refOf(made.pid);
      const [target, neighbour] = await waitFor(() => {
        const all = proc.pids().filter((pid) => isChildOf(pid, leader));
        return all.length === 2 && all.map(refOf);
      }, "both sleep");
      assert.ok(target && neighbour);
      cleanUp(t, () => [target, neighbour].forEach(killRef));
      const outcome = await stop(
        { process: target, launched: undefined },
        { termToKillMs: 5000 },
        lab.host,
      );
      assert.ok(outcome.kind === "terminated" && outcome.leftBehind === 0);
      assert.ok(lives(neighbour) && lives(leader));
    });

    test("ends a process that is nobody's child here", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await orphan(t, "sleep", "600");
      const outcome = await stop(
        { process: ref, launched: undefined },
        { termToKillMs: 5000 },
        lab.host,
      );
      assert.equal(outcome.kind, "terminated");
      assert.equal(lives(ref), false);
    });

    test("sends each signal to the whole session at once, with stop_group", async (t) => {
      const lab = makeLab(t, adapt);
      // It ends when its child has, which ends at the first signal.
      const ref = await run(
        lab,
        "trap : TERM",
        "sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.02; done' & child=$!",
        "setsid sleep 600 &",
        "sleep 0.2; READY",
        "while kill -0 $child 2>/dev/null; do sleep 0.02; done",
        "exit 3",
      );
      const settings = { termToKillMs: 60_000, stopGroup: true };
      const outcome = await stop({ process: ref, launched: ref }, settings, lab.host);
      assert.ok(outcome.kind === "terminated", outcome.kind);
      assert.ok(outcome.tookMs < 50_000, "its child went before it");
      assert.equal(outcome.leftBehind, 0, "what was told with it is not left over");
      assert.equal(sleeps(lab).length, 1, "what has left its session lives");
    });

    test("goes on with what was told with it, and lives on, with stop_group", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "(trap '' TERM; READY; sleep 600; sleep 600) &", "wait");
      await waitFor(() => sleeps(lab).length === 1, "the subshell has its child");
      const settings = { termToKillMs: 300, stopGroup: true };
      const outcome = await stop({ process: ref, launched: ref }, settings, lab.host);
      assert.ok(outcome.kind === "terminated", outcome.kind);
      assert.ok(outcome.leftBehind > 0, "the subshell was killed");
      assert.equal(lab.living().length, 0);
    });

    test("kills what ignores all with its group, with stop_group", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "trap '' TERM", "READY", "while :; do sleep 600; done");
      const settings = { termToKillMs: 200, stopGroup: true };
      const outcome = await stop({ process: ref, launched: ref }, settings, lab.host);
      assert.equal(outcome.kind, "killed");
      await waitFor(() => lab.living().length === 0, "nothing of it lives");
    });

    for (const stopGroup of [false, true]) {
      test(`ends what has left its session, with stop_descendants${stopGroup ? " and stop_group" : ""}`, async (t) => {
        const lab = makeLab(t, adapt);
        const ref = await run(
          lab,
          "setsid sleep 600 &",
          "setsid -f sleep 601", // nobody's child by now
          "env -u USRSVC_LAUNCH setsid sh -c 'trap \"\" TERM; sleep 602; sleep 603' &",
          "READY",
          "sleep 604",
        );
        await waitFor(() => sleeps(lab).length === 4, "all sleep");
        const { record } = lab.record();
        assert.ok(record);
        const outcome = await stop(
          { process: ref, launched: ref, record },
          { termToKillMs: 500, stopDescendants: true, stopGroup },
          lab.host,
        );
        assert.ok(outcome.kind === "terminated", outcome.kind);
        assert.ok(outcome.leftBehind > 0);
        assert.equal(lab.living().length, 0);
      });
    }

    test("ends what is left of one that is gone, with stop_descendants, by its mark", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "setsid -f sleep 600", "READY", "sleep 601");
      await waitFor(() => sleeps(lab).length === 2, "both sleep");
      const { record } = lab.record();
      process.kill(ref.pid, "SIGKILL");
      await waitFor(() => !lives(ref), "it is gone");
      const target = { process: undefined, launched: ref, record };
      const settings = { termToKillMs: 5000, stopDescendants: true };
      assert.deepEqual(await stop(target, settings, lab.host), {
        kind: "not-running",
        leftBehind: 2,
      });
      assert.equal(lab.living().length, 0);
    });

    test("lets two stop one program at once", async (t) => {
      const lab = makeLab(t, adapt);
      const ref = await run(lab, "READY", "sleep 600");
      const outcomes = await inTime(
        Promise.all([
          stop({ process: ref, launched: ref }, { termToKillMs: 5000 }, lab.host),
          stop({ process: ref, launched: ref }, { termToKillMs: 5000 }, lab.host),
        ]),
        "both are done",
      );
      assert.ok(outcomes.every(({ kind }) => kind === "terminated" || kind === "not-running"));
    });
  });
}

function isChildOf(pid: ProcessRef["pid"], parent: ProcessRef): boolean {
  try {
    return proc.stat(pid).ppid === parent.pid && argvOf(pid)[0] === "sleep";
  } catch {
    return false; // it left meanwhile
  }
}

describe("stop, when it is told to leave", () => {
  test("rejects at once, after the first signal", async (t) => {
    const lab = makeLab(t);
    const ref = await run(lab, "trap '' TERM", "READY", "while :; do sleep 600; done");
    const controller = new AbortController();
    const stopping = stop({ process: ref, launched: ref }, { termToKillMs: 60_000 }, lab.host, {
      signal: controller.signal,
    });
    controller.abort(new Error("leave"));
    await assert.rejects(inTime(stopping, "it leaves"), { message: "leave" });
    assert.ok(lives(ref));
  });
});
