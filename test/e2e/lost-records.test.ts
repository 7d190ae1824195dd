import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, test } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import {
  daemonPid,
  endAfter,
  kill,
  parentOf,
  pids,
  settled,
  titledPid,
  told,
  up,
  whileStopped,
} from "./looks.ts";

import { nginx, redis } from "./servers.ts";

/*
 * Records and pidfiles that somebody has deleted or spoilt, with what they told of running programs: what was
 * launched says itself whose it is, and nothing is started twice, or ended for another.
 */

/** All that tells of the programs, but what is noted at their locks. */
function forget(home: Home, ...more: readonly string[]): void {
  for (const folder of ["state/programs", ...more]) rmSync(home.file(folder), { recursive: true });
}

/** It runs, as `usrsvc` and a new usrsvcd have it, and is the same process in the end. */
async function isStill(home: Home, name: string, pid: number): Promise<void> {
  const status = await home.statusOf(name);
  assert.deepEqual([status["state"], status["pid"]], ["running", pid]);
  assert.match((await home.usrsvc("start", name)).out, /already running/);
  forget(home);
  await home.usrsvcd();
  await settled(home, name, 1);
  assert.deepEqual(await up(home, name), [pid]);
  assert.equal(told(home, "program.starting", name).length, 0);
  assert.match((await home.usrsvc("stop", name)).out, /: stopped, pid /);
  await waitFor("it to end", () => !isAlive(pid));
}

describe("a program whose record is lost", () => {
  test("is known by its mark where it has become another by its words", async (t) => {
    const home = new Home(t).write();
    home.program("web", { command: `nice -n 3 ${sleeper()}` });
    await home.usrsvc("start", "web");
    const pid = await home.running("web");
    forget(home, "run");
    await isStill(home, "web", pid);
  });

  test("is known by its mark also where nothing is left of the state folder", async (t) => {
    const home = new Home(t).write();
    home.program("web", { command: `nice -n 3 ${sleeper()}` });
    await home.usrsvc("start", "web");
    const pid = await home.running("web");
    forget(home, "run", "state");
    assert.equal((await home.statusOf("web"))["pid"], pid);
    const { out } = await home.usrsvc("start", "web");
    assert.match(out, new RegExp(`already running, pid ${pid} \\(known by its mark\\)`));
    assert.match((await home.usrsvc("stop", "web")).out, /: stopped, pid /);
    assert.equal(isAlive(pid), false);
  });

  test("is known by its mark to who calls its home by another name", async (t) => {
    const home = new Home(t).write();
    home.program("web", { command: `nice -n 3 ${sleeper()}` });
    await home.usrsvc("start", "web");
    const pid = await home.running("web");
    const link = home.file("link");
    symlinkSync(home.path, link);
    for (const HOME of [link, home.path]) {
      forget(home, "run", "state");
      mkdirSync(home.file("run"));
      const { out } = await home.run("usrsvc.cjs", ["start", "web"], { HOME });
      assert.match(out, new RegExp(`^web: already running, pid ${pid}`));
    }
  });

  test("is the shell of a loop, and not what this runs just now", async (t) => {
    const home = new Home(t).write();
    const command = sleeper();
    home.program("web", {
      command: `"while true; do timeout 1000 ${command}; sleep 1; done"`,
      useshell: "True",
    });
    const start = await home.usrsvc("start", "web");
    assert.equal(start.code, 0, start.err);
    const shell = await titledPid(home, /^\/bin\/sh -c while/);
    forget(home, "run");
    await isStill(home, "web", shell);
    await waitFor("all of it to end", () => pids(home, /sleep 1\d{4}/).length === 0);
  });

  test(
    "and whose pidfile is lost, is known by its birth where it wiped out its mark",
    { skip: redis === undefined && "redis is not installed" },
    async (t) => {
      const home = new Home(t).write();
      const folder = home.file("redis");
      mkdirSync(folder);
      const words = `--port 0 --unixsocket ${folder}/sock --daemonize yes --dir ${folder}`;
      home.program("redis", {
        command: `${redis} ${words} --pidfile ${home.file("run/redis.pid")}`,
        autopid: "False",
        success_seconds: "1",
      });
      endAfter(t, home, /^\S*redis-server /);
      await home.usrsvc("start", "redis");
      const pid = await home.running("redis");
      forget(home, "run");
      await isStill(home, "redis", pid);
    },
  );

  for (const wrapper of ["", "nice -n 2 ", "env A=b "]) {
    test(
      `is known by its log and its file where it wiped out its mark, and nothing is left of the state: ${wrapper}redis-server`,
      { skip: redis === undefined && "redis is not installed" },
      async (t) => {
        const home = new Home(t).write();
        const folder = home.file("redis");
        mkdirSync(folder);
        const settings = `port 0\nunixsocket ${folder}/sock\ndir ${folder}\n`;
        writeFileSync(`${folder}/redis.conf`, settings);
        const command = `${wrapper}${redis} ${folder}/redis.conf`;
        home.program("redis", { command, success_seconds: "1" });
        endAfter(t, home, /^\S*redis-server /);
        await home.usrsvc("start", "redis");
        const pid = await home.running("redis");
        forget(home, "run", "state");
        assert.equal((await home.statusOf("redis"))["pid"], pid);
        mkdirSync(home.file("run"));
        mkdirSync(home.file("state/programs"), { recursive: true });
        await isStill(home, "redis", pid);
      },
    );
  }

  test("is known by it also where another program's log cannot be looked at", async (t) => {
    const home = new Home(t).write();
    symlinkSync("circle", home.file("circle"));
    home.program("new", { command: sleeper(), stdout: home.file("circle") });
    home.program("web", { command: `nice -n 3 ${sleeper()}` });
    spawn("sleep", ["1000"], {
      stdio: ["ignore", openSync(home.file("other.log"), "w"), "ignore"],
      detached: true,
      env: home.env,
    });
    for (const name of ["new", "web"]) {
      assert.equal((await home.statusOf(name))["state"], "stopped");
    }
    assert.match((await home.usrsvc("start", "web")).out, /: started, pid/);
    assert.match((await home.usrsvc("stop", "web", "new")).out, /: stopped, pid/);
  });

  test("and whose first process has ended: what that left is named before another is started", async (t) => {
    const home = new Home(t).write();
    home.program("web", { command: `/usr/bin/timeout 1000 ${sleeper()}` });
    await home.usrsvc("start", "web");
    const left = async (): Promise<Pid> => {
      const first = await home.running("web");
      const [child] = await waitFor("its child", () => {
        const all = pids(home, /^\/bin\/sleep/).filter((pid) => parentOf(pid) === first);
        return all.length === 1 ? all : undefined;
      });
      await kill(first);
      forget(home, "run", "state");
      mkdirSync(home.file("run"));
      return Number(child) as Pid;
    };
    const child = await left();
    const how = "stems from an earlier start of it, which is on record no more, and keeps running";
    const start = await home.usrsvc("start", "web");
    assert.match(start.out, new RegExp(`process ${child} \\(/bin/sleep .*\\) ${how}`));
    const second = await left();
    await home.usrsvcd();
    await settled(home, "web");
    const warnings = told(home, "program.warning", "web").map(({ msg }) => msg);
    assert.equal(warnings.length, 2, warnings.join("\n"));
    for (const pid of [child, second]) {
      assert.ok(warnings.some((msg) => msg.includes(`process ${pid} `) && msg.endsWith(how)));
    }
    assert.ok([child, second].every(isAlive), "nobody can tell what is still wanted");
  });

  test("is not taken for that which has ended meanwhile", async (t) => {
    const home = new Home(t).write();
    home.program("web", { command: `nice -n 3 ${sleeper()}` });
    await home.usrsvc("start", "web");
    const pid = await home.running("web");
    forget(home);
    await kill(pid);
    assert.equal((await home.statusOf("web"))["state"], "stopped");
    assert.match((await home.usrsvc("start", "web")).out, /: started, pid /);
  });
});

