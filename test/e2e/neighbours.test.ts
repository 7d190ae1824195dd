import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { endAfter, kill, pids, settled, up } from "./looks.ts";
import { freePort, redis } from "./servers.ts";

/*
 * Processes that bear no mark: redis and gunicorn write a title over their environment, others are
 * started with an empty one.
 */

interface Unmarked {
  readonly command: string;
  /** As /proc shows it. */
  readonly words: string;
  readonly title: RegExp;
}

/** A program whose process bears no mark. */
function unmarked(): Unmarked {
  const words = sleeper();
  return { command: `/usr/bin/env -i ${words}`, words, title: new RegExp(`^${words}$`) };
}

/** Another main file in the home, with its own state folder and the same program. */
function stageOf(
  home: Home,
  { command, title }: Omit<Unmarked, "words">,
  name = "web",
  file = "stage.cfg",
): string {
  const path = home.file(file);
  const text = `[Main]
state_dir = ${path}.state
pidfile = ${path}.pid
[Program:${name}]
command = ${command}
proctitle_re = ${title.source}
pidfile = ${path}.${name}.pid
stdout = ${path}.${name}.log
success_seconds = 0.3
`;
  writeFileSync(path, text);
  return path;
}

function production(home: Home, { command, title }: Unmarked): Home {
  return home.program("web", { command, proctitle_re: title.source });
}

describe("two configuration files with a state folder each, and equal programs without a mark", () => {
  test("are two programs, and each says whose the other's process is", async (t) => {
    const home = new Home(t);
    const one = unmarked();
    endAfter(t, home, one.title);
    const stage = stageOf(home, one);
    production(home, one);
    await home.usrsvc("start", "web");
    const web = await home.running("web");
    const status = await home.usrsvc("-c", stage, "status");
    assert.equal(status.code, 1);
    const whose = `process ${web} (${one.words}) matches, but is web of ${home.config}`;
    assert.ok(status.out.includes(whose), status.out);
    const stop = await home.usrsvc("-c", stage, "stop", "web");
    assert.equal(stop.code, 0);
    assert.match(stop.out, /was not running/);
    assert.ok(stop.out.includes(whose), stop.out);
    assert.ok(isAlive(web));
    const start = await home.usrsvc("-c", stage, "start", "web");
    assert.match(start.out, /^web: started/);
    assert.ok(start.out.includes(whose), start.out);
    await waitFor("both", () => pids(home, one.title).length === 2);
    // And the other way round, where both run from now on.
    await home.usrsvc("stop", "web");
    const down = await home.usrsvc("status", "web");
    assert.ok(down.out.includes(`web of ${stage}`), down.out);
    assert.equal(pids(home, one.title).length, 1);
    await home.usrsvc("-c", stage, "restart", "web");
    await home.usrsvc("-c", stage, "stop", "web");
    assert.deepEqual(pids(home, one.title), []);
  });

  test("under two usrsvcds, killed together, while one is away, and while both are", async (t) => {
    const home = new Home(t);
    const one = unmarked();
    endAfter(t, home, one.title);
    const stage = stageOf(home, one);
    production(home, one);
    cleanUp(t, async () => await home.usrsvcd("-c", stage, "stop"));
    await home.usrsvcd();
    await home.usrsvcd("-c", stage);
    const stagePid = (): number => Number(home.read("stage.cfg.web.pid"));
    const bothRun = async (): Promise<readonly number[]> =>
      await waitFor("both, each with its own", () => {
        const both = [home.pid("web") ?? 0, stagePid()].toSorted((a, b) => a - b);
        const seen = pids(home, one.title);
        return both.every((pid) => pid > 0 && isAlive(pid)) && seen.join() === both.join() && seen;
      });
    await bothRun();
    await settled(home, "web");
    await kill(...(await bothRun()));
    await bothRun();
    await home.usrsvcd("-c", stage, "stop");
    await kill(stagePid());
    await kill(home.pid("web") ?? 0);
    await waitFor("production", () => pids(home, one.title).length === 1);
    await home.usrsvcd("stop");
    await home.usrsvcd("-c", stage);
    await waitFor("stage again", () => pids(home, one.title).length === 2);
    await home.usrsvcd();
    await bothRun();
    await home.usrsvc("stop", "web");
    assert.deepEqual(pids(home, one.title), [stagePid()]);
  });

  test("the third knows of both, and a file that was removed has nothing", async (t) => {
    const home = new Home(t);
    const one = unmarked();
    endAfter(t, home, one.title);
    const stage = stageOf(home, one);
    const third = stageOf(home, one, "shop", "third.cfg");
    production(home, one);
    await home.usrsvc("start", "web");
    await home.usrsvc("-c", stage, "start", "web");
    assert.equal((await home.usrsvc("-c", third, "status", "shop")).code, 1);
    rmSync(stage);
    const { out } = await home.usrsvc("-c", third, "start", "shop");
    assert.match(out, /^shop: already running/);
    assert.ok(isAlive(home.pid("web") ?? 0));
    await home.usrsvc("-c", third, "stop", "shop");
    assert.deepEqual(pids(home, one.title), [home.pid("web")]);
  });

  test("a pidfile that both name leads to one of them only", async (t) => {
    const home = new Home(t);
    const one = unmarked();
    endAfter(t, home, one.title);
    production(home, one);
    const stage = stageOf(home, one);
    writeFileSync(
      stage,
      `[Main]\nstate_dir = ${stage}.state\n[Program:web]\ncommand = ${one.command}\nproctitle_re = ${one.title.source}\npidfile = ${home.file("run/web.pid")}\nstdout = ${stage}.log\n`,
    );
    await home.usrsvc("start", "web");
    const web = await home.running("web");
    await home.usrsvc("-c", stage, "stop", "web");
    assert.ok(isAlive(web));
    assert.equal(home.pid("web"), web, "and stays where it is");
  });

  test("the state folder of one file is changed: what runs stays its own", async (t) => {
    const home = new Home(t);
    const one = unmarked();
    endAfter(t, home, one.title);
    production(home, one);
    await home.usrsvc("start", "web");
    const web = await home.running("web");
    writeFileSync(home.config, home.read("usrsvc.cfg").replace("/state\n", "/state2\n"));
    const { out } = await home.usrsvc("start", "web");
    assert.match(out, /^web: already running/);
    await home.usrsvc("stop", "web");
    assert.ok(!isAlive(web));
    home.write();
  });

  test("in a state folder that nobody announced, below a usrsvcd that lives", async (t) => {
    const home = new Home(t);
    const one = unmarked();
    endAfter(t, home, one.title);
    const stage = stageOf(home, one);
    production(home, one);
    cleanUp(t, async () => await home.usrsvcd("-c", stage, "stop"));
    await home.usrsvcd("-c", stage);
    await waitFor("stage", () => pids(home, one.title).length === 1);
    const links = ".local/state/usrsvc/states";
    assert.equal(readdirSync(home.file(links)).length, 1);
    rmSync(home.file(links), { recursive: true });
    const [pid] = pids(home, one.title);
    await home.usrsvc("stop", "web");
    assert.ok(isAlive(pid ?? 0));
    await home.usrsvc("start", "web");
    await waitFor("both", () => pids(home, one.title).length === 2);
  });
});

