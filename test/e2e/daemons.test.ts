import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { finished, Home, isAlive, sleeper, waitFor } from "./home.ts";
import { endAfter, kill, onlyPid, pids, settled, stays, titledPid, told, up } from "./looks.ts";
import { answers, freePort, installed, nginx, nginxCommand, redis, statusAt } from "./servers.ts";

/**
 * A classic daemon: its first process leaves with 0, and what goes on in a session of its own writes the
 * pidfile and takes another title. `after`: seconds until it forks.
 */
function classicDaemon(home: Home, title: string, pidfile: string, after = 0): string {
  const work = home.script(
    `${title}-work.sh`,
    `#!/bin/bash\necho $$ >${pidfile}.new && mv ${pidfile}.new ${pidfile}\nexec -a ${title} ${sleeper()}\n`,
  );
  return home.script(
    `${title}.sh`,
    `#!/bin/sh\nsleep ${after}\nsetsid ${work} </dev/null >/dev/null 2>&1 &\nexit 0\n`,
  );
}

describe("a daemon that writes its own pidfile (autopid = False), with a title of its own", () => {
  test("is started once, taken up, started again after a death, and stopped", async (t) => {
    const home = new Home(t);
    const pidfile = home.file("run/app.pid");
    const command = classicDaemon(home, "mydaemon", pidfile, 0.2);
    home.program("app", { command, autopid: "False", pidfile, success_seconds: "0.8" });
    const start = await home.usrsvc("start", "app");
    assert.equal(start.code, 0, start.err);
    const first = await titledPid(home, /^mydaemon/);
    assert.equal(home.pid("app"), first);
    await home.usrsvcd();
    await settled(home, "app");
    assert.equal((await home.statusOf("app"))["pid"], first);
    await kill(first);
    const second = await waitFor("another", () => pids(home, /^mydaemon/)[0]);
    await settled(home, "app", 2);
    const [pid] = await up(home, "app");
    assert.deepEqual([pid, home.pid("app")], [second, second]);
    const restart = await home.usrsvc("restart", "app");
    assert.equal(restart.code, 0, restart.err);
    assert.notEqual(await titledPid(home, /^mydaemon/), second);
    assert.equal((await home.usrsvc("stop", "app")).code, 0);
    assert.deepEqual(pids(home, /^mydaemon/), []);
  });

  test("is not what its old pidfile names, born before the launch", async (t) => {
    const home = new Home(t);
    const pidfile = home.file("run/app.pid");
    const [file = "", ...words] = sleeper().split(" ");
    const stranger = spawn(file, words, { stdio: "ignore", env: home.env });
    cleanUp(t, () => stranger.kill("SIGKILL"));
    writeFileSync(pidfile, `${stranger.pid}\n`);
    // It takes its time, and the second one never writes any.
    const command = classicDaemon(home, "mydaemon", pidfile, 0.2);
    const idle = home.script("idle.sh", `#!/bin/sh\nsetsid -f ${sleeper()}\n`);
    home.program("app", { command, autopid: "False", pidfile, success_seconds: "0.8" });
    assert.equal((await home.usrsvc("start", "app")).code, 0);
    const pid = await titledPid(home, /^mydaemon/);
    assert.equal((await home.statusOf("app"))["pid"], pid);
    assert.equal((await home.usrsvc("stop", "app")).code, 0);
    assert.deepEqual(pids(home, /^mydaemon/), []);

    writeFileSync(pidfile, `${stranger.pid}\n`);
    home.program("app", { command: idle, autopid: "False", pidfile });
    assert.equal((await home.usrsvc("start", "app")).code, 134);
    assert.equal((await home.statusOf("app"))["state"], "stopped");
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [stranger.pid]);
  });
});

