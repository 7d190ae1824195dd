import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { finished, Home, isAlive, type LogLine, sleeper, waitFor } from "./home.ts";

const HOOKS = ["before_start", "after_start", "before_stop", "after_exit"] as const;
type Hook = (typeof HOOKS)[number];

/** Notes what it is told; then does what its words say. */
function noter(home: Home): string {
  return home.script(
    "hook.sh",
    `#!/bin/sh
echo "$USRSVC_HOOK|$USRSVC_PROGRAM|$USRSVC_PID|$USRSVC_EXIT_CODE|$USRSVC_EXIT_SIGNAL|$USRSVC_REASON|$COLOUR|$FROM|$PWD" >>${home.file("noted")}
case $1 in
fail) echo "noise"; echo "error: no such balancer" >&2; exit 3;;
hang) echo $$ >>${home.file("hanging")}; sleep 1000;;
linger) echo $$ >>${home.file("hanging")}; until [ -e ${home.file("go")} ]; do sleep 0.05; done;;
esac
`,
  );
}

/** A program with all hooks, and what some of them do. */
function withHooks(
  home: Home,
  more: Readonly<Record<string, string>> = {},
  does: Partial<Record<Hook, "fail" | "hang" | "linger">> = {},
  only: readonly Hook[] = HOOKS,
): Home {
  const hook = noter(home);
  const hooks = only.map((name) => [name, `${hook} ${does[name] ?? ""}`.trim()]);
  const settings = { command: sleeper(), directory: home.path, ...Object.fromEntries(hooks) };
  return home.program("web", { ...settings, ...more }, "[[Env]]\nCOLOUR = blue\n");
}

interface Noted {
  readonly hook: string;
  readonly program: string;
  readonly pid: string;
  readonly code: string;
  readonly signal: string;
  readonly reason: string;
  readonly colour: string;
  readonly from: string;
  readonly pwd: string;
}

function noted(home: Home): readonly Noted[] {
  return home
    .read("noted")
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [hook = "", program = "", pid = "", code = "", signal = "", reason = "", ...rest] =
        line.split("|");
      const [colour = "", from = "", pwd = ""] = rest;
      return { hook, program, pid, code, signal, reason, colour, from, pwd };
    });
}

const names = (home: Home): readonly string[] => noted(home).map(({ hook }) => hook);

async function started(home: Home): Promise<number> {
  const { code, err } = await home.usrsvc("start", "web");
  assert.equal(code, 0, err);
  return await home.running("web");
}

function killed(pid: number): void {
  process.kill(pid, "SIGKILL");
}

const failures = (home: Home): readonly LogLine[] =>
  home.log().filter(({ event }) => event === "program.hook-failed");

/** The pid of the hook that hangs, when there are so many that did. */
async function hanging(home: Home, count = 1): Promise<number> {
  return await waitFor("the hook to hang", () => {
    const pids = home.read("hanging").split("\n").filter(Boolean);
    const pid = pids.at(-1);
    // Whoever runs it has noted it by then: should that be killed, the next one ends it.
    const isNoted = home.read("state/locks/web+hook") !== "";
    return pids.length >= count && isNoted && Number(pid);
  });
}

async function daemonOf(home: Home): Promise<number> {
  return await waitFor("usrsvcd to begin", () => {
    const begun = home.log().findLast(({ event }) => event === "daemon.started");
    return begun?.pid;
  });
}

