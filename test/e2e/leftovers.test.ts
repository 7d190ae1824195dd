import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { finished, Home, isAlive, type LogLine, sleeper, waitFor } from "./home.ts";
import { endAfter, kill, pids, settled, stays, titledPid, told, up } from "./looks.ts";
import { cleanUp } from "../support/clean-up.ts";

/** A master with three workers that have its command line, as gunicorn and others have them. */
function forkingMaster(home: Home): string {
  return home.script(
    "master.sh",
    `#!/bin/sh
if [ "$WORKER" = "" ]; then
  echo $$ >>${home.file("masters")}
  for n in 1 2 3; do WORKER=1 "$0" & done
  while :; do sleep 0.2; done
fi
echo $$ >>${home.file("workers")}
while :; do sleep 0.2; done
`,
  );
}

function living(home: Home, file: string): readonly number[] {
  return home
    .read(file)
    .split("\n")
    .filter((line) => line !== "")
    .map(Number)
    .filter(isAlive);
}

test("workers of a master that was killed are not taken for it: they end before the next start", async (t) => {
  const home = new Home(t);
  home.program("guni", { command: forkingMaster(home) });
  await home.usrsvcd();
  const master = await home.running("guni");
  await waitFor("the workers", () => living(home, "workers").length === 3);
  await waitFor("its start", () => home.log().some(({ event }) => event === "program.started"));
  const before = living(home, "workers");
  process.kill(master, "SIGKILL");
  const second = await home.running("guni", master); // by its pidfile, before its first instruction
  await waitFor("its master's word", () => living(home, "masters").length > 0);
  assert.deepEqual(living(home, "masters"), [second]);
  assert.ok(!before.includes(second));
  await waitFor("new workers only", () => {
    const now = living(home, "workers");
    return now.length === 3 && now.every((pid) => !before.includes(pid));
  });
  assert.equal((await home.usrsvc("stop", "guni")).code, 0);
  assert.deepEqual([...living(home, "masters"), ...living(home, "workers")], []);
  assert.equal((await home.statusOf("guni"))["state"], "stopped");
});