describe("a script that puts its program into the background", () => {
  test("succeeds where that matches, and the pidfile names it", async (t) => {
    const home = new Home(t);
    const server = sleeper();
    const command = home.script("run.sh", `#!/bin/sh\n${server} &\n`);
    home.program("app", { command, proctitle_re: `^${server}$` });
    await home.usrsvcd();
    const [pid] = await up(home, "app");
    await settled(home, "app");
    assert.equal(pid, onlyPid(home, new RegExp(`^${server}$`)));
    assert.equal(home.pid("app"), pid);
    await kill(pid);
    await settled(home, "app", 2);
    assert.equal(pids(home, new RegExp(`^${server}$`)).length, 1);
    assert.equal((await home.usrsvc("stop", "app")).code, 0);
    assert.deepEqual(pids(home, new RegExp(`^${server}$`)), []);
  });

  // In each of these ways something goes on that the command does not match.
  const ways: readonly [what: string, line: (server: string) => string][] = [
    ["in its session", (server) => `${server} &`],
    ["in a session of its own", (server) => `setsid -f ${server}`],
    ["behind a wrapper of its own", (server) => `setsid -f sh -c '${server}; :'`],
    ["with an environment of its own", (server) => `env -i ${server} &`],
  ];

  test("fails where nothing matches: what goes on is named and ended", async (t) => {
    const home = new Home(t);
    const scenes = ways.map(([what, line], n) => {
      const server = sleeper();
      const command = home.script(`run${n}.sh`, `#!/bin/sh\n${line(server)}\nsleep 0.15\nexit 0\n`);
      home.program(`app${n}`, { command, success_seconds: "2" });
      return { what, server, name: `app${n}` };
    });
    const { code, err } = await home.usrsvc("start", "-P", "all");
    assert.equal(code, 134);
    for (const { what, server, name } of scenes) {
      const told = err.slice(err.indexOf(`${name}: `)).split(/\n(?! )/)[0] ?? "";
      assert.match(told, /exited with code 0 within success_seconds \(2\)/, what);
      assert.match(
        told,
        new RegExp(`left running, and usrsvc ended, process \\d+: .*${server}`),
        what,
      );
      assert.match(told, /proctitle_re = \^/, what);
      assert.deepEqual(pids(home, new RegExp(server)), [], what);
    }
    const all = await home.status();
    assert.ok(all.every(({ state }) => state === "stopped"));
  });

  test("never piles up, however often usrsvcd tries", async (t) => {
    const home = new Home(t);
    const server = sleeper();
    const starts = home.file("starts");
    const command = home.script("run.sh", `#!/bin/sh\necho >>${starts}\nsetsid -f ${server}\n`);
    home.program("app", { command, maxrestarts: "3", success_seconds: "0.2" });
    await home.usrsvcd();
    let most = 0;
    await waitFor("it to give up", () => {
      most = Math.max(most, pids(home, new RegExp(`^${server}$`)).length);
      return told(home, "program.gave-up").length > 0;
    });
    assert.equal(home.read("starts").length, 3);
    assert.ok(most <= 1, `${most} ran at once`);
    assert.deepEqual(pids(home, new RegExp(`^${server}$`)), []);
  });
});