test(
  "redis in two state folders, with one expression: stop, start and a restart of usrsvcd",
  { skip: redis === undefined && "redis-server is not installed" },
  async (t) => {
    const home = new Home(t);
    const [one, two] = [await freePort(), await freePort()];
    // Without a mark, those of tests beside this one would fit as well: their ports do not.
    const title = new RegExp(`redis-server .*\\b(${one}|${two})\\b`);
    endAfter(t, home, title);
    const commandAt = (port: number): string =>
      `${redis} --port ${port} --save "" --dir ${home.path}`;
    home.program("web", { command: commandAt(one), proctitle_re: title.source });
    const stage = stageOf(home, { command: commandAt(two), title });
    await home.usrsvcd();
    const web = await home.running("web");
    await settled(home, "web");
    await waitFor("its title", () => pids(home, /^\S+redis-server [*\d.]+:\d+/).includes(web));
    await home.usrsvc("-c", stage, "start", "web");
    await waitFor("both", () => pids(home, title).length === 2);
    await home.usrsvc("-c", stage, "stop", "web");
    await home.usrsvcd("restart");
    await home.usrsvc("-c", stage, "stop", "web");
    assert.deepEqual(pids(home, title), [web]);
    assert.deepEqual(await up(home, "web"), [web]);
  },
);

