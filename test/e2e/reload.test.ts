import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, lines, sleeper, waitFor } from "./home.ts";

const SIGNALS = ["HUP", "USR1", "WINCH"];

/** Notes the signals that it gets, and its child those that it gets, after their pids. */
function listener(home: Home): string {
  const note = (who: string): string =>
    SIGNALS.map((name) => `trap 'echo ${who} ${name} >>${home.file("heard")}' ${name}`).join("\n");
  const loop = "while :; do read -r -t 0.05 <>fifo; done";
  const text = `#!/bin/bash\ncd ${home.path}\nmkfifo fifo\n(${note("child")}\n${loop}) &\n${note("main")}\ntouch up\n${loop}\n`;
  return home.script("listener.sh", text);
}

async function started(home: Home, name = "web"): Promise<number> {
  const { code, err } = await home.usrsvc("start", name);
  assert.equal(code, 0, err);
  return await home.running(name);
}

const heard = (home: Home): readonly string[] =>
  home.read("heard").split("\n").filter(Boolean).toSorted();

describe("usrsvc signal", () => {
  test("sends a signal by name or number to the process, and with --group to all of its group", async (t) => {
    const home = new Home(t);
    home.program("web", { command: listener(home), directory: home.path });
    const pid = await started(home);
    await waitFor("it to listen", () => existsSync(home.file("up")));
    const one = await home.usrsvc("signal", "web", "HUP");
    assert.deepEqual([one.code, one.out], [0, `web: SIGHUP sent to pid ${pid}\n`]);
    await waitFor("it to hear", () => heard(home).length === 1);
    const { out } = await home.usrsvc("signal", "web", "10", "--json"); // SIGUSR1 on most machines
    const [{ action, result, exitCode, signal, ...rest } = {}] = lines(out);
    assert.deepEqual(
      [action, result, exitCode, signal, rest["pid"]],
      ["signal", "signalled", 0, "SIGUSR1", pid],
    );
    await waitFor("it to hear", () => heard(home).length === 2);
    const all = await home.usrsvc("signal", "--group", "web", "sigwinch");
    assert.equal(all.out, `web: SIGWINCH sent to process group ${pid} of pid ${pid}\n`);
    await waitFor("both to hear", () => heard(home).length === 4);
    assert.deepEqual(heard(home), ["child WINCH", "main HUP", "main USR1", "main WINCH"]);
    assert.ok(isAlive(pid));
  });

  test("lets a stopped one be stopped, until it is told to go on", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper() });
    const pid = await started(home);
    const state = (): string => procReader().stat(pid as Pid).state;
    await home.usrsvc("signal", "web", "STOP");
    await waitFor("it to stop", () => state() === "T");
    await home.usrsvc("signal", "web", "CONT");
    await waitFor("it to go on", () => state() !== "T");
  });

  test("is sent to each of several, and to all", async (t) => {
    const home = new Home(t);
    for (const name of ["web", "db"]) home.program(name, { command: sleeper() });
    await home.usrsvc("start", "all");
    const pids = [await home.running("web"), await home.running("db")];
    const { out, code } = await home.usrsvc("signal", "web", "db", "CONT");
    assert.equal(out, `web: SIGCONT sent to pid ${pids[0]}\ndb: SIGCONT sent to pid ${pids[1]}\n`);
    assert.equal(code, 0);
    const end = await home.usrsvc("signal", "all", "TERM");
    assert.equal(end.code, 0);
    await waitFor("their ends", () => pids.every((pid) => !isAlive(pid)));
  });

  test("is named as the cause of the end that follows, which is answered as any other", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    await home.usrsvcd();
    const first = await home.running("web");
    const hasRun = async (pid: number): Promise<boolean> =>
      await waitFor("it to run for long enough", () =>
        home.log().some((line) => line.event === "program.started" && line["pid"] === pid),
      );
    await hasRun(first);
    await home.usrsvc("signal", "web", "KILL");
    const second = await home.running("web", first);
    const why = /killed by SIGKILL, by usrsvc signal/;
    await waitFor("it to be on record", async () =>
      /its last exit: by usrsvc signal/.test((await home.usrsvc("status", "web")).out),
    );
    const last = (await home.statusOf("web"))["lastExit"] as Readonly<Record<string, unknown>>;
    assert.equal(last["by"], "usrsvc signal");
    const told = home.log().filter(({ msg }) => why.test(msg));
    assert.deepEqual(
      told.map(({ event, level }) => [event, level]),
      [["program.exited", "warn"]],
    );
    const { out } = await home.usrsvc("events", "web");
    assert.match(out, /SIGKILL sent to pid \d+[^]*killed by SIGKILL, by usrsvc signal/);
    await hasRun(second);
    process.kill(second, "SIGKILL");
    await home.running("web", second);
    await waitFor("this one to be on record", async () =>
      /its last exit: not by usrsvc/.test((await home.usrsvc("status", "web")).out),
    );
  });

  test("fails for what does not run, is unknown, or is no signal", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    for (const [words, code, message] of [
      [["web", "HUP"], 1, /^web: not signalled: it is not running$/m],
      [["nobody", "HUP"], 133, /^nobody: no such program/m],
      [["web", "HPU"], 1, /unknown signal "HPU"; did you mean HUP\?/],
      [["HUP", "web"], 1, /the signal comes last: usrsvc signal web HUP/],
      [["web", "0"], 1, /unknown signal "0"; known are 1 to 31, HUP/],
      [["web", "64"], 1, /unknown signal "64"/],
      [["web", "-9"], 1, /Unknown option '-9'/],
      [["web"], 1, /say which signal: usrsvc signal web SIG/],
    ] as const) {
      const result = await home.usrsvc("signal", ...words);
      assert.equal(result.code, code, result.err);
      assert.match(result.err, message);
    }
  });

  test("never reaches what has got the pid of a program that has ended, or a group that is another's", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    home.program("web", { command });
    // In the group of whoever started both, as from a shell without job control.
    const shell = spawn("/bin/sh", ["-c", `${command} & echo; wait`], {
      stdio: "ignore",
      detached: true,
    });
    cleanUp(t, () => isAlive(Number(shell.pid)) && process.kill(-Number(shell.pid), "SIGKILL"));
    await waitFor(
      "it to be found",
      async () => (await home.statusOf("web"))["state"] === "running",
    );
    const { err, code } = await home.usrsvc("signal", "--group", "web", "TERM");
    assert.equal(code, 1);
    assert.match(err, /^web: not signalled: the process group of process \d+ is not its own/m);
    assert.ok(isAlive(Number(shell.pid)));
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    // A pidfile and a record that name a stranger.
    const stranger = spawn("sleep", ["1000"], { stdio: "ignore" });
    cleanUp(t, () => stranger.kill("SIGKILL"));
    writeFileSync(home.file("run/web.pid"), `${stranger.pid}\n`);
    const none = await home.usrsvc("signal", "web", "KILL");
    assert.match(none.err, /^web: not signalled: it is not running$/m);
    assert.ok(isAlive(Number(stranger.pid)));
  });
});