describe("a daemon that forks late in its start window", () => {
  /** Starts it, and waits until its first process runs. */
  async function inWindow(home: Home): Promise<void> {
    const pidfile = home.file("run/app.pid");
    const command = classicDaemon(home, "mydaemon", pidfile, 0.4);
    home.program("app", { command, autopid: "False", pidfile, success_seconds: "2" });
  }

  for (const who of ["usrsvc", "usrsvcd"] as const) {
    test(`can be stopped there, before it forks and after, when ${who} has started it`, async (t) => {
      const home = new Home(t);
      await inWindow(home);
      const begin = async (): Promise<void> => {
        if (who === "usrsvcd") await home.usrsvcd();
        else void finished(home.spawn("usrsvc.cjs", ["start", "app"]));
        await waitFor("its first process", () => pids(home, /mydaemon\.sh$/).length > 0);
      };
      await begin();
      const { code, out } = await home.usrsvc("stop", "app");
      assert.equal(code, 0, out);
      await stays("nothing of it runs", () => pids(home, /mydaemon/).length === 0, 700);

      void finished(home.spawn("usrsvc.cjs", ["start", "app"]));
      await waitFor("the daemon", () => pids(home, /^mydaemon/).length > 0);
      assert.equal((await home.usrsvc("stop", "app")).code, 0);
      await stays("nothing of it runs", () => pids(home, /mydaemon/).length === 0, 300);
      assert.equal((await home.statusOf("app"))["state"], "stopped");
    });

    test(`is one when ${who} is killed there, after its first process has left`, async (t) => {
      const home = new Home(t);
      const pidfile = home.file("run/app.pid");
      const late = home.script(
        "late.sh",
        `#!/bin/sh\nsleep 0.7\necho $$ >${pidfile}\nsleep 1000; :\n`,
      );
      const text = `#!/bin/sh\nsetsid ${late} >/dev/null 2>&1 &\nexit 0\n`;
      const command = home.script("first.sh", text);
      home.program("app", { command, autopid: "False", pidfile, success_seconds: "2" });
      const begin = who === "usrsvc" ? "usrsvc.cjs" : "usrsvcd.cjs";
      const words = who === "usrsvc" ? ["start", "app"] : ["start", "-f"];
      const starter = home.spawn(begin, words);
      await waitFor("what goes on", () => pids(home, /late\.sh$/).length > 0);
      await waitFor("its first process to leave", () => pids(home, /first\.sh$/).length === 0);
      const [daemon] = pids(home, /late\.sh$/); // a fork of it may have its words for a moment
      starter.kill("SIGKILL");
      await home.usrsvcd();
      assert.deepEqual(await up(home, "app"), [daemon]);
      await waitFor("one, and no more", () => pids(home, /(late|first)\.sh$/).length === 1);
    });

    test(`is one when it is restarted there, and ${who} has started it`, async (t) => {
      const home = new Home(t);
      await inWindow(home);
      if (who === "usrsvcd") await home.usrsvcd();
      else void finished(home.spawn("usrsvc.cjs", ["start", "app"]));
      await waitFor("its first process", () => pids(home, /mydaemon\.sh$/).length > 0);
      const { code, err } = await home.usrsvc("restart", "app");
      assert.equal(code, 0, err);
      const pid = await titledPid(home, /^mydaemon/);
      assert.equal((await home.statusOf("app"))["pid"], pid);
      assert.deepEqual(pids(home, /mydaemon/), [pid]);
    });
  }
});

