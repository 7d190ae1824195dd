import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Home, isAlive, waitFor } from "./home.ts";
import {
  daemonPid,
  endAfter,
  heeds,
  kill,
  pids,
  settled,
  stays,
  titledPid,
  told,
  up,
} from "./looks.ts";
import { statusField } from "../support/processes.ts";
import { answers, freePort, installed, nginx, nginxCommand, statusAt } from "./servers.ts";

/** Waits until a process has ended, asked for by this signal. */
async function ended(pid: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(pid, signal);
  await waitFor(`pid ${pid} to end`, () => !isAlive(pid));
}

/** Waits until usrsvcd has this process for the program. */
async function isProgram(home: Home, name: string, pid: number): Promise<void> {
  await waitFor(`${name} to be pid ${pid}`, async () => {
    const status = await home.statusOf(name);
    return status["pid"] === pid && status["state"] === "running";
  });
  await waitFor("its pidfile", () => home.pid(name) === pid);
}

describe("a program that executes itself anew", () => {
  /** On SIGUSR2 it starts a second one, which goes on when the first is told to leave. */
  function upgrading(home: Home, starts: string): string {
    return home.script(
      "server.sh",
      `#!/bin/sh
echo $$ >>${home.file("starts")}
trap '${starts}' USR2
trap 'exit 0' TERM
while :; do sleep 0.03; done
`,
    );
  }
  const starts = (home: Home): readonly number[] =>
    home.read("starts").split("\n").slice(0, -1).map(Number);

  const ways: readonly [what: string, starts: string, signal: NodeJS.Signals][] = [
    ["leaves with 0", '"$0" &', "SIGTERM"],
    ["is killed", '"$0" &', "SIGKILL"],
    ["leaves another in a session of its own", 'setsid "$0" &', "SIGTERM"],
  ];
  for (const [what, line, signal] of ways) {
    test(`is followed when the first ${what}`, async (t) => {
      const home = new Home(t).write();
      home.program("app", { command: upgrading(home, line) });
      await home.usrsvcd();
      const [first] = await up(home, "app");
      await settled(home, "app");
      await heeds(first, "SIGTERM"); // the last of its traps
      process.kill(first, "SIGUSR2");
      const second = await waitFor("the second", () => starts(home)[1]);
      await home.usrsvcd("reread");
      assert.equal((await home.statusOf("app"))["pid"], first, "until it ends, it is the first");
      await ended(first, signal);
      await isProgram(home, "app", second);
      const [exited] = told(home, "program.exited", "app");
      assert.deepEqual([exited?.pid, exited?.["successor"]], [first, second]);
      assert.deepEqual(starts(home), [first, second], "none was started besides");
      assert.equal((await home.statusOf("app"))["restarts"], 0);

      // It is the program in all respects: taken up, upgraded again, restarted and stopped.
      await home.usrsvcd("restart");
      await isProgram(home, "app", second);
      await heeds(second, "SIGTERM");
      process.kill(second, "SIGUSR2");
      const third = await waitFor("the third", () => starts(home)[2]);
      await ended(second, signal);
      await isProgram(home, "app", third);
      assert.equal((await home.usrsvc("restart", "app")).code, 0);
      assert.ok(!isAlive(third));
      await up(home, "app");
      assert.equal((await home.usrsvc("stop", "app")).code, 0);
      assert.ok(!starts(home).some(isAlive));
      assert.equal(starts(home).length, 4);
    });
  }

  test("is stopped with its second one while both live", async (t) => {
    const home = new Home(t);
    home.program("app", { command: upgrading(home, '"$0" &') });
    await home.usrsvcd();
    const [first] = await up(home, "app");
    await heeds(first, "SIGTERM");
    process.kill(first, "SIGUSR2");
    await waitFor("the second", () => starts(home)[1]);
    assert.equal((await home.usrsvc("stop", "app")).code, 0);
    await stays("none runs", () => !starts(home).some(isAlive), 300);
    assert.equal(starts(home).length, 2);
  });

  test("is started anew when its second one ends with it", async (t) => {
    const home = new Home(t);
    home.program("app", { command: upgrading(home, '"$0" &') });
    await home.usrsvcd();
    const [first] = await up(home, "app");
    await settled(home, "app");
    await heeds(first, "SIGTERM");
    process.kill(first, "SIGUSR2");
    const second = await waitFor("the second", () => starts(home)[1]);
    await kill(first, second);
    await waitFor("a third", () => starts(home)[2]);
    await settled(home, "app", 2);
    const [third] = await up(home, "app");
    assert.deepEqual(starts(home), [first, second, third]);
  });
});

const gunicorn = installed("/usr/bin/gunicorn");
const hasGunicorn =
  gunicorn !== undefined &&
  spawnSync("/usr/bin/python3", ["-c", "import gunicorn, setproctitle"]).status === 0;