test(
  "two nginx with one proctitle_re keep apart when record and pidfile of one are lost",
  { skip: nginx === undefined && "nginx is not installed" },
  async (t) => {
    const home = new Home(t).write();
    const log = `error-${process.pid}.log`; // other tests have nginx as well
    for (const name of ["one", "two"]) {
      const folder = home.file(name);
      mkdirSync(`${folder}/tmp`, { recursive: true });
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((one) => `${one}_temp_path ${folder}/tmp;`)
        .join(" ");
      const user = process.getuid?.() === 0 ? "user root;" : "";
      writeFileSync(
        `${folder}/nginx.conf`,
        `${user} daemon on; worker_processes 1; pid ${home.file(`run/${name}.pid`)};
         error_log ${folder}/${log}; events {}
         http { access_log off; ${temporary} server { listen unix:${folder}/sock; } }`,
      );
      home.program(name, {
        command: `${nginx} -p . -c nginx.conf -e ${log}`,
        directory: folder,
        autopid: "False",
        proctitle_re: `^nginx: master process .* ${log}`,
        success_seconds: "1",
      });
    }
    endAfter(t, home, /^nginx: /);
    const start = await home.usrsvc("start", "all");
    assert.equal(start.code, 0, start.err);
    const [one, two] = [await home.running("one"), await home.running("two")];
    await home.usrsvc("stop", "two");
    rmSync(home.file("run/one.pid"));
    rmSync(home.file("state/programs/one.json"));

    assert.deepEqual(
      (await home.status()).map(({ program, state, pid }) => [program, state, pid]),
      [
        ["one", "running", one],
        ["two", "stopped", undefined],
      ],
    );
    assert.match((await home.usrsvc("stop", "two")).out, /was not running/);
    assert.match((await home.usrsvc("start", "two")).out, /: started, pid /);
    assert.ok(isAlive(one));
    assert.equal(isAlive(two), false);
    assert.match((await home.usrsvc("stop", "one")).out, new RegExp(`: stopped, pid ${one}`));
  },
);