describe("workers of a dead master", () => {
  /** Workers that are copies of their master, as those of nginx and gunicorn are. */
  const workers = "for n in 1 2 3; do (sleep 1000; :) & done\n";
  /** Waits for the master and its workers: what they fork is their copy until it has executed a sleep. */
  const four = async (home: Home): Promise<readonly number[]> =>
    await waitFor("a master and its workers", () => {
      const all = pids(home, /master\.sh$/);
      return all.length === 4 && all;
    });

  test("are not the program: it has failed when the master exits with 1 in its window", async (t) => {
    const home = new Home(t);
    const command = home.script("master.sh", `#!/bin/sh\n${workers}sleep 0.1\nexit 1\n`);
    home.program("app", { command, success_seconds: "2", maxrestarts: "2" });
    const { code, err } = await home.usrsvc("start", "app");
    assert.equal(code, 134, err);
    assert.match(err, /exited with code 1 within/);
    assert.deepEqual(pids(home, /master\.sh/), []);
    await home.usrsvcd();
    await waitFor("it to give up", () => told(home, "program.gave-up").length > 0);
    assert.deepEqual(told(home, "program.started"), []);
    assert.deepEqual(pids(home, /master\.sh/), []);
  });

  test("are ended before the next start when it is killed", async (t) => {
    const home = new Home(t);
    const masters = home.file("masters");
    const command = home.script(
      "master.sh",
      `#!/bin/sh\necho $$ >>${masters}\n${workers}sleep 1000; :\n`,
    );
    home.program("app", { command });
    await home.usrsvcd();
    const [first] = await up(home, "app");
    await settled(home, "app");
    const before = await four(home);
    await kill(first);
    const second = await home.running("app", first);
    await settled(home, "app", 2);
    assert.ok(!before.includes(second));
    assert.ok(!before.some(isAlive), "no worker of the dead one");
    await four(home);
    assert.deepEqual(home.read("masters").trim().split("\n").map(Number), [first, second]);
  });

  test("are ended before a pause too: none is taken for the program in it", async (t) => {
    const home = new Home(t);
    const command = home.script("master.sh", `#!/bin/sh\n${workers}sleep 1000; :\n`);
    home.program("app", { command });
    await home.usrsvcd();
    let [master] = await up(home, "app");
    for (const times of [1, 2, 3]) {
      await settled(home, "app", times);
      await kill(master);
      if (times < 3) master = await home.running("app", master);
    }
    await waitFor("the pause", () => told(home, "program.backoff", "app").length > 0);
    await waitFor("the end of the workers", () => pids(home, /master\.sh$/).length === 0);
    await stays("no worker is the program", () => home.pid("app") === undefined, 300);
    await settled(home, "app", 4);
    await four(home);
    assert.deepEqual(told(home, "program.adopted"), []);
  });
});

for (const options of ["-w", "", "--fork"]) {
  const command = ["setsid", options, sleeper()].filter((word) => word !== "").join(" ");
  test(`${command.split(" /")[0]}: what it executes is the program, in whatever session`, async (t) => {
    const home = new Home(t);
    const work = new RegExp(`^${command.slice(command.indexOf("/")).replaceAll(".", "[.]")}$`);
    home.program("app", { command });
    await home.usrsvcd();
    await settled(home, "app");
    const pid = await titledPid(home, work);
    assert.deepEqual(await up(home, "app"), [pid]);
    for (const waiting of pids(home, /^setsid/)) await kill(waiting);
    await stays("it goes on", () => isAlive(pid), 500);
    assert.deepEqual(await up(home, "app"), [pid]);
    await kill(pid);
    const next = await waitFor("the next one", () => pids(home, work)[0]);
    await settled(home, "app", options === "-w" ? 3 : 2);
    assert.deepEqual(await up(home, "app"), [next]);
    assert.equal((await home.usrsvc("stop", "app")).code, 0);
    assert.deepEqual(pids(home, work), []);
  });
}

test("what begins in another folder during a start, with the same relative command, is another", async (t) => {
  const home = new Home(t);
  mkdirSync(home.file("a"));
  mkdirSync(home.file("b"));
  home.script("a/run.sh", "#!/bin/sh\n: >../begun\nsleep 0.3\nexit 0\n");
  home.script("b/run.sh", `#!/bin/sh\n${sleeper()}\n:\n`);
  home.program("a", { command: "./run.sh", directory: home.file("a"), success_seconds: "1" });
  const start = finished(home.spawn("usrsvc.cjs", ["start", "a"]));
  await waitFor("it to begin", () => existsSync(home.file("begun")));
  const other = spawn("./run.sh", { cwd: home.file("b"), stdio: "ignore" });
  cleanUp(t, () => other.kill("SIGKILL"));
  const { code, out, err } = await start;
  assert.equal(code, 134, out + err);
  assert.match(err, /exited with code 0 within success_seconds/);
  await home.usrsvc("stop", "a");
  assert.ok(isAlive(Number(other.pid)));
});

