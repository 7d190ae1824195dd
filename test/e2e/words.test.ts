import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { finished, Home, isAlive, type Json, sleeper, waitFor } from "./home.ts";
import { daemonPid, endAfter, kill, onlyPid, pids, settled, told, up } from "./looks.ts";

/** A program that fails as long as there is a file `bad`. */
function moody(home: Home, sleep: string): string {
  return home.script(
    "moody.sh",
    `#!/bin/sh\n[ -e ${home.file("bad")} ] && { echo fatal: bad configuration; exit 3; }\nexec ${sleep}\n`,
  );
}

function lastExit(status: Json): Json {
  return status["lastExit"] as Json;
}

describe("a restart by hand that fails", () => {
  test("is what has ended the old process, in log and status", async (t) => {
    const home = new Home(t);
    const sleep = sleeper();
    home.program("web", { command: moody(home, sleep), proctitle_re: `^${sleep}$` });
    await home.usrsvcd();
    const [pid] = await up(home, "web");
    await settled(home, "web");
    writeFileSync(home.file("bad"), "");
    const { code, err } = await home.usrsvc("restart", "web");
    assert.equal(code, 134);
    assert.match(err, /usrsvcd will try it again; usrsvc stop web prevents that/);
    const exited = await waitFor("its end to be told", () =>
      told(home, "program.exited", "web").find((line) => line.pid === pid),
    );
    assert.match(exited.msg, /killed by SIGTERM, by usrsvc restart$/);
    assert.deepEqual([exited["by"], exited["output"]], ["usrsvc restart", undefined]);
    await waitFor("the reason to be told", async () => {
      const status = await home.statusOf("web");
      const why = /exited with code 3 .*it wrote: fatal: bad configuration/;
      return lastExit(status)["code"] === 3 && why.test(String(status["reason"]));
    });
    const asked = told(home, "program.starting", "web").find((line) => "by" in line);
    assert.match(asked?.msg ?? "", /asked for by usrsvc restart, pid \d+$/);
  });

  test("is given up with its reason, where usrsvcd does not try it again", async (t) => {
    const home = new Home(t);
    const command = home.script("fails.sh", "#!/bin/sh\necho Error: disk on fire\nexit 3\n");
    home.program("web", { command, autostart: "no", maxrestarts: "1" });
    home.program("once", { command, autostart: "no", autorestart: "no" });
    await home.usrsvcd();
    const { err } = await home.usrsvc("start", "web");
    assert.doesNotMatch(err, /will try it again/);
    assert.match(err, /usrsvcd gives up: maxrestarts = 1/);
    const line = await waitFor("it to be given up", () => told(home, "program.gave-up", "web")[0]);
    assert.match(
      line.msg,
      /1 failed start \(.*code 3.*disk on fire; fix it, then run usrsvc start web/,
    );
    assert.match(String((await home.statusOf("web"))["next"]), /maxrestarts = 1.*usrsvc start web/);
    assert.match((await home.usrsvc("start", "once")).err, /leaves it down: autorestart = False/);
  });
});

describe("two who act at once", () => {
  for (const withDaemon of [true, false]) {
    test(`${withDaemon ? "through usrsvcd" : "without usrsvcd"}: who is overtaken says so`, async (t) => {
      const home = new Home(t);
      home.program("web", { command: sleeper(), success_seconds: "6" });
      if (withDaemon) {
        await home.usrsvcd();
        await settled(home, "web");
      }
      for (const then of ["restart", "stop"] as const) {
        const [before] = [home.pid("web")];
        const first = finished(home.spawn("usrsvc.cjs", ["restart", "web"]));
        const pid = await home.running("web", before);
        const second = await home.usrsvc(then, "web");
        assert.equal(second.code, 0, second.err);
        const { code, out, err } = await first;
        assert.doesNotMatch(out + err, /left running/);
        const words = new RegExp(
          `launched as pid ${pid}; .*usrsvc ${then} was called in the meantime`,
        );
        assert.match(out + err, words);
        assert.equal(code, then === "restart" ? 0 : 1);
        assert.ok(!isAlive(pid));
      }
      assert.deepEqual(pids(home, /^\/bin\/sleep/), []);
    });
  }
});

describe("status", () => {
  test("knows how a program died while what it left is being ended", async (t) => {
    const home = new Home(t);
    const command = home.script(
      "forks.sh",
      "#!/bin/sh\n(trap '' TERM; sleep 1000) &\nsleep 1000\n:\n",
    );
    home.program("web", { command, term_to_kill_seconds: "6" });
    await home.usrsvcd();
    const [pid] = await up(home, "web");
    await settled(home, "web");
    await kill(pid);
    const status = await waitFor("it to be told", async () => {
      const one = await home.statusOf("web");
      return lastExit(one)?.["signal"] === "SIGKILL" && one;
    });
    assert.equal(status["state"], "backoff");
    assert.match(
      String(status["reason"]),
      /^killed by SIGKILL, not by usrsvc; what it left is ended/,
    );
    await home.running("web", pid);
  });

  test("shows a daemon as starting that has left its first process", async (t) => {
    const home = new Home(t);
    const late = home.script(
      "daemon.py",
      `#!/usr/bin/python3
import os, time
if os.fork(): os._exit(0)
os.setsid(); time.sleep(4)
open("${home.file("run/web.pid")}", "w").write(str(os.getpid()))
time.sleep(1000)
`,
    );
    endAfter(t, home, /daemon\.py/);
    home.program("web", { command: late, autopid: "no", success_seconds: "8" });
    await home.usrsvcd();
    await waitFor("its first process to leave", () => {
      const [line] = told(home, "program.starting", "web");
      return line?.pid !== undefined && !isAlive(line.pid);
    });
    const status = await home.statusOf("web");
    assert.equal(status["state"], "starting");
    await up(home, "web");
  });

  test("tells what is otherwise with a process that was found", async (t) => {
    const home = new Home(t);
    const sleep = sleeper();
    home.program(
      "web",
      { command: `${sleep} 0`, proctitle_re: `^${sleep}` },
      "[[Env]]\nTOKEN = secret\nHOME = %s\n".replace("%s", home.path),
    );
    const byHand = home.script("by-hand.sh", `#!/bin/sh\ncd ${home.path}\nexec ${sleep}\n`);
    endAfter(t, home, new RegExp(`^${sleep}`));
    const stranger = spawn(byHand, [], { env: { HOME: home.path, PATH: "/bin" }, stdio: "ignore" });
    t.after(() => stranger.kill("SIGKILL"));
    await waitFor("it", () => pids(home, new RegExp(`^${sleep}$`)).length === 1);
    await home.usrsvcd();
    await up(home, "web");
    const status = await home.statusOf("web");
    const told = status["differences"] as readonly string[];
    assert.equal(told.length, 2);
    assert.match(told[0] ?? "", /its command line is ".*", configured is ".* 0"/);
    assert.match(told[1] ?? "", /differs from \[\[Env\]\] in TOKEN$/);
    assert.ok(!JSON.stringify(status).includes("secret"));
  });
});

test("a stop of what does not run says what was looked for, and what was there instead", async (t) => {
  const home = new Home(t);
  const app = home.script("app.sh", "#!/bin/sh\nsleep 1000\n:\n");
  home.program("web", { command: `${app} --port 80` });
  home.program("old", { command: `${app} --port 81` });
  await home.usrsvc("start", "old");
  writeFileSync(home.file("run/web.pid"), "999999999\n");
  const { code, out } = await home.usrsvc("stop", "web");
  assert.equal(code, 0);
  assert.match(out, /^web: was not running$/m);
  assert.match(out, /looked for \S+app\.sh --port 80, and its pidfile \S+web\.pid, which /);
  const pid = home.pid("old");
  assert.match(
    out,
    new RegExp(`nearest to it is process ${pid}, which belongs to old: .*app\\.sh`),
  );
  const again = await home.usrsvc("stop", "web");
  assert.doesNotMatch(again.out, /looked for/, "he knows that it is down");
});

test("the pidfile of a shell line names no step that has ended", async (t) => {
  const home = new Home(t);
  const step = `/bin/sleep 4.${process.pid}`;
  const command = `${step}; while :; do read line <${home.file("fifo")}; done`;
  home.program("web", { command, useshell: "yes", proctitle_re: `^${step}$` });
  await home.usrsvcd();
  const first = await waitFor("the pidfile to name its step", () =>
    pids(home, new RegExp(`^${step}$`)).find((pid) => pid === home.pid("web")),
  );
  await waitFor("it to end", () => !isAlive(first));
  const shell = await waitFor(
    "the pidfile to be mended",
    () => {
      const pid = home.pid("web");
      return pid !== first && pid;
    },
    8000, // its slow look comes every 10 s
  );
  assert.ok(isAlive(shell));
  await kill(onlyPid(home, /^\/bin\/sh -c .*while/));
});

describe("usrsvcd that ends in the middle of what it was asked for", () => {
  test("after the launch: the program is not started once more", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper(), success_seconds: "4" });
    await home.usrsvcd();
    const daemon = await daemonPid(home);
    const [before] = await up(home, "web");
    await settled(home, "web");
    const restart = finished(home.spawn("usrsvc.cjs", ["restart", "web"]));
    const pid = await home.running("web", before);
    await kill(daemon);
    await home.usrsvcd();
    const { code, out, err } = await restart;
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`^web: started after you asked, pid ${pid}$`, "m"));
    assert.match(out, /usrsvcd, pid \d+, ended in the middle of it/);
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [pid]);
  });
});

