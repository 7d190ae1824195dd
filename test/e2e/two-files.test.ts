import assert from "node:assert/strict";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { daemonPid, kill, pids, settled, stays, told } from "./looks.ts";

/*
 * Two configuration files that share a state folder, with a program of one name. Production has a
 * usrsvcd.
 */

/** A second main file with a program "web". */
function stageOf(home: Home, command: string, file = "stage.cfg"): string {
  const path = home.file(file);
  writeFileSync(
    path,
    `[Main]
state_dir = ${home.file("state")}
pidfile = ${path}.pid
[Program:web]
command = ${command}
pidfile = ${path}.web.pid
stdout = ${path}.web.log
success_seconds = 0.3
`,
  );
  return path;
}

/** Whatever is asked of stage's web is refused, with both paths, and changes nothing. */
async function refused(home: Home, stage: string, how: RegExp): Promise<void> {
  const before = await home.statusOf("web");
  for (const action of ["stop", "start", "restart", "signal"]) {
    const more = action === "signal" ? ["KILL"] : [];
    const { code, err } = await home.usrsvc("-c", stage, action, "web", ...more);
    assert.equal(code, 1, `${action}: ${err}`);
    assert.match(err, how, action);
    assert.ok(err.includes(home.config) && err.includes(stage), err);
  }
  const { out } = await home.usrsvc("-c", stage, "status");
  assert.match(out, how);
  const after = await home.statusOf("web");
  assert.equal(after["state"], before["state"]);
  assert.equal(after["reason"], before["reason"]);
  assert.equal(after["restarts"], before["restarts"]);
}

/** Fails for as long as a file is there. */
function failing(home: Home): { readonly script: string; readonly mend: () => void } {
  writeFileSync(home.file("bad"), "");
  const script = home.script(
    "web.sh",
    `#!/bin/sh\n[ -e ${home.file("bad")} ] && exit 3\nexec ${sleeper()}\n`,
  );
  return { script, mend: () => rmSync(home.file("bad")) };
}

describe("a program that usrsvcd looks after is its file's, also while it does not run", () => {
  test("in a pause before its next start", async (t) => {
    const home = new Home(t);
    const { script, mend } = failing(home);
    home.program("web", { command: script, restart_delay: "1" });
    const stage = stageOf(home, sleeper());
    await home.usrsvcd();
    await waitFor("its pause", async () => (await home.statusOf("web"))["state"] === "backoff");
    const { code, err } = await home.usrsvc("-c", stage, "stop", "web");
    assert.equal(code, 1);
    assert.match(err, /waits there for its next start|is looked after there by usrsvcd/);
    mend();
    await settled(home, "web");
    assert.equal((await home.statusOf("web"))["state"], "running");
  });

  test("given up", async (t) => {
    const home = new Home(t);
    const { script } = failing(home);
    home.program("web", { command: script, maxrestarts: "1" });
    const stage = stageOf(home, sleeper());
    await home.usrsvcd();
    await waitFor("it to be given up", () => told(home, "program.gave-up", "web").length > 0);
    await waitFor("its record", async () => (await home.statusOf("web"))["state"] === "fatal");
    await refused(home, stage, /was given up there/);
  });

  test("stopped by its operator, and that lasts", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const stage = stageOf(home, sleeper());
    await home.usrsvcd();
    await settled(home, "web");
    await home.usrsvc("stop", "web");
    await refused(home, stage, /is stopped there/);
    await home.usrsvcd("restart");
    await stays("it is down", () => pids(home, /^\/bin\/sleep/).length === 0, 500);
    assert.match(String((await home.statusOf("web"))["next"]), /stays down/);
  });

  test("not started yet, since autostart is off", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), autostart: "False" });
    const stage = stageOf(home, sleeper());
    await home.usrsvcd();
    await refused(home, stage, /is looked after there by usrsvcd/);
  });

  test("in its start window, which goes on", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), success_seconds: "1.5" });
    const stage = stageOf(home, sleeper());
    await home.usrsvcd();
    const pid = await home.running("web");
    const { code, err } = await home.usrsvc("-c", stage, "stop", "web");
    assert.equal(code, 1);
    assert.match(err, new RegExp(`runs there as pid ${pid}`));
    await settled(home, "web");
    assert.equal(home.pid("web"), pid);
    assert.ok(!told(home, "program.backoff", "web").length, "it was not called off");
  });
});