test("a wrapper that starts its child anew, in a session of its own, is stopped with it", async (t) => {
  const home = new Home(t);
  const child = sleeper();
  const command = home.script("wrap.sh", `#!/bin/sh\nwhile :; do setsid -w ${child}; done\n`);
  home.program("app", { command, proctitle_re: `^${child}$` });
  assert.equal((await home.usrsvc("start", "app")).code, 0);
  const first = onlyPid(home, new RegExp(`^${child}$`));
  assert.equal((await home.statusOf("app"))["pid"], first);
  assert.equal((await home.usrsvc("restart", "app")).code, 0);
  const second = onlyPid(home, new RegExp(`^${child}$`));
  assert.notEqual(second, first);
  assert.equal(pids(home, /wrap\.sh$/).length, 1);
  assert.equal((await home.usrsvc("stop", "app")).code, 0);
  await stays(
    "nothing comes back",
    () => pids(home, new RegExp(`wrap\\.sh|${child}`)).length === 0,
    400,
  );
});

test(
  "nginx in the background, known by its pidfile alone, is one nginx whatever dies",
  { skip: nginx === undefined && "nginx is not installed" },
  async (t) => {
    const home = new Home(t);
    const port = await freePort();
    home.program("nginx", {
      command: nginxCommand(home, String(nginx), port),
      autopid: "False",
      success_seconds: "0.5",
    });
    endAfter(t, home, /^nginx: /);
    const start = await home.usrsvc("start", "nginx");
    assert.equal(start.code, 0, start.err);
    const first = await titledPid(home, /^nginx: master/);
    assert.equal((await home.statusOf("nginx"))["pid"], first);
    await home.usrsvcd();
    await settled(home, "nginx");
    await kill(first); // its workers keep the port
    await settled(home, "nginx", 2);

    const [second] = await up(home, "nginx");
    assert.equal(await titledPid(home, /^nginx: master/), second);
    assert.equal(await statusAt(port), 200);
    const again = await home.usrsvc("start", "nginx");
    assert.match(again.out, /already running/);
    assert.equal((await home.usrsvc("stop", "nginx")).code, 0);
    assert.deepEqual(pids(home, /nginx/), []);
    assert.ok(!(await answers(port)));
  },
);

describe("redis-server --daemonize yes", { skip: redis === undefined && "no redis-server" }, () => {
  const commandOf = (home: Home, port: number, pidfile: string): string =>
    `${redis} --daemonize yes --port ${port} --bind 127.0.0.1 --save "" --dir ${home.path} --pidfile ${pidfile}`;

  test("is the program by the pidfile that it writes itself", async (t) => {
    const home = new Home(t);
    const port = await freePort();
    const pidfile = home.file("run/redis.pid");
    const command = commandOf(home, port, pidfile);
    home.program("redis", { command, autopid: "False", pidfile, success_seconds: "0.8" });
    endAfter(t, home, /redis-server/);
    const start = await home.usrsvc("start", "redis");
    assert.equal(start.code, 0, start.err);
    const first = await titledPid(home, /redis-server/);
    assert.equal((await home.statusOf("redis"))["pid"], first);
    await home.usrsvcd();
    await settled(home, "redis");
    assert.deepEqual(pids(home, /redis-server/), [first]);
    await kill(first);
    await settled(home, "redis", 2);
    const second = await titledPid(home, /redis-server/);
    assert.equal((await home.statusOf("redis"))["pid"], second);
    assert.equal((await home.usrsvc("stop", "redis")).code, 0);
    assert.deepEqual(pids(home, /redis-server/), []);
  });
});

const perl = installed("/usr/bin/perl", "/usr/local/bin/perl");