describe("usrsvc runs hooks", () => {
  test("once per occasion, in their order, with what they are to know", async (t) => {
    const home = withHooks(new Home(t));
    const first = await started(home);
    assert.equal((await home.usrsvc("restart", "web")).code, 0);
    const second = await home.running("web", first);
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    const told = noted(home).map(({ hook, pid, code, signal, reason }) =>
      [hook, pid, code, signal, reason].join(" "),
    );
    assert.deepEqual(told, [
      "before_start    started by usrsvc",
      `after_start ${first}   started by usrsvc`,
      `before_stop ${first}   restarted by usrsvc`,
      `after_exit ${first}  SIGTERM restarted by usrsvc`,
      "before_start    restarted by usrsvc",
      `after_start ${second}   restarted by usrsvc`,
      `before_stop ${second}   stopped by usrsvc`,
      `after_exit ${second}  SIGTERM stopped by usrsvc`,
    ]);
    for (const { program, colour, pwd } of noted(home)) {
      assert.deepEqual([program, colour, pwd], ["web", "blue", home.path]);
    }
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.equal(noted(home).length, 8, "nothing was ended");
  });

  test("by a shell where the program has one, and without a value of the caller's", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    const line = `echo "$USRSVC_HOOK" | tr a-z A-Z >>${home.file("noted")}`;
    home.program("web", { command: `exec ${command}`, useshell: "yes", before_start: line });
    await started(home);
    assert.equal(home.read("noted"), "BEFORE_START\n");
  });

  test("and starts nothing where before_start fails, which it says with the exit code and the last lines", async (t) => {
    const home = withHooks(new Home(t), {}, { before_start: "fail" });
    const { code, err } = await home.usrsvc("start", "web");
    assert.equal(code, 137);
    assert.match(
      err,
      /^web: not started: before_start failed: exited with code 3; nothing was launched\n {4}\| noise\n {4}\| error: no such balancer$/m,
    );
    assert.deepEqual(names(home), ["before_start"]);
    assert.equal(home.pid("web"), undefined);
    const { state, reason } = await home.statusOf("web");
    assert.equal(state, "stopped");
    assert.match(String(reason), /^before_start failed: .*it wrote: error: no such balancer/);
  });

  test("and goes on where another fails, which it says", async (t) => {
    const fails = { after_start: "fail", before_stop: "fail", after_exit: "fail" } as const;
    const home = withHooks(new Home(t), {}, fails);
    const start = await home.usrsvc("start", "web");
    assert.equal(start.code, 0);
    const why = "failed: exited with code 3; it wrote: error: no such balancer";
    assert.match(start.out, new RegExp(`^ {4}after_start ${why}$`, "m"));
    const stop = await home.usrsvc("stop", "web");
    assert.equal(stop.code, 0);
    assert.match(stop.out, new RegExp(`^ {4}before_stop ${why}\n {4}after_exit ${why}$`, "m"));
  });

  test("for hook_timeout at most, and ends them with their group", async (t) => {
    const home = withHooks(new Home(t), { hook_timeout: "2s" }, { after_start: "hang" });
    const { code, out } = await home.usrsvc("start", "web");
    assert.equal(code, 0);
    assert.match(out, /^ {4}after_start failed: not done within 2 s, and was ended$/m);
    const pid = Number(home.read("hanging").trim());
    assert.ok(pid > 0);
    await waitFor("the hook to end", () => !isAlive(pid));
  });

  test("after_exit also of a start that has failed, with how it ended", async (t) => {
    const home = withHooks(new Home(t), { command: "/bin/sh -c 'exit 7'" });
    assert.equal((await home.usrsvc("start", "web")).code, 134);
    const [begin, end, ...more] = noted(home);
    assert.deepEqual(
      [begin?.hook, end?.hook, end?.code, more.length],
      ["before_start", "after_exit", "7", 0],
    );
    assert.match(String(end?.reason), /^exited with code 7 within success_seconds/);
  });

  test("after_exit of an end that nobody saw, with what it does next", async (t) => {
    const home = withHooks(new Home(t));
    const pid = await started(home);
    killed(pid);
    await waitFor("its end", () => !isAlive(pid));
    await started(home);
    const [, , end, begin] = noted(home);
    assert.deepEqual(
      [end?.hook, end?.pid, end?.code, end?.signal, end?.reason, begin?.hook],
      ["after_exit", String(pid), "", "", "its end was not seen", "before_start"],
    );
    const again = await home.running("web", pid);
    killed(again);
    await waitFor("its end", () => !isAlive(again));
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.deepEqual(names(home).slice(4), ["after_start", "after_exit"]);
  });

  test("of what it was not the one to start: those of the end only", async (t) => {
    const command = sleeper();
    const home = withHooks(new Home(t), { command });
    const own = spawn("/bin/sleep", command.split(" ").slice(1));
    cleanUp(t, () => own.kill("SIGKILL"));
    assert.equal((await home.usrsvc("start", "web")).code, 0);
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.deepEqual(names(home), ["before_stop", "after_exit"]);
  });

  test("and has the order on record while before_start runs: killed in the middle, it is run again", async (t) => {
    const home = withHooks(new Home(t), {}, { before_start: "hang" });
    const start = home.spawn("usrsvc.cjs", ["start", "web"]);
    const hook = await hanging(home);
    assert.equal((await home.statusOf("web"))["reason"], "its before_start is not done yet");
    start.kill("SIGKILL");
    await waitFor("it to be gone", () => start.signalCode !== null);
    withHooks(home);
    await home.usrsvcd();
    await home.running("web");
    assert.ok(!isAlive(hook), "the one that was under way is ended");
    await waitFor("after_start", () => names(home).includes("after_start"));
    assert.deepEqual(names(home), ["before_start", "before_start", "after_start"]);
  });

  test("and takes the order back where Ctrl-C breaks off before_start", async (t) => {
    const home = withHooks(new Home(t), { autostart: "no" }, { before_start: "hang" });
    const start = home.spawn("usrsvc.cjs", ["start", "web"]);
    const hook = await hanging(home);
    start.kill("SIGINT");
    await waitFor("the hook to end", () => !isAlive(hook));
    await waitFor("it to be gone", () => start.exitCode !== null);
    const { state, reason } = await home.statusOf("web");
    assert.equal(state, "stopped");
    assert.doesNotMatch(String(reason), /before_start/);
  });

  test("killed in the middle of after_exit: it is owed", async (t) => {
    const home = withHooks(new Home(t), {}, { after_exit: "hang" });
    const pid = await started(home);
    const stop = home.spawn("usrsvc.cjs", ["stop", "web"]);
    const hook = await hanging(home);
    stop.kill("SIGKILL");
    await waitFor("it to be gone", () => stop.signalCode !== null);
    withHooks(home);
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.ok(!isAlive(hook));
    const ends = noted(home).filter(({ hook: name }) => name === "after_exit");
    assert.deepEqual(
      ends.map((one) => [one.pid, one.signal]),
      [
        [String(pid), "SIGTERM"],
        [String(pid), "SIGTERM"],
      ],
    );
  });
});