test("a shell line that calls usrsvc, as ssh and cron hand it over, is never the program", async (t) => {
  const name = `celery${process.pid}`;
  const home = new Home(t).program(name, {
    command: "/bin/sleep 31",
    proctitle_re: name,
    autostart: "no",
  });
  await home.usrsvcd();
  const usrsvc = home.command("usrsvc.cjs");
  const line = `sleep 0.5; ${usrsvc} status ${name}; ${usrsvc} stop ${name} && echo pulled; echo end`;
  const shell = spawn("/bin/bash", ["-c", line], {
    env: home.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { out } = await finished(shell);
  assert.match(out, /stopped(.|\n)*was not running\n( {4}looked for .*\n)?pulled\nend/);
});

test("usrsvcd restarted in a start window: what never matched does not become running", async (t) => {
  const home = new Home(t).program("vars", {
    command: "sleep 1717",
    proctitle_re: "^never matches",
    success_seconds: "1.5",
  });
  await home.usrsvcd();
  await waitFor("the launch", () => home.log().some(({ event }) => event === "program.starting"));
  const launched = home.log().find(({ event }) => event === "program.starting")?.pid ?? 0;
  await home.usrsvcd("restart");
  await waitFor("it to be ended", () => !isAlive(launched));
  const states = home.log().filter(({ event }) => event === "program.adopted");
  assert.deepEqual(states, []);
});

test("a program killed while usrsvcd is away: its end is told as unknown, and it runs again", async (t) => {
  const home = new Home(t);
  home.program("web", { command: home.script("web.sh", "#!/bin/sh\nsleep 1000\n") });
  await home.usrsvcd();
  const pid = await home.running("web");
  await waitFor("its start", () => home.log().some(({ event }) => event === "program.started"));
  await home.usrsvcd("stop");
  process.kill(pid, "SIGKILL");
  await waitFor("its end", () => !isAlive(pid));
  const down = await home.statusOf("web");
  assert.match(String(down["reason"]), /while nothing was watching/);
  assert.deepEqual(down["lastExit"], { pid, unknown: true });
  await home.usrsvcd();
  await home.running("web", pid);
  const status = await waitFor("the count", async () => {
    const seen = await home.statusOf("web");
    return seen["state"] === "running" ? seen : undefined;
  });
  assert.equal(status["restarts"], 1);
  assert.equal((status["lastExit"] as { unknown?: boolean }).unknown, true);
});

test("a removed program that runs on is told with its pid", async (t) => {
  const home = new Home(t).program("goes", { command: "/bin/sleep 1718" });
  await home.usrsvcd();
  const pid = await home.running("goes");
  await waitFor("its start", () => home.log().some(({ event }) => event === "program.started"));
  cleanUp(t, () => process.kill(pid, "SIGKILL"));
  home.without("goes");
  const { out } = await home.usrsvcd("reread");
  assert.match(out, new RegExp(`goes keeps running, pid ${pid}`));
});

test("escape sequences in names do not reach the terminal", async (t) => {
  const home = new Home(t).text("bad", "[Program:x\u001b[2Jy]\ncommand = /bin/true\n");
  const { out, err } = await home.usrsvc("status");
  assert.ok(!(out + err).includes("\u001b"));
  assert.match(out, /x\\x1b\[2Jy/);
  assert.ok(!(await home.usrsvc("start", "\u001b[2Jq")).err.includes("\u001b"));
});

test("a caller's umask of 777 does no harm to records", async (t) => {
  const home = new Home(t).program("web", { command: "/bin/sleep 1719" });
  await home.usrsvc("start", "web");
  const line = `umask 777; ${home.command("usrsvc.cjs")} restart web`;
  const shell = spawn("/bin/sh", ["-c", line], {
    env: home.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await finished(shell);
  const { mode } = process
    .getBuiltinModule("node:fs")
    .statSync(home.file("state/programs/web.json"));
  assert.equal(mode & 0o777, 0o600);
});

test("what has left the session of a program that died is named when that is started again", async (t) => {
  const home = new Home(t);
  const [helper, worker] = [sleeper(), sleeper()];
  const script = `#!/bin/sh\nif ! [ -e ran ]; then setsid ${helper} & fi\n: >ran\n${worker} &\nwait\n`;
  home.program("web", { command: home.script("web.sh", script) });
  await home.usrsvcd();
  const [pid] = await up(home, "web");
  await settled(home, "web");
  const behind = await titledPid(home, new RegExp(`^${helper}$`));
  await kill(pid);
  await settled(home, "web", 2);
  const linesOf = (): readonly LogLine[] =>
    told(home, "program.warning", "web").filter(({ msg }) => msg.endsWith(" keeps running"));
  const named = await waitFor("its line", () => linesOf().length > 0 && linesOf());
  const words = `web: process ${behind} (${helper}) stems from an earlier start of it, in a session of its own, and keeps running`;
  assert.deepEqual(
    named.map(({ msg }) => msg),
    [words],
  );
  assert.ok(isAlive(behind));
});

test("also of one that dies right after its start, which has just looked", async (t) => {
  const home = new Home(t);
  const helper = sleeper();
  const script = `#!/bin/sh\nif [ -e ran ]; then exec ${sleeper()}; fi\n: >ran\nuntil [ -e go ]; do sleep 0.05; done\nsetsid ${helper} &\nsleep 0.2\nexit 1\n`;
  home.program("web", { command: home.script("web.sh", script), success_seconds: "0.1" });
  await home.usrsvcd();
  await settled(home, "web");
  writeFileSync(home.file("go"), "");
  const line = await waitFor("its line", () =>
    told(home, "program.warning", "web").find(({ msg }) => msg.endsWith(" keeps running")),
  );
  assert.match(
    line.msg,
    new RegExp(`process \\d+ \\(${helper}\\) stems from an earlier start of it`),
  );
  endAfter(t, home, new RegExp(`^${helper}$`));
});

describe("what runs on after a stop, in a session of its own, is not the program from then on", () => {
  // A title tells nothing of its home: the tests of another copy of this project would find it too.
  const title = `mytitle-${process.pid}`;
  /** `what`: what the master's worker does with its words and its environment. */
  const kinds: readonly [what: string, settings: (home: Home) => Record<string, string>][] = [
    [
      "that has the words of its master",
      (home) => ({
        command: home.script(
          "master.py",
          "#!/usr/bin/python3\nimport os, time\nif os.fork() == 0: os.setsid()\nwhile True: time.sleep(1)\n",
        ),
      }),
    ],
    [
      "that has written a title over its mark",
      (home) => ({
        command: home.script(
          "master.pl",
          `#!/usr/bin/perl\nuse POSIX;\nmy $kind = fork() ? 'master' : do { POSIX::setsid(); 'worker' };\n$0 = "${title} $kind " . ('x' x 3000);\nsleep 1 while 1;\n`,
        ),
        proctitle_re: `master\\.pl|${title}`,
        success_seconds: "1",
      }),
    ],
  ];
  for (const [what, settings] of kinds) {
    test(`one ${what}, through several starts and stops`, async (t) => {
      const home = new Home(t);
      home.program("app", settings(home));
      endAfter(t, home, new RegExp(`${title}|master\\.`));
      const left: number[] = [];
      for (const round of [1, 2, 3]) {
        const { out } = await home.usrsvc("start", "app");
        assert.match(out, /: started, pid/, `round ${round}`);
        const worker = await waitFor("its worker", () =>
          pids(home, new RegExp(`${title} worker|master\\.py`)).find(
            (pid) => pid !== home.pid("app") && !left.includes(pid),
          ),
        );
        left.push(worker);
        if (round === 2) await home.usrsvcd();
        const stop = await home.usrsvc("stop", "app");
        for (const pid of left) {
          assert.match(
            stop.out,
            new RegExp(`process ${pid} .*in a session of its own, and keeps running`),
          );
        }
        const status = await home.statusOf("app");
        assert.equal(status["state"], "stopped", JSON.stringify(status));
        assert.match((await home.usrsvc("stop", "app")).out, /was not running/);
      }
      await stays("stopped", async () => (await home.statusOf("app"))["state"] === "stopped", 500);
      assert.ok(left.every(isAlive));
    });
  }

  test("also where many are stopped at once: each one's is named, and remembered", async (t) => {
    const home = new Home(t);
    const [, settings] = kinds[0] ?? assert.fail();
    for (let count = 0; count < 4; count += 1) {
      home.program(`app${count}`, { ...settings(home), scan_for_process: "False" });
      home.program(`plain${count}`, { command: sleeper() });
    }
    endAfter(t, home, /master\./);
    assert.equal((await home.usrsvc("start", "all", "-P")).code, 0);
    await waitFor("the workers", () => pids(home, /master\.py/).length === 8);
    const mains = [0, 1, 2, 3].map((count) => home.pid(`app${count}`));
    const left = pids(home, /master\.py/).filter((pid) => !mains.includes(pid));
    const { code, out } = await home.usrsvc("stop", "all", "-P");
    assert.equal(code, 0, out);
    for (const pid of left) {
      assert.match(
        out,
        new RegExp(`process ${pid} .*stems from it .*, in a session of its own, and keeps running`),
      );
    }
    assert.equal(out.match(/keeps running/g)?.length, left.length, out);
    // The next one still knows it.
    assert.match(
      (await home.usrsvc("stop", "all", "-P")).out,
      new RegExp(`${left[0]} .*keeps running`),
    );
    const kept = [0, 1, 2, 3].flatMap((count) => {
      const record = JSON.parse(home.read(`state/programs/app${count}.json`)) as {
        readonly runsOn?: readonly { readonly pid: number }[];
      };
      return record.runsOn?.map(({ pid }) => pid) ?? [];
    });
    assert.deepEqual(
      kept.toSorted((a, b) => a - b),
      left,
    );
    assert.ok(left.every(isAlive));
  });
});