describe("a program whose record names a process wrongly", () => {
  const plain = (): string => sleeper();
  /** It has written its title over its mark, as those do that make one by setproctitle. */
  const titled = (home: Home): string =>
    home.script("titled", '#!/usr/bin/perl\n$0 = "a title of its own"; sleep 1000;\n');
  const later = ({ pid, startTime }: Ref, ticks: number): Ref => ({
    pid,
    startTime: startTime + ticks,
  });
  const nobody: Ref = { pid: 2 ** 22 - 1, startTime: 1 };
  const ways: readonly [
    command: typeof plain | typeof titled,
    how: string,
    forge: (record: Forged, other: Ref) => Partial<Forged>,
  ][] = [
    [plain, "start time", ({ process }) => ({ process: later(process, 1) })],
    [
      plain,
      "start time, twice",
      ({ process }) => ({ process: later(process, -99), launched: later(process, -99) }),
    ],
    [plain, "process of another", (_, other) => ({ process: other })],
    [titled, "start time", ({ process }) => ({ process: later(process, 1) })],
    [titled, "pid of nobody", () => ({ process: nobody, launched: nobody })],
  ];
  for (const [command, how, forge] of ways) {
    test(`is the same one all the same: ${command.name}, ${how}`, async (t) => {
      const home = new Home(t).write();
      home.program("web", { command: command(home) });
      home.program("other", { command: sleeper() });
      assert.equal((await home.usrsvc("start", "all", "-P")).code, 0);
      const [pid, other = 0] = await up(home, "web", "other");
      const file = home.file("state/programs/web.json");
      const spoil = (): void => {
        const record = JSON.parse(readFileSync(file, "utf8")) as Forged;
        const another = JSON.parse(home.read("state/programs/other.json")) as Forged;
        const spoilt = { ...record, ...forge(record, another.process) };
        writeFileSync(file, `${JSON.stringify(spoilt)}\n`, { mode: 0o600 });
        writeFileSync(home.file("run/web.pid"), `${nobody.pid}\n`);
      };
      spoil();
      assert.deepEqual(await up(home, "web"), [pid]);
      assert.match((await home.usrsvc("start", "web")).out, /already running/);
      spoil();
      await home.usrsvcd();
      await settled(home, "web");
      assert.deepEqual(await up(home, "web"), [pid]);
      assert.equal(told(home, "program.starting", "web").length, 0);
      await home.usrsvcd("stop");
      spoil();
      assert.match((await home.usrsvc("stop", "web")).out, new RegExp(`: stopped, pid ${pid}`));
      assert.deepEqual([isAlive(pid), isAlive(other)], [false, true]);
    });
  }
});

interface Ref {
  readonly pid: number;
  readonly startTime: number;
}

interface Forged {
  readonly boot: string;
  readonly process: Ref;
  readonly launched: Ref;
}

test("usrsvcd lets the others know again of a state folder when they have forgotten it", async (t) => {
  const home = new Home(t).write();
  home.program("web", { command: sleeper() });
  await home.usrsvcd();
  await up(home, "web");
  const links = home.file(".local/state/usrsvc/states");
  const daemon = await daemonPid(home);
  whileStopped(daemon, () => rmSync(home.file(".local/state/usrsvc"), { recursive: true }));
  await waitFor("the link", () => pathsIn(links).length === 1);
  assert.ok(isAlive(daemon));
});

function pathsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there yet
  }
}

describe("a state folder that others have put in the place of ours", () => {
  test("gets nothing written, and nothing started, until ours is back", async (t) => {
    const home = new Home(t);
    mkdirSync(home.file("precious"));
    writeFileSync(home.file("precious/package.json"), '{"name":"precious"}\n');
    home.program("package", { command: sleeper() }).program("other", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "package");
    await settled(home, "other");
    const [pid, other] = [await home.running("package"), await home.running("other")];
    const [state, away] = [home.file("state"), home.file("away")];
    const theirs = home.file("theirs");
    mkdirSync(theirs);
    for (const part of ["programs", "locks", "run", "log"]) {
      symlinkSync(home.file("precious"), home.file(`theirs/${part}`));
    }
    chmodSync(theirs, 0o777);
    const daemon = await daemonPid(home);
    whileStopped(daemon, () => {
      renameSync(state, away);
      renameSync(theirs, state);
    });
    await kill(pid);
    // The log was open before, and goes on where it is.
    const log = (): string => home.read("away/usrsvcd.log");
    await waitFor("the death to be told", () =>
      log().includes("package: killed by SIGKILL, and stays down: state_dir "),
    );
    await waitFor("the folder to be told of", () => log().includes("is not ours alone"));
    assert.deepEqual(readdirSync(home.file("precious")), ["package.json"]);
    assert.equal(home.read("precious/package.json"), '{"name":"precious"}\n');
    assert.equal(readdirSync(state).length, 4);
    assert.ok(isAlive(other));
    assert.doesNotMatch(log(), /"program.error","program":"other"/);
    assert.match(
      (await home.usrsvc("status")).out,
      /note: state_dir \S+ can be written by everybody/,
    );
    whileStopped(daemon, () => {
      rmSync(state, { recursive: true });
      renameSync(away, state);
    });
    await home.running("package", pid);
    assert.equal(await home.running("other"), other);
    await waitFor("that to be told", () => told(home, "daemon.degraded").length === 2);
  });
});