describe("a child with an empty environment, in a session of its own, left to init", () => {
  /** A wrapper that makes one: nothing but its output tells whose it is. */
  function wrapper(home: Home, command: string, output = ""): string {
    return home.script(
      "wrap.sh",
      `#!/bin/sh\n(env -i setsid ${command} ${output} &)\nexec ${sleeper()}\n`,
    );
  }

  test("is its maker's, since it writes to his log, also once that was rotated or deleted", async (t) => {
    for (const spoil of ["", "mv log/a.log log/a.log.1", "rm log/a.log"]) {
      const home = new Home(t);
      const command = sleeper();
      const title = new RegExp(`^${command}$`);
      endAfter(t, home, title);
      home.program("a", { command: wrapper(home, command) }).program("b", { command });
      await home.usrsvc("start", "a");
      const child = await waitFor("its child", () => pids(home, title)[0]);
      const sh = spawn("/bin/sh", ["-c", spoil], { cwd: home.path });
      await waitFor("it", () => sh.exitCode !== null);
      const { out } = await home.usrsvc("start", "b");
      assert.match(out, /^b: started/, spoil);
      await home.usrsvc("stop", "b");
      assert.deepEqual(pids(home, title), [child], spoil);
      const stop = await home.usrsvc("stop", "a");
      assert.match(
        stop.out,
        new RegExp(`process ${child} \\(${command}\\) stems from it.*, and keeps running`),
      );
      assert.ok(isAlive(child));
    }
  });

  test("also by its standard error alone", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    const title = new RegExp(`^${command}$`);
    endAfter(t, home, title);
    home.program("a", { command: wrapper(home, command, ">/dev/null") }).program("b", { command });
    await home.usrsvc("start", "a");
    await waitFor("its child", () => pids(home, title)[0]);
    assert.match((await home.usrsvc("start", "b")).out, /^b: started/);
  });
});

describe("a process that somebody started by hand is taken up", () => {
  /** Starts it as `line` says, without any sign of usrsvc. */
  function byHand(t: TestContext, home: Home, line: string): void {
    const child = spawn("/bin/sh", ["-c", line], {
      cwd: home.path,
      env: home.env,
      stdio: ["ignore", "ignore", "ignore"],
      detached: true,
    });
    cleanUp(t, () => child.kill("SIGKILL"));
  }
  const ways: readonly (readonly [what: string, line: (command: string) => string])[] = [
    ["nohup, to a file of his own", (command) => `nohup ${command} > my.out &`],
    ["nohup, to nohup.out", (command) => `nohup ${command} >> nohup.out 2>&1 &`],
    ["setsid, to a file of his own", (command) => `setsid ${command} < /dev/null >> my.out &`],
    ["with an empty environment", (command) => `env -i setsid ${command} >> my.out </dev/null &`],
    ["to the log of the program, as 1.x did", (command) => `${command} >> log/web.log &`],
    ["through a pipe", (command) => `${command} | cat > my.out &`],
    ["to nowhere", (command) => `${command} > /dev/null 2>&1 &`],
  ];
  for (const [what, line] of ways) {
    test(what, async (t) => {
      const home = new Home(t);
      const command = sleeper();
      const title = new RegExp(`^${command}$`);
      endAfter(t, home, title);
      home.program("web", { command }).program("other", { command: sleeper() });
      await home.usrsvc("start", "other");
      byHand(t, home, line(command));
      const pid = await waitFor("it", () => pids(home, title)[0]);
      assert.match((await home.usrsvc("start", "web")).out, /^web: already running/);
      assert.equal(home.pid("web"), pid);
    });
  }

  test("also under a title of its own, where its own pidfile names it and it runs the file", async (t) => {
    const home = new Home(t);
    const pidfile = home.file("run/web.pid");
    const title = /^web-server: serving/;
    const command = home.script(
      "serve.pl",
      `#!/usr/bin/perl
$0 = "web-server: serving";
open(my $file, ">", "${pidfile}"); print $file "$$\\n"; close $file;
sleep 600;
`,
    );
    endAfter(t, home, title);
    home.program("web", { command, autopid: "no", pidfile });
    byHand(t, home, `${command} &`);
    const pid = await waitFor("it", () => home.pid("web"));
    assert.equal((await home.statusOf("web"))["pid"], pid);
    await home.usrsvcd();
    await up(home, "web");
    assert.deepEqual(pids(home, title), [pid], "it was not started twice");
    const { out } = await home.usrsvc("stop", "web");
    assert.match(out, new RegExp(`^web: stopped, pid ${pid}`));
    assert.deepEqual(pids(home, title), []);
  });

  test("also when its log was rotated meanwhile", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    home.program("web", { command });
    const fd = openSync(home.file("log/web.log.1"), "a");
    const [file = "", ...words] = command.split(" ");
    const child = spawn(file, words, { stdio: ["ignore", fd, fd], detached: true, env: home.env });
    cleanUp(t, () => child.kill("SIGKILL"));
    assert.match((await home.usrsvc("start", "web")).out, /^web: already running/);
  });
});

test("a state folder of one's own is announced once; the usual one is not", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvc("status");
  assert.ok(!existsSync(home.file(".local")), "status writes nothing");
  await home.usrsvc("start", "web");
  await home.usrsvc("stop", "web");
  assert.equal(readdirSync(home.file(".local/state/usrsvc/states")).length, 1);
  writeFileSync(home.config, home.read("usrsvc.cfg").replace(/^state_dir.*\n/m, ""));
  await home.usrsvc("start", "web");
  await home.usrsvc("stop", "web");
  assert.equal(readdirSync(home.file(".local/state/usrsvc/states")).length, 1);
  home.write();
});