describe(
  "gunicorn",
  { skip: !hasGunicorn && "gunicorn with setproctitle is not installed" },
  () => {
    const APP = `import os, time
def application(environ, respond):
    if environ["PATH_INFO"] == "/slow":
        open(os.environ["SLOW"], "w").close()
        time.sleep(1.5)
    respond("200 OK", [])
    return [b"ok\\n"]
`;

    function writeApp(home: Home): void {
      mkdirSync(home.file("app"));
      writeFileSync(home.file("app/shop.py"), APP);
    }

    /** Started by usrsvcd, and told to upgrade: its master, and the new one beside it. */
    async function upgraded(
      home: Home,
      port: number,
      master: RegExp,
    ): Promise<{ readonly old: number; readonly fresh: number }> {
      await home.usrsvcd();
      await waitFor("it to answer", async () => await answers(port));
      await settled(home, "shop");
      const old = await titledPid(home, master);
      const { pid } = await home.statusOf("shop");
      assert.equal(pid, old, `status differs from ps; the log: ${home.read("state/usrsvcd.log")}`);
      process.kill(old, "SIGUSR2");
      const fresh = await waitFor("the new master", () =>
        pids(home, master).find((pid) => pid !== old),
      );
      return { old, fresh };
    }

    async function shop(home: Home, name: string): Promise<number> {
      const port = await freePort();
      writeApp(home);
      home.program(
        "shop",
        {
          command: `${gunicorn} --name ${name} --workers 1 --bind 127.0.0.1:${port} shop:application`,
          proctitle_re: `gunicorn: master \\[${name}\\]|/gunicorn --name ${name}`,
          directory: home.file("app"),
          success_seconds: "0.5",
        },
        `[[Env]]\nSLOW = ${home.file("slow")}\n`,
      );
      return port;
    }

    /** One that goes to the background, is called shop3, and has a pidfile of its own. */
    async function background(home: Home, successSeconds: string): Promise<number> {
      const port = await freePort();
      writeApp(home);
      const pidfile = home.file("run/shop.pid");
      home.program(
        "shop",
        {
          command: `${gunicorn} --daemon --pid ${pidfile} --name shop3 --workers 1 --bind 127.0.0.1:${port} shop:application`,
          autopid: "False",
          pidfile,
          directory: home.file("app"),
          success_seconds: successSeconds,
        },
        `[[Env]]\nSLOW = ${home.file("slow")}\n`,
      );
      return port;
    }

    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      test(`upgraded by USR2 while usrsvcd is dead, the old one ended by ${signal}: known by its title`, async (t) => {
        const home = new Home(t);
        const port = await freePort();
        writeApp(home);
        home.program(
          "shop",
          {
            command: `${gunicorn} --name shop4 --workers 1 --bind 127.0.0.1:${port} shop:application`,
            directory: home.file("app"),
            success_seconds: "1.5", // by then it has its title
          },
          `[[Env]]\nSLOW = ${home.file("slow")}\n`,
        );
        const MASTER = /^gunicorn: master \[shop4/;
        endAfter(t, home, /gunicorn/);
        await home.usrsvcd();
        await waitFor("it to answer", async () => await answers(port));
        await settled(home, "shop");
        const old = await titledPid(home, MASTER);
        await kill(await daemonPid(home));
        process.kill(old, "SIGUSR2");
        const fresh = await waitFor("the new master", () =>
          pids(home, MASTER).find((pid) => pid !== old),
        );
        await waitFor("its worker", () => pids(home, /^gunicorn: worker \[shop4/).length === 2);
        await ended(old, signal);
        // Its title comes within a second; whoever starts it before waits for that.
        if (signal === "SIGTERM") {
          assert.match((await home.usrsvc("start", "shop")).out, /already running/);
          const status = await home.statusOf("shop");
          assert.deepEqual([status["state"], status["pid"]], ["running", fresh]);
        }
        await home.usrsvcd();
        await isProgram(home, "shop", fresh);
        assert.deepEqual(pids(home, MASTER), [fresh]);
      });
    }

    test("upgraded by USR2: the new master is the program, and no request is cut", async (t) => {
      const home = new Home(t);
      const port = await shop(home, "shop1");
      const MASTER = /^gunicorn: master \[shop1/;
      endAfter(t, home, /gunicorn/);
      const { old, fresh } = await upgraded(home, port, MASTER);
      await waitFor("its worker", () => pids(home, /^gunicorn: worker \[shop1/).length === 2);
      const worker = pids(home, /^gunicorn: worker \[shop1/).find(
        (pid) => Number(statusField(pid, "PPid")) === old,
      );
      await ended(old, "SIGTERM");
      await waitFor("the old worker to end", () => !isAlive(worker ?? 0));
      const slow = statusAt(port, "/slow");
      await waitFor("the request to be served", () => existsSync(home.file("slow")));
      await isProgram(home, "shop", fresh);
      assert.equal(await slow, 200, "it was not cut");
      assert.deepEqual(pids(home, MASTER), [fresh]);
      assert.equal((await home.statusOf("shop"))["restarts"], 0);
      assert.equal((await home.usrsvc("stop", "shop")).code, 0);
      assert.deepEqual(pids(home, /gunicorn/), []);
    });

    test("in the background, with its own pidfile and no proctitle_re: the new master goes on", async (t) => {
      const home = new Home(t);
      const port = await background(home, "1");
      const MASTER = /^gunicorn: master \[shop3/;
      endAfter(t, home, /gunicorn/);
      const { old, fresh } = await upgraded(home, port, MASTER);
      await ended(old, "SIGTERM");
      await isProgram(home, "shop", fresh);
      assert.deepEqual(pids(home, MASTER), [fresh]);
      assert.equal((await home.usrsvc("stop", "shop")).code, 0);
      assert.deepEqual(pids(home, /gunicorn/), []);
    });

    test("told to leave before the new master has its title: that is waited for", async (t) => {
      const home = new Home(t);
      const port = await shop(home, "shop2");
      endAfter(t, home, /gunicorn/);
      await home.usrsvcd();
      await waitFor("it to answer", async () => await answers(port));
      await settled(home, "shop");
      const old = await titledPid(home, /^gunicorn: master \[shop2\]/);
      process.kill(old, "SIGUSR2");
      const fresh = await waitFor("the new one", () =>
        pids(home, /gunicorn.*--name shop2/).find((pid) => pid !== old),
      );
      await ended(old, "SIGTERM");
      await isProgram(home, "shop", fresh);
      await waitFor("it to answer", async () => (await statusAt(port)) === 200);
      assert.deepEqual(pids(home, /^gunicorn: master/), [fresh]);
    });

    test("in the background: the new master is waited for until it has the pidfile", async (t) => {
      const home = new Home(t);
      const port = await background(home, "0.5");
      const MASTER = /^gunicorn: master \[shop3/;
      endAfter(t, home, /gunicorn/);
      const { old, fresh } = await upgraded(home, port, MASTER);
      await ended(old, "SIGTERM");
      await isProgram(home, "shop", fresh);
      await settled(home, "shop", 2);
      assert.deepEqual(pids(home, MASTER), [fresh]);

      await kill(fresh);
      await settled(home, "shop", 3);
      const third = await titledPid(home, MASTER);
      await isProgram(home, "shop", third);

      await home.usrsvcd("stop"); // and while nobody looks
      process.kill(third, "SIGUSR2");
      const fourth = await waitFor("the next master", () =>
        pids(home, MASTER).find((pid) => pid !== third),
      );
      await waitFor("its worker", () => pids(home, /^gunicorn: worker \[shop3/).length > 1);
      await ended(third, "SIGTERM");
      await waitFor("its pidfile", () => home.pid("shop") === fourth);
      await home.usrsvcd();
      await settled(home, "shop", 4);
      await isProgram(home, "shop", fourth);
      assert.deepEqual(pids(home, MASTER), [fourth]);
      assert.equal((await home.usrsvc("stop", "shop")).code, 0);
      assert.deepEqual(pids(home, /gunicorn/), []);
    });
  },
);

test(
  "nginx upgraded by USR2 and QUIT, and killed hard later: its workers do not keep the port",
  { skip: nginx === undefined && "nginx is not installed" },
  async (t) => {
    const home = new Home(t);
    const port = await freePort();
    home.program("nginx", {
      command: nginxCommand(home, String(nginx), port),
      autopid: "False",
      proctitle_re: `nginx: master process .*${home.file("nginx.conf")}`,
      success_seconds: "0.5",
    });
    const MASTER = /^nginx: master/;
    endAfter(t, home, /^nginx: /);
    await home.usrsvcd();
    const [old] = await up(home, "nginx");
    await settled(home, "nginx");
    process.kill(old, "SIGUSR2");
    const fresh = await waitFor("the new master", () =>
      pids(home, MASTER).find((pid) => pid !== old),
    );
    await waitFor("its pidfile", () => home.pid("nginx") === fresh);
    await home.usrsvcd("reread");
    const both = await home.statusOf("nginx");
    assert.equal(both["pid"], old, "until it ends, it is the first");
    assert.equal(both["problems"], undefined, "what its pidfile names stems from it");
    await ended(old, "SIGQUIT");
    await isProgram(home, "nginx", fresh);
    assert.equal((await home.statusOf("nginx"))["differences"], undefined, "usrsvc started it");
    assert.equal(await statusAt(port), 200);
    assert.deepEqual(pids(home, MASTER), [fresh]);

    await kill(fresh);
    const third = await waitFor("another master", () =>
      pids(home, MASTER).find((pid) => pid !== fresh),
    );
    await isProgram(home, "nginx", third);
    assert.equal(await statusAt(port), 200);
    await waitFor("none of the dead one", () => pids(home, /^nginx: worker/).length === 2);
    assert.equal((await home.usrsvc("stop", "nginx")).code, 0);
    assert.deepEqual(pids(home, /nginx/), []);
    assert.ok(!(await answers(port)));
  },
);
