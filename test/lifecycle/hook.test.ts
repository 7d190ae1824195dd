import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { readCommandText } from "../../src/config/command-text.ts";
import type { CommandText, ProgramSettings } from "../../src/config/settings.ts";
import { beforeStart } from "../../src/lifecycle/before-start.ts";
import {
  describeHookFailure,
  endHookOfKilled,
  hooksMs,
  runHook,
  undone,
  withoutUndone,
} from "../../src/lifecycle/hook.ts";
import { noteHook } from "../../src/lifecycle/hook-under-way.ts";
import { stop } from "../../src/lifecycle/stop.ts";
import { sparePath } from "../../src/state/state-dir.ts";
import { cleanUp } from "../support/clean-up.ts";
import { type Lab, makeLab, startedProcess } from "../support/lab.ts";
import { inTime, waitFor } from "../support/wait.ts";

function command(text: string): CommandText {
  const read = readCommandText({ text, list: undefined, isBrokenList: false });
  assert.ok("value" in read && read.value !== undefined);
  return read.value;
}

function begin(
  t: TestContext,
  hooks: Partial<ProgramSettings>,
): { lab: Lab; settings: ProgramSettings; path: string } {
  const lab = makeLab(t);
  const settings = lab.settings(["/bin/sleep", "1000"], {
    useshell: true,
    successMs: 0,
    env: new Map([["COLOUR", "blue"]]),
    ...hooks,
  });
  return { lab, settings, path: sparePath(lab.host.state, "web", "hook") };
}

const signal = new AbortController().signal;
const pid = 4711 as Pid;

describe("runHook()", () => {
  test("tells it which one it is, why, and how the process has ended", async (t) => {
    const line = "env | grep -E '^(USRSVC_|COLOUR)' | grep -v NOFILE | sort >said; pwd >>said";
    const { lab, settings } = begin(t, { afterExit: command(line) });
    const ends = [
      [{ kind: "code", code: 3 }, ["USRSVC_EXIT_CODE=3"]],
      [{ kind: "signal", signal: "SIGSEGV", coreDumped: true }, ["USRSVC_EXIT_SIGNAL=SIGSEGV"]],
      [{ kind: "unknown" }, []],
      [undefined, []],
    ] as const;
    for (const [exit, told] of ends) {
      const occasion = { pid, exit, reason: "so\nit is\0" };
      assert.equal(await runHook("after_exit", settings, occasion, lab.host, signal), undefined);
      const said = readFileSync(join(lab.dir, "said"), "utf8").trimEnd().split("\n");
      assert.deepEqual(said, [
        "COLOUR=blue",
        ...told,
        "USRSVC_HOOK=after_exit",
        "USRSVC_LAUNCH=hook",
        "USRSVC_PID=4711",
        "USRSVC_PROGRAM=web",
        "USRSVC_REASON=so",
        lab.dir,
      ]);
    }
  });

  test("does nothing where the program has none", async (t) => {
    const { lab, settings } = begin(t, { afterExit: command("exit 1") });
    const occasion = { pid, reason: "" };
    assert.equal(await runHook("before_stop", settings, occasion, lab.host, signal), undefined);
  });

  test("yields why it has failed, and what it wrote", async (t) => {
    const { lab, settings } = begin(t, { afterStart: command("echo 'no such host' >&2; exit 7") });
    const failure = await runHook("after_start", settings, { pid, reason: "" }, lab.host, signal);
    assert.deepEqual(failure, {
      hook: "after_start",
      pid,
      reason: "exited with code 7",
      output: ["no such host"],
    });
    assert.equal(
      describeHookFailure(failure),
      "after_start failed: exited with code 7; it wrote: no such host",
    );
  });

  test("ends one that takes too long, and what it has started", async (t) => {
    const { lab, settings } = begin(t, {
      beforeStart: command("sleep 700 & sleep 701"),
      hookTimeoutMs: 200,
    });
    const failed = await inTime(
      beforeStart(settings, () => "", lab.host, signal),
      "it fails",
    );
    assert.match(
      String(failed?.reason),
      /^before_start failed: not done within 200 ms, and was ended; nothing was launched$/,
    );
    assert.equal(failed?.code, 137);
    await waitFor(() => lab.living().length === 0, "nothing of it lives");
  });

  test("is broken off by whoever wants that, and notes the process on disk meanwhile", async (t) => {
    const { lab, settings, path } = begin(t, { beforeStart: command("echo x >begun; sleep 702") });
    const leave = new AbortController();
    const running = beforeStart(settings, () => "", lab.host, leave.signal);
    await lab.appears("begun");
    assert.ok(existsSync(path));
    leave.abort(new Error("leave"));
    await assert.rejects(inTime(running, "it leaves"), { message: "leave" });
    assert.ok(!existsSync(path));
    await waitFor(() => lab.living().length === 0, "nothing of it lives");
  });
});