describe("where no usrsvcd looks after it", () => {
  test("what another file's operator stopped can be started, and stays his on record when stopped", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const stage = stageOf(home, sleeper());
    await home.usrsvc("start", "web");
    await home.usrsvc("stop", "web");
    const stop = await home.usrsvc("-c", stage, "stop", "web");
    assert.equal(stop.code, 0);
    assert.match(stop.out, /was not running\n +its record is that of web of /);
    assert.equal((await home.statusOf("web"))["reason"], "stopped by usrsvc");
    const before = await home.usrsvc("-c", stage, "status");
    assert.match(before.out, /not been started yet/);
    assert.match((await home.usrsvc("-c", stage, "start", "web")).out, /^web: started/);
    assert.equal((await home.usrsvc("start", "web")).code, 1);
    await home.usrsvc("-c", stage, "stop", "web");
    assert.match((await home.usrsvc("start", "web")).out, /^web: started/);
  });

  test("the other's stop is no stop of ours when usrsvcd comes", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const stage = stageOf(home, sleeper());
    await home.usrsvc("-c", stage, "start", "web");
    await home.usrsvc("-c", stage, "stop", "web");
    await home.usrsvcd();
    await settled(home, "web");
  });

  test("and when the other's process, found by usrsvcd, has been stopped", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const stage = stageOf(home, sleeper());
    await home.usrsvc("-c", stage, "start", "web");
    await home.usrsvcd();
    await waitFor("its complaint", () => told(home, "program.error", "web").length > 0);
    await home.usrsvc("-c", stage, "stop", "web");
    await settled(home, "web");
    assert.equal(pids(home, /^\/bin\/sleep/).length, 1);
  });
});

test("a section that was moved to another file takes its process with it", async (t) => {
  const command = sleeper();
  const home = new Home(t).program("web", { command }).program("kept", { command: sleeper() });
  await home.usrsvcd();
  await settled(home, "web");
  const pid = home.pid("web") ?? 0;
  const stage = stageOf(home, command);
  home.without("web");
  await home.usrsvcd("reread");
  const { out } = await home.usrsvc("-c", stage, "start", "web");
  assert.match(out, new RegExp(`^web: already running, pid ${pid} `));
  assert.equal((await home.usrsvc("status")).code, 0);
  await home.usrsvc("-c", stage, "stop", "web");
  assert.ok(!isAlive(pid));
  assert.match((await home.usrsvc("-c", stage, "start", "web")).out, /^web: started/);
});

test("and its usrsvcd takes it over, though the other, not told yet, had it", async (t) => {
  const command = sleeper();
  const home = new Home(t).program("web", { command });
  await home.usrsvc("start", "web");
  const pid = home.pid("web") ?? 0;
  const stage = stageOf(home, command);
  home.without("web").program("other", { command: sleeper() });
  cleanUp(t, async () => await home.usrsvcd("-c", stage, "stop"));
  await home.usrsvcd("-c", stage);
  await waitFor("it to be taken up", () => told(home, "program.adopted", "web").length > 0);
  assert.ok(isAlive(pid));
  await kill(pid);
  await waitFor("another", () => pids(home, /^\/bin\/sleep/).length === 1);
});

/*
 * A project folder copied with its state folder: the records, notes and pidfiles in it are the original's.
 */
describe("a state folder that is the copy of another", () => {
  /** Production is copied, while it runs, as `cp -a` does it; what the copy is told is its own state_dir. */
  async function copied(t: TestContext): Promise<{ home: Home; stage: string; production: Pid }> {
    const home = new Home(t).program("web", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "web");
    const production = await home.running("web");
    const stage = home.file("stage.cfg");
    const copy = home.file("stage-state");
    cpSync(home.file("state"), copy, { recursive: true });
    writeFileSync(stage, home.read("usrsvc.cfg").replaceAll(home.file("state"), copy));
    return { home, stage, production };
  }

  test("is no reason to leave its program alone, nor to take production's", async (t) => {
    const { home, stage, production } = await copied(t);
    const before = await home.usrsvc("-c", stage, "status");
    assert.match(before.out, new RegExp(`process ${production} .* is web of ${home.config}: left`));
    assert.match((await home.usrsvc("-c", stage, "stop", "web")).out, /was not running/);
    const start = await home.usrsvc("-c", stage, "start", "web");
    assert.match(start.out, /: started, pid/);
    assert.equal(pids(home, /^\/bin\/sleep/).length, 2);
    assert.match((await home.usrsvc("-c", stage, "stop", "web")).out, /: stopped, pid/);
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [production]);
    assert.equal((await home.statusOf("web"))["pid"], production);
  });

  test("has a usrsvcd of its own, which is not production's", async (t) => {
    const { home, stage, production } = await copied(t);
    const daemon = await daemonPid(home);
    assert.match((await home.usrsvcd("-c", stage, "status")).out, /usrsvcd is not running/);
    assert.match((await home.usrsvcd("-c", stage, "stop")).out, /was not running/);
    assert.ok(isAlive(daemon));
    assert.equal((await home.usrsvcd("-c", stage, "start")).code, 0);
    await waitFor("both", () => pids(home, /^\/bin\/sleep/).length === 2);
    assert.equal((await home.usrsvcd("-c", stage, "stop")).code, 0);
    assert.ok(isAlive(daemon));
    assert.ok(isAlive(production));
  });
});

test("usrsvcd stop with another file does not end the usrsvcd that its pidfile names", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvcd();
  const other = home.file("other.cfg");
  writeFileSync(other, home.read("usrsvc.cfg").replaceAll(home.file("state"), home.file("other")));
  assert.match((await home.usrsvcd("-c", other, "stop")).out, /was not running/);
  assert.ok(isAlive(await daemonPid(home)));
});