describe("usrsvcd runs hooks", () => {
  test("around its starts, restarts and ends, in its own environment", async (t) => {
    const home = withHooks(new Home(t));
    await home.run("usrsvcd.cjs", [], { FROM: "daemon" });
    const first = await home.running("web");
    await waitFor("after_start", () => names(home).length === 2);
    killed(first);
    const second = await home.running("web", first);
    await waitFor("after_start", () => names(home).length === 5);
    await home.run("usrsvc.cjs", ["stop", "web"], { FROM: "tool" });
    await waitFor("its end to be told", () =>
      home.log().some(({ event, pid }) => event === "program.exited" && pid === second),
    );
    const told = noted(home).map(({ hook, pid, signal, reason }) =>
      [hook, pid, signal, reason].join(" "),
    );
    assert.deepEqual(told, [
      "before_start   started by usrsvcd, because autostart is set",
      `after_start ${first}  started by usrsvcd, because autostart is set`,
      `after_exit ${first} SIGKILL killed by SIGKILL, not by usrsvc`,
      "before_start   restarted by usrsvcd: killed by SIGKILL, not by usrsvc",
      `after_start ${second}  restarted by usrsvcd: killed by SIGKILL, not by usrsvc`,
      `before_stop ${second}  stopped by usrsvc`,
      `after_exit ${second} SIGTERM stopped by usrsvc`,
    ]);
    assert.deepEqual([...new Set(noted(home).map(({ from }) => from))], ["daemon"]);
  });

  test("and counts a before_start that fails as a failed start", async (t) => {
    const home = withHooks(new Home(t), { maxrestarts: "2" }, { before_start: "fail" });
    await home.usrsvcd();
    await waitFor("it to give up", async () => (await home.statusOf("web"))["state"] === "fatal");
    assert.deepEqual(names(home), ["before_start", "before_start"]);
    const failed = home.log().filter(({ event }) => event === "program.start-failed");
    assert.equal(failed.length, 2);
    assert.match(
      failed[0]?.msg ?? "",
      /before_start failed: exited with code 3; nothing was launched$/,
    );
    assert.deepEqual(failed[0]?.["output"], ["noise", "error: no such balancer"]);
  });

  test("and says which failed, of a start that it was asked for as well", async (t) => {
    const fails = { after_start: "fail", after_exit: "fail" } as const;
    const home = withHooks(new Home(t), {}, fails);
    await home.usrsvcd();
    const first = await home.running("web");
    await waitFor("after_start", () => failures(home).length === 1);
    killed(first);
    await home.running("web", first);
    await waitFor("both", () => failures(home).length === 3);
    const { out } = await home.usrsvc("restart", "web");
    assert.match(out, /^ {4}after_start failed: exited with code 3/m);
    const told = failures(home).map(({ hook, msg }) => [hook, msg]);
    assert.deepEqual(told.slice(0, 2), [
      ["after_start", "web: after_start failed: exited with code 3"],
      ["after_exit", "web: after_exit failed: exited with code 3"],
    ]);
    assert.deepEqual(failures(home)[0]?.["output"], ["noise", "error: no such balancer"]);
  });

  test("and knows how a program ended that died while its after_start ran", async (t) => {
    const home = withHooks(new Home(t), {}, { after_start: "linger" });
    await home.usrsvcd();
    const first = await home.running("web");
    await hanging(home);
    killed(first);
    await waitFor("its end", () => !isAlive(first));
    writeFileSync(home.file("go"), "");
    await home.running("web", first);
    const [exited] = home.log().filter(({ event }) => event === "program.exited");
    assert.deepEqual([exited?.pid, exited?.["exit"]], [first, { signal: "SIGKILL" }]);
    const end = noted(home).find(({ hook }) => hook === "after_exit");
    assert.deepEqual([end?.pid, end?.signal], [String(first), "SIGKILL"]);
  });

  test("and keeps no other program, and no operator's stop, waiting for one that hangs", async (t) => {
    const home = withHooks(new Home(t), {}, { before_start: "hang" });
    home.program("other", { command: sleeper() });
    await home.usrsvcd();
    const hook = await hanging(home);
    const other = await home.running("other");
    killed(other);
    await home.running("other", other);
    const { code } = await home.usrsvc("stop", "web");
    assert.equal(code, 0);
    assert.ok(!isAlive(hook), "it was broken off");
    const { state } = await home.statusOf("web");
    assert.equal(state, "stopped");
    assert.deepEqual(names(home), ["before_start"]);
  });

  test("and starts nothing again where a stop waits for after_exit", async (t) => {
    const home = withHooks(new Home(t), {}, { after_exit: "linger" });
    await home.usrsvcd();
    const first = await home.running("web");
    await waitFor("after_start", () => names(home).length === 2);
    killed(first);
    await hanging(home);
    const stop = finished(home.spawn("usrsvc.cjs", ["stop", "web"]));
    await waitFor("the stop to wait", () => existsSync(home.file("state/programs/web.stop")));
    writeFileSync(home.file("go"), "");
    const { code, out } = await stop;
    assert.equal(code, 0);
    assert.match(out, /^web: was not running$/m);
    assert.deepEqual(names(home), ["before_start", "after_start", "after_exit"]);
  });

  test("and has after_start broken off by a stop, too", async (t) => {
    const home = withHooks(new Home(t), {}, { after_start: "hang" });
    await home.usrsvcd();
    const hook = await hanging(home);
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.ok(!isAlive(hook));
    await waitFor("that to be told", () => failures(home).length === 1);
    assert.match(failures(home)[0]?.msg ?? "", /after_start failed: broken off/);
    assert.deepEqual(names(home), ["before_start", "after_start", "before_stop", "after_exit"]);
  });

  test("and, killed in the middle of after_exit, has the next usrsvcd run it again before the start", async (t) => {
    const home = withHooks(new Home(t), {}, { after_exit: "hang" });
    await home.usrsvcd();
    const daemon = await daemonOf(home);
    const first = await home.running("web");
    await waitFor("after_start", () => names(home).length === 2);
    killed(first);
    const hook = await hanging(home);
    await waitFor("its end to be told", async () =>
      String((await home.statusOf("web"))["reason"]).startsWith(
        "killed by SIGKILL, not by usrsvc; its after_exit is not done yet",
      ),
    );
    killed(daemon);
    await waitFor("its end", () => !isAlive(daemon));
    withHooks(home);
    await home.usrsvcd();
    await home.running("web", first);
    await waitFor("after_start", () => names(home).length === 6);
    assert.ok(!isAlive(hook));
    const [, , one, two, begin] = noted(home);
    assert.deepEqual(
      [one?.signal, one?.pid, begin?.hook],
      ["SIGKILL", String(first), "before_start"],
    );
    assert.deepEqual(two, one);
    assert.equal(begin?.reason, "restarted by usrsvcd: killed by SIGKILL, not by usrsvc");
  });

  test("and, killed in the middle of before_start, has the next usrsvcd run it again", async (t) => {
    const home = withHooks(new Home(t), {}, { before_start: "hang" });
    await home.usrsvcd();
    const daemon = await daemonOf(home);
    const hook = await hanging(home);
    killed(daemon);
    await waitFor("its end", () => !isAlive(daemon));
    withHooks(home);
    await home.usrsvcd();
    await home.running("web");
    await waitFor("after_start", () => names(home).length === 3);
    assert.ok(!isAlive(hook));
    assert.deepEqual(names(home), ["before_start", "before_start", "after_start"]);
    assert.equal(noted(home)[1]?.reason, "started by usrsvcd, because autostart is set");
  });

  test("with the reason of a limit that was exceeded", async (t) => {
    const file = "activity";
    const command = sleeper();
    const home = withHooks(new Home(t));
    const monitor = `[[Monitor]]\nmonitor_after = 0\nactivityfile = ${home.file(file)}\nactivityfile_limit = 1\n`;
    const hook = home.file("hook.sh");
    const all = Object.fromEntries(HOOKS.map((name) => [name, hook]));
    home.program("web", { command, ...all }, monitor);
    await home.usrsvcd();
    const first = await home.running("web");
    await home.running("web", first);
    await waitFor("the next start", () => names(home).length >= 5);
    const [, , stop, end, begin] = noted(home);
    assert.deepEqual(
      [stop?.hook, end?.hook, end?.signal, begin?.hook],
      ["before_stop", "after_exit", "SIGTERM", "before_start"],
    );
    assert.match(String(stop?.reason), /activityfile|activity/);
    assert.equal(end?.reason, stop?.reason);
    assert.equal(begin?.reason, `restarted by usrsvcd: ${stop?.reason}`);
  });

  test("after_exit of what ended while it was away", async (t) => {
    const home = withHooks(new Home(t));
    const pid = await started(home);
    killed(pid);
    await waitFor("its end", () => !isAlive(pid));
    await home.usrsvcd();
    await home.running("web", pid);
    await waitFor("after_start", () => names(home).length === 5);
    const [, , end] = noted(home);
    assert.deepEqual(
      [end?.hook, end?.pid, end?.code, end?.signal, end?.reason],
      ["after_exit", String(pid), "", "", "ended while usrsvcd was not running"],
    );
  });

  test("before_stop again where a usrsvc was killed in the middle of it, and ends the program", async (t) => {
    const command = sleeper();
    const home = withHooks(new Home(t), { command }, { before_stop: "hang" });
    await home.usrsvcd();
    const pid = await home.running("web");
    await waitFor("after_start", () => names(home).length === 2);
    const stop = home.spawn("usrsvc.cjs", ["stop", "web"]);
    await hanging(home);
    withHooks(home, { command });
    await home.usrsvcd("reread");
    stop.kill("SIGKILL");
    await waitFor("usrsvcd to end it", () => !isAlive(pid));
    await waitFor("after_exit", () => names(home).at(-1) === "after_exit");
    assert.deepEqual(names(home).slice(2), ["before_stop", "before_stop", "after_exit"]);
    await waitFor("it to be down", async () => (await home.statusOf("web"))["state"] === "stopped");
  });
});

describe("a hook", () => {
  test("is never taken for the program, nor is what it leaves running", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    // The words of the program, in a session of their own, and in the log of the program.
    const both = `#!/bin/sh\nsetsid ${command} &\necho $! >>${home.file("left")}\nexec ${command}\n`;
    const leaves = home.script("leave.sh", both);
    home.program("web", { command, before_start: leaves, hook_timeout: "5s", maxrestarts: "1" });
    const start = home.spawn("usrsvc.cjs", ["start", "web"]);
    const left = Number(await waitFor("the hook to run", () => home.read("left").trim() || false));
    const { state } = await home.statusOf("web");
    assert.equal(state, "stopped");
    await waitFor("the start to fail", () => start.exitCode !== null);
    assert.ok(isAlive(left), "what it has left is left alone");
    assert.equal(start.exitCode, 137);
    assert.equal((await home.statusOf("web"))["state"], "stopped");
    await home.usrsvcd();
    await waitFor("it to give up", async () => (await home.statusOf("web"))["state"] === "fatal");
    assert.ok(home.log().every(({ event }) => event !== "program.adopted"));
  });
});