describe("usrsvc reload", () => {
  test("sends the signal that reload names, once, also without waiting for a start that goes on", async (t) => {
    const home = new Home(t);
    home.program("web", { command: listener(home), reload: "hup", success_seconds: "20" });
    const start = home.spawn("usrsvc.cjs", ["start", "web"]);
    const pid = await home.running("web");
    await waitFor("it to listen", () => existsSync(home.file("up")));
    const { out, code } = await home.usrsvc("reload", "web");
    assert.deepEqual([code, out], [0, `web: SIGHUP sent to pid ${pid}\n`]);
    await waitFor("it to hear", () => heard(home).length === 1);
    assert.deepEqual(heard(home), ["main HUP"]);
    start.kill("SIGINT");
  });

  test("runs the command that reload names, in the environment of the program, as usrsvcd has it", async (t) => {
    const home = new Home(t);
    const line = `/bin/sh -c 'echo "$USRSVC_PROGRAM $USRSVC_PID $COLOUR $FROM $(pwd)" >>${home.file("asked")}'`;
    home.program(
      "web",
      { command: sleeper(), reload: line, directory: home.path },
      "[[Env]]\nCOLOUR = blue\n",
    );
    await home.run("usrsvcd.cjs", [], { FROM: "daemon" });
    const pid = await home.running("web");
    const { out } = await home.run("usrsvc.cjs", ["reload", "web", "--json"], { FROM: "tool" });
    const [{ action, result, exitCode, message, ...rest } = {}] = lines(out);
    assert.deepEqual([action, result, exitCode, rest["pid"]], ["reload", "reloaded", 0, pid]);
    assert.match(String(message), /^reloaded, pid \d+, in [\d.]+ m?s: \/bin\/sh -c /);
    assert.equal(home.read("asked"), `web ${pid} blue daemon ${home.path}\n`);
  });

  test("tells why its command has failed", async (t) => {
    const home = new Home(t);
    const fails = home.script(
      "fails.sh",
      "#!/bin/sh\necho '[emerg] unexpected end of file in a.conf:3'\nexit 1\n",
    );
    home.program("web", { command: sleeper(), reload: fails });
    const pid = await started(home);
    const { err, code } = await home.usrsvc("reload", "web");
    assert.equal(code, 1);
    assert.match(
      err,
      /^web: not reloaded: its command failed: exited with code 1\n {4}\| \[emerg\] unexpected end of file in a.conf:3$/m,
    );
    assert.ok(isAlive(pid));
  });

  test("is refused where nothing is set, or nothing runs", async (t) => {
    const home = new Home(t);
    home
      .program("web", { command: sleeper() })
      .program("db", { command: sleeper(), reload: "HUP" });
    const unset = await home.usrsvc("reload", "web");
    assert.equal(unset.code, 1);
    assert.match(
      unset.err,
      /^web: not reloaded: reload is not set; write reload = HUP, or another signal .*, below \[Program:web\] in .*usrsvc\.cfg$/m,
    );
    const down = await home.usrsvc("reload", "db");
    assert.deepEqual([down.code, down.err], [1, "db: not reloaded: it is not running\n"]);
    await started(home, "db");
    const all = await home.usrsvc("reload", "all");
    assert.equal(all.code, 0, "what has no reload is skipped");
    assert.match(all.out, /^web: skipped: reload is not set$/m);
    assert.match(all.out, /^db: SIGHUP sent to pid \d+$/m);
    home.program("db", { command: sleeper(), reload: "HUP", nice: "much" });
    const faulty = await home.usrsvc("reload", "db");
    assert.equal(faulty.code, 130);
    assert.match(faulty.err, /^db: not reloaded: its settings have errors, see above$/m);
  });
});