describe("before_stop", () => {
  test("runs before stop_command and the signals; it may fail", async (t) => {
    const { lab, settings } = begin(t, {
      beforeStop: command("echo hook $USRSVC_PID $USRSVC_REASON >>order; exit 2"),
      stopCommand: command("echo command >>order; kill -TERM $USRSVC_PID"),
    });
    const ref = startedProcess(await lab.start({ ...settings, useshell: false }));
    const failed: string[] = [];
    const outcome = await stop({ process: ref, launched: ref }, settings, lab.host, {
      reason: "so be it",
      onFailedHook: (failure) => failed.push(describeHookFailure(failure)),
    });
    assert.equal(outcome.kind, "terminated");
    const order = readFileSync(join(lab.dir, "order"), "utf8");
    assert.equal(order, `hook ${ref.pid} so be it\ncommand\n`);
    assert.deepEqual(failed, ["before_stop failed: exited with code 2"]);
  });

  test("is not run where nothing is to be ended", async (t) => {
    const { lab, settings } = begin(t, { beforeStop: command("touch ran") });
    const outcome = await stop({ process: undefined, launched: undefined }, settings, lab.host);
    assert.equal(outcome.kind, "not-running");
    assert.ok(!existsSync(join(lab.dir, "ran")));
  });
});

describe("a hook whose runner was killed", () => {
  function orphan(t: TestContext, lab: Lab): number {
    const child = spawn("/bin/sh", ["-c", "sleep 703 & sleep 704"], {
      detached: true,
      stdio: "ignore",
      env: { LAB: lab.dir },
    });
    const its = Number(child.pid);
    cleanUp(t, () => void (child.exitCode === null && child.kill("SIGKILL")));
    return its;
  }
  const isThere = (lab: Lab, its: number): boolean => lab.host.proc.alive(its as Pid) !== undefined;

  test("is ended, where the program has hooks", async (t) => {
    const { lab, settings, path } = begin(t, { afterExit: command("true") });
    const its = orphan(t, lab);
    noteHook("web", "after_exit", its, 60_000, lab.host);
    await endHookOfKilled({ ...settings, afterExit: undefined }, lab.host);
    assert.ok(isThere(lab, its), "it has none: nobody looks");
    await endHookOfKilled(settings, lab.host);
    await waitFor(() => !isThere(lab, its), "it has ended");
    assert.ok(!existsSync(path));
  });

  test("has its time, if it is after_start, which nobody runs again", async (t) => {
    const { lab, settings } = begin(t, { afterStart: command("true") });
    const its = orphan(t, lab);
    noteHook("web", "after_start", its, 60_000, lab.host);
    await endHookOfKilled(settings, lab.host);
    assert.ok(isThere(lab, its));
    noteHook("web", "after_start", its, -2000, lab.host);
    await endHookOfKilled(settings, lab.host);
    await waitFor(() => !isThere(lab, its), "it has ended");
  });

  test("is not mistaken: another that has its pid, or a note that says nothing", async (t) => {
    const { lab, settings, path } = begin(t, { afterExit: command("true") });
    const its = orphan(t, lab);
    const boot = lab.host.proc.bootId();
    const startTime = lab.host.proc.alive(its as Pid)?.startTime;
    const notes = [
      `${its} 1 ${boot} 0 after_exit`,
      `${its} ${startTime} another-boot 0 after_exit`,
      `1 ${startTime} ${boot} 0 after_exit`,
      `-${its} ${startTime} ${boot} 0 after_exit`,
      "",
      "x",
    ];
    for (const note of notes) {
      writeFileSync(path, `${note}\n`);
      await endHookOfKilled(settings, lab.host);
      assert.ok(isThere(lab, its), note);
    }
  });
});

test("undone() says of a hook that it is not done, and withoutUndone() takes that back", () => {
  const why = "killed by SIGKILL";
  for (const hook of ["before_start", "after_exit"] as const) {
    assert.equal(withoutUndone(undone(why, hook)), why);
    assert.equal(withoutUndone(undone(undone(why, hook), hook)), why);
    assert.equal(withoutUndone(undone(undefined, hook)), undefined);
  }
  const failed = "before_start failed: not done within 3 s, and was ended";
  const again = undone(failed, "before_start");
  assert.equal(again, `${failed}; its before_start was begun again, and is not done yet`);
  assert.equal(withoutUndone(again), failed);
  assert.equal(withoutUndone(why), why);
  assert.equal(withoutUndone(undefined), undefined);
});

test("hooksMs() is the time that all may take around a start", () => {
  const none = {
    beforeStart: undefined,
    afterStart: undefined,
    afterExit: undefined,
    beforeStop: undefined,
    hookTimeoutMs: 1000,
  };
  assert.equal(hooksMs(undefined), 0);
  assert.equal(hooksMs(none), 0);
  assert.equal(hooksMs({ ...none, beforeStart: command("x") }), 1000);
  assert.equal(hooksMs({ ...none, afterExit: command("x"), afterStart: command("x") }), 3000);
});