describe(
  "a daemon that writes its title over its environment, in a session of its own",
  { skip: perl === undefined && "perl is not installed" },
  () => {
    /** Long enough in its first process to be seen there, whatever else the machine has to do. */
    const commandOf = (home: Home, first = "select undef, undef, undef, 0.3"): string =>
      home.script(
        "daemon.pl",
        `#!${perl}
use POSIX ();
${first};
exit 0 if fork;
POSIX::setsid();
$0 = "mytitle: ready";
sleep 1000;
`,
      );
    const TITLE = /^mytitle: ready/;

    test("is the program, as what was forked from its command, with a hint", async (t) => {
      const home = new Home(t).write();
      home.program("app", { command: commandOf(home), success_seconds: "2" });
      endAfter(t, home, TITLE);
      const { code, out, err } = await home.usrsvc("start", "app");
      assert.equal(code, 0, err);
      assert.match(out, /its command line is now "mytitle: ready.*set proctitle_re/);
      const pid = await titledPid(home, TITLE);
      assert.equal(home.pid("app"), pid);
      await home.usrsvcd();
      await settled(home, "app");
      await kill(pid);
      await settled(home, "app", 2);
      const [second] = await up(home, "app");
      assert.equal(await titledPid(home, TITLE), second);
      assert.equal((await home.usrsvc("stop", "app")).code, 0);
      assert.deepEqual(pids(home, TITLE), []);
    });

    test("is named and ended where proctitle_re does not match it", async (t) => {
      const home = new Home(t);
      home.program("app", {
        command: commandOf(home),
        proctitle_re: "^another title",
        success_seconds: "2",
        maxrestarts: "2",
      });
      endAfter(t, home, TITLE);
      const { code, err } = await home.usrsvc("start", "app");
      assert.equal(code, 134);
      assert.match(err, /left running, and usrsvc ended, process \d+: mytitle: ready/);
      assert.match(
        err,
        /pidfile to that and autopid = False; or set proctitle_re = \^mytitle: ready/,
      );
      assert.deepEqual(pids(home, TITLE), []);
      await home.usrsvcd();
      await waitFor("it to give up", () => told(home, "program.gave-up").length > 0);
      assert.deepEqual(pids(home, TITLE), []);
    });

    test("is ended by a stop, although who started it was killed before it was known", async (t) => {
      const home = new Home(t);
      const settings = { proctitle_re: "^another title", success_seconds: "5" };
      const go = home.file("go");
      const first = `until (-e "${go}") { select undef, undef, undef, 0.02 }`;
      home.program("app", { command: commandOf(home, first), ...settings });
      endAfter(t, home, TITLE);
      const starter = home.spawn("usrsvc.cjs", ["start", "app"]);
      // What is forked from it is known by this, and by nothing else.
      await waitFor("its image", () => home.read("state/programs/app.json").includes('"image"'));
      writeFileSync(go, "");
      await waitFor("its title", () => pids(home, TITLE).length > 0);
      starter.kill("SIGKILL");
      const { code, out } = await home.usrsvc("stop", "app");
      assert.equal(code, 0);
      assert.match(out, /1 left-over process ended/);
      assert.deepEqual(pids(home, TITLE), []);
    });
  },
);

test(
  "three redis in the background that are started at once, beside others, are one each",
  { skip: redis === undefined && "redis-server is not installed" },
  async (t) => {
    const home = new Home(t);
    const names = ["a", "b", "c"];
    for (const name of names) {
      const folder = home.file(name);
      mkdirSync(folder);
      const words = `--daemonize yes --port 0 --unixsocket ${folder}/s --save "" --dir ${folder}`;
      home.program(name, { command: `${redis} ${words}`, success_seconds: "1" });
    }
    for (const name of ["d", "e", "f", "g", "h"]) home.program(name, { command: sleeper() });
    endAfter(t, home, /redis-server /);
    await home.usrsvcd();
    for (const name of names) await settled(home, name);
    assert.deepEqual(told(home, "program.start-failed"), []);
    for (const name of names) {
      const { pid } = await home.statusOf(name);
      assert.deepEqual(pids(home, new RegExp(`redis-server .*/${name}/s`)), [pid]);
    }
    assert.equal((await home.usrsvc("stop", "-P", ...names)).code, 0);
    assert.deepEqual(pids(home, /redis-server /), []);
  },
);