describe("restart --reread", () => {
  test("lets usrsvcd read the file before, and stops nothing where it refuses", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "web");
    const command = sleeper();
    home.program("web", { command });
    const restart = await home.usrsvc("restart", "--reread", "web");
    assert.equal(restart.code, 0, restart.err);
    assert.match(restart.out, /^usrsvcd: reread; .*changed: web$/m);
    assert.doesNotMatch(restart.out, /older settings/);
    const pid = onlyPid(home, new RegExp(`^${command}$`));
    home.text("bad", "[Program:bad]\ncommand = /bin/true\nautostart = perhaps\n");
    const refused = await home.usrsvc("restart", "--reread", "web");
    assert.equal(refused.code, 130);
    assert.match(refused.err, /nothing was restarted: .*\n.*autostart/);
    assert.ok(isAlive(pid));
    home.without("bad");
    assert.equal((await home.usrsvc("stop", "--reread", "web")).code, 1, "it is no option of stop");
    await home.usrsvcd("stop");
    assert.equal(
      (await home.usrsvc("restart", "--reread", "web")).code,
      0,
      "nobody is to be asked",
    );
  });
});

test("a record that is a folder is named, set aside, and keeps nobody from a stop", async (t) => {
  const home = new Home(t);
  home.program("web", { command: sleeper() });
  await home.usrsvc("start", "web");
  const path = home.file("state/programs/web.json");
  rmSync(path);
  mkdirSync(path);
  const problems = (await home.statusOf("web"))["problems"] as readonly string[];
  assert.match(problems[0] ?? "", /web\.json is a folder, not a file; usrsvc start, stop or/);
  assert.match((await home.usrsvc("stop", "web")).out, /^web: stopped/);
});
