import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { folderOf, kill, onlyPid, pids, settled, stays, told, up } from "./looks.ts";

const SERVER = "setInterval(() => {}, 1_000_000);\n";

/** A folder with a server.js in it. */
function serverIn(home: Home, name: string): string {
  mkdirSync(home.file(name));
  writeFileSync(home.file(`${name}/server.js`), SERVER);
  return realpathSync(home.file(name));
}

/** The servers that run in a folder. */
function serversIn(home: Home, folder: string): readonly number[] {
  return pids(home, /^node server\.js$/).filter((pid) => folderOf(pid) === folder);
}

/** `command` as it stands in /proc, as a regular expression. */
function exactly(command: string): RegExp {
  return new RegExp(`^${command.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`);
}

/** A process of nobody's, with this command. */
async function stranger(t: TestContext, home: Home, command: string): Promise<number> {
  const [file = "", ...words] = command.split(" ");
  const child = spawn(file, words, { stdio: "ignore", detached: true, env: home.env });
  cleanUp(t, () => child.kill("SIGKILL"));
  return await waitFor("the stranger", () => child.pid);
}

/** Another main file in the home; `state` is its state folder, in the home too. */
function otherConfig(
  home: Home,
  file: string,
  state: string,
  name: string,
  command: string,
): string {
  const path = home.file(file);
  const text = `[Main]
state_dir = ${home.file(state)}
pidfile = ${path}.pid
[Program:${name}]
command = ${command}
pidfile = ${path}.${name}.pid
stdout = ${path}.${name}.log
success_seconds = 0.3
`;
  writeFileSync(path, text);
  return path;
}

describe("a wrapper's child with the words of another program", () => {
  test("is not that program: node server.js in two folders", async (t) => {
    const home = new Home(t);
    const [a, b] = [serverIn(home, "a"), serverIn(home, "b")];
    const wrapper = home.script("a/start.sh", "#!/bin/sh\nnode server.js\n");
    home
      .program("a", { command: wrapper, directory: a })
      .program("b", { command: "node server.js", directory: b });
    await home.usrsvc("start", "a");
    const [child] = await waitFor("a's server", () => {
      const found = serversIn(home, a);
      return found.length > 0 && found;
    });
    assert.ok(child);
    const start = await home.usrsvc("start", "b");
    assert.equal(start.code, 0, start.err);
    assert.doesNotMatch(start.out, /already running/);
    assert.deepEqual(serversIn(home, b), [home.pid("b")]);
    await home.usrsvc("stop", "b");
    assert.ok(isAlive(child), "stop of b left a's alone");
    assert.deepEqual(serversIn(home, b), []);

    await home.usrsvc("start", "b");
    await home.usrsvcd();
    await settled(home, "b");
    await kill(...serversIn(home, b));
    await waitFor("b's server again", () => serversIn(home, b).length === 1);
    assert.deepEqual(serversIn(home, a), [child]);
    await settled(home, "b", 2);
    const [ofA, ofB] = await up(home, "a", "b");
    assert.deepEqual([ofB], serversIn(home, b));
    assert.notEqual(ofA, ofB);
  });

  // Each of the three signs of lineage is enough: parents, session, mark.
  const ways: readonly (readonly [what: string, line: (command: string) => string])[] = [
    ["as its child", (command) => command],
    ["with an environment of its own", (command) => `env -i ${command}`],
    ["in a session of its own", (command) => `setsid -w ${command}`],
    ["in a session of its own, with no mark", (command) => `env -i setsid -w ${command}`],
    ["forked twice, into a session of its own", (command) => `setsid -f ${command}`],
    ["forked and left to init, with no mark", (command) => `(env -i ${command} &)`],
  ];

  test("is not that program in whatever way it was made", async (t) => {
    const home = new Home(t);
    const scenes = ways.map(([what, line], n) => {
      const command = sleeper();
      const text = `#!/bin/sh\n${line(command)}\nexec ${sleeper()}\n`;
      const script = home.script(`wrapper${n}.sh`, text);
      home.program(`a${n}`, { command: script }).program(`b${n}`, { command });
      return { what, command, a: `a${n}`, b: `b${n}` };
    });
    const wrappers = scenes.map(({ a }) => a);
    const others = scenes.map(({ b }) => b);
    assert.equal((await home.usrsvc("start", "-P", ...wrappers)).code, 0);
    const children = new Map<string, number>();
    for (const { what, command } of scenes) {
      children.set(command, await waitFor(what, () => pids(home, exactly(command))[0]));
    }
    const started = await home.usrsvc("start", "-P", ...others);
    assert.equal(started.code, 0, started.err);
    assert.doesNotMatch(started.out, /already running/);
    const status = await home.status(...others);
    for (const { what, command, b } of scenes) {
      const pid = status.find(({ program }) => program === b)?.["pid"];
      assert.notEqual(pid, children.get(command), what);
      assert.deepEqual(
        pids(home, exactly(command)).toSorted(),
        [children.get(command), pid].toSorted(),
        what,
      );
    }
    assert.equal((await home.usrsvc("stop", "-P", ...others)).code, 0);
    for (const { what, command } of scenes) {
      assert.deepEqual(pids(home, exactly(command)), [children.get(command)], what);
    }
    const stopped = await home.status(...others);
    assert.ok(stopped.every(({ state }) => state === "stopped"));
  });

  test("is not that program either when that one has died, under usrsvcd", async (t) => {
    const command = sleeper();
    const home = new Home(t);
    const script = home.script("wrapper.sh", `#!/bin/sh\n${command} &\nwait\n`);
    home.program("a", { command: script }).program("b", { command });
    await home.usrsvcd();
    const [a, b] = await up(home, "a", "b");
    const child = await waitFor("a's child", () =>
      pids(home, exactly(command)).find((pid) => pid !== b),
    );
    await kill(b ?? 0);
    await settled(home, "b", 2);
    const [ofA, ofB] = await up(home, "a", "b");
    assert.equal(ofA, a);
    assert.ok(ofB !== child && ofB !== b);
    assert.ok(isAlive(child));
    assert.equal(pids(home, exactly(command)).length, 2);
  });
});

/** Kills all that match, at once, and waits until all programs run again, each with its own. */
async function massDeath(home: Home, title: RegExp, names: readonly string[]): Promise<void> {
  const old = pids(home, title);
  for (const pid of old) process.kill(pid, "SIGKILL");
  await waitFor("them to be dead", () => !old.some(isAlive));
  await waitFor("as many again", () => pids(home, title).length === names.length);
  const now = await up(home, ...names);
  assert.equal(new Set(now).size, names.length, "each program has one of its own");
  assert.equal(pids(home, title).length, names.length);
}

describe("equal commands, all killed at once", () => {
  const names = ["w1", "w2", "w3"];

  test("cd FOLDER && node server.js, in three folders", async (t) => {
    const home = new Home(t);
    for (const name of names) {
      serverIn(home, name);
      const command = `cd ${home.file(name)} && node server.js`;
      home.program(name, { command, useshell: "True" });
    }
    await home.usrsvcd();
    await up(home, ...names);
    for (let round = 0; round < 3; round += 1) {
      await massDeath(home, /^node server\.js$/, names);
      for (const name of names) {
        const { pid } = await home.statusOf(name);
        assert.equal(folderOf(Number(pid)), realpathSync(home.file(name)), `round ${round}`);
      }
    }
    await home.usrsvc("stop", "w2");
    assert.deepEqual(
      pids(home, /^node server\.js$/)
        .map((pid) => folderOf(pid))
        .toSorted(),
      ["w1", "w3"].map((name) => realpathSync(home.file(name))),
    );
  });

  test("equal workers behind one wrapper, found by a regular expression", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    // The wrapper goes with its worker, as that of a virtual environment does.
    const script = home.script("worker.sh", `#!/bin/sh\nexport WORKER=1\n${command}\n`);
    for (const name of names) home.program(name, { command: script, proctitle_re: `^${command}$` });
    await home.usrsvcd();
    await up(home, ...names);
    for (let round = 0; round < 3; round += 1) await massDeath(home, exactly(command), names);
    assert.equal((await home.usrsvc("stop", "w2")).code, 0);
    await stays("two workers run", () => pids(home, exactly(command)).length === 2, 300);
    assert.equal(pids(home, /worker\.sh/).length, 2, "and two wrappers");
  });

  test("one command line for all, executed directly, while usrsvcd is away", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    for (const name of names) home.program(name, { command });
    await home.usrsvc("start", "-P", "all");
    const before = await up(home, ...names);
    assert.equal(new Set(before).size, 3);
    await kill(...before.slice(0, 2));
    await home.usrsvcd();
    const now = await up(home, ...names);
    assert.equal(new Set(now).size, 3);
    assert.equal(now[2], before[2], "the one that lived is whose it was");
    assert.equal(pids(home, exactly(command)).length, 3);
    await massDeath(home, exactly(command), names);
  });
});

describe("two configuration files", () => {
  test("a program of one name in both, with one state_dir, is refused with both paths", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const stage = otherConfig(home, "stage.cfg", "state", "web", sleeper());
    await home.usrsvc("start", "web");
    const pid = await home.running("web");
    for (const action of ["start", "stop", "restart"]) {
      const { code, err } = await home.usrsvc("-c", stage, action, "web");
      assert.equal(code, 1, action);
      assert.ok(err.includes(home.config) && err.includes(stage), err);
      assert.match(err, new RegExp(`pid ${pid}\\b`));
      assert.ok(isAlive(pid), action);
    }
    const status = await home.usrsvc("-c", stage, "status");
    assert.equal(status.code, 1);
    assert.match(status.out, /web +stopped/);
    assert.ok(status.out.includes(home.config), status.out);
    assert.equal((await home.statusOf("web"))["pid"], pid);
    assert.equal(pids(home, /^\/bin\/sleep/).length, 1);
  });

  test("and by usrsvcd, which leaves the other's alone and starts nothing", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const stage = otherConfig(home, "stage.cfg", "state", "web", sleeper());
    await home.usrsvc("-c", stage, "start", "web");
    const pid = onlyPid(home, /^\/bin\/sleep/);
    assert.equal((await home.usrsvcd()).code, 0);
    const [line] = await waitFor("its complaint", () => {
      const found = told(home, "program.error", "web");
      return found.length > 0 && found;
    });
    assert.ok(line?.msg.includes(stage), line?.msg);
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [pid]);
    assert.equal((await home.usrsvc("-c", stage, "stop", "web")).code, 0);
    assert.ok(!isAlive(pid));
  });

  test("with other names and one state_dir: equal commands are two programs", async (t) => {
    const command = sleeper();
    const home = new Home(t).program("web", { command });
    const stage = otherConfig(home, "stage.cfg", "state", "stage", command);
    await home.usrsvc("start", "web");
    const web = await home.running("web");
    const start = await home.usrsvc("-c", stage, "start", "stage");
    assert.match(start.out, /^stage: started/);
    assert.equal(pids(home, exactly(command)).length, 2);
    await home.usrsvcd(); // which manages one of them
    await settled(home, "web");
    assert.equal((await home.usrsvc("-c", stage, "stop", "stage")).code, 0);
    assert.deepEqual(pids(home, exactly(command)), [web]);
    await home.usrsvc("-c", stage, "start", "stage");
    await home.usrsvc("stop", "web");
    assert.equal(pids(home, exactly(command)).length, 1);
    assert.match((await home.usrsvc("-c", stage, "status")).out, /stage +running/);
  });

  test("with a state_dir each: equal names and commands are two programs", async (t) => {
    const command = sleeper();
    const home = new Home(t).program("web", { command });
    const stage = otherConfig(home, "stage.cfg", "state2", "web", command);
    assert.equal((await home.usrsvcd()).code, 0);
    cleanUp(t, async () => await home.usrsvcd("-c", stage, "stop"));
    assert.equal((await home.usrsvcd("-c", stage)).code, 0);
    const stagePid = (): number => Number(home.read("stage.cfg.web.pid"));
    await waitFor("both", () => pids(home, exactly(command)).length === 2);
    const both = (): readonly number[] =>
      [home.pid("web") ?? 0, stagePid()].toSorted((a, b) => a - b);
    await waitFor("both pidfiles", () => both().every((pid) => pid > 0 && isAlive(pid)));
    assert.deepEqual(both(), pids(home, exactly(command)));
    await settled(home, "web");
    await kill(...both());
    await waitFor("both again", () => pids(home, exactly(command)).length === 2);
    await waitFor("both pidfiles", () => both().every(isAlive));
    assert.deepEqual(both(), pids(home, exactly(command)));
    await home.usrsvc("-c", stage, "stop", "web");
    assert.deepEqual(pids(home, exactly(command)), [home.pid("web")]);
  });
});

describe("twins, with one command line", () => {
  test("of which one fails in a restart of both: the other's process stays the other's", async (t) => {
    const home = new Home(t);
    // Only one of them can have the lock, as a port.
    const script = home.script(
      "twin.sh",
      `#!/bin/sh
if [ -e ${home.file("strict")} ]; then mkdir ${home.file("port")} || exit 1; fi
exec ${sleeper()}
`,
    );
    for (const name of ["a", "b"]) home.program(name, { command: script, maxrestarts: "1" });
    await home.usrsvcd();
    await up(home, "a", "b");
    writeFileSync(home.file("strict"), "");
    const { code, err } = await home.usrsvc("-P", "restart", "all");
    assert.equal(code, 134, err);
    const states = async (): Promise<readonly string[]> =>
      (await home.status()).map((one) => String(one["state"])).toSorted();
    await waitFor("one to be given up", async () => (await states())[0] === "fatal");
    assert.deepEqual(await states(), ["fatal", "running"]);
    const all = await home.status();
    const [lives, fails] = all.toSorted((one) => (one["state"] === "running" ? -1 : 1));
    assert.ok(lives && fails && fails["pid"] === undefined);
    await home.usrsvc("stop", String(fails["program"]));
    assert.ok(isAlive(Number(lives["pid"])), "stop of the one that failed ends nothing");

    rmSync(home.file("strict"));
    assert.equal((await home.usrsvc("start", String(fails["program"]))).code, 0);
    const now = await up(home, "a", "b");
    assert.equal(new Set(now).size, 2);
    assert.ok(now.includes(Number(lives["pid"])));
  });
});

describe("a pidfile that names another process of the same words", () => {
  for (const [how, withDaemon] of [
    ["without usrsvcd", false],
    ["under usrsvcd", true],
  ] as const) {
    test(`does not make it the program, while the recorded one lives, ${how}`, async (t) => {
      const command = sleeper();
      const home = new Home(t).program("web", { command });
      if (withDaemon) {
        await home.usrsvcd();
        await settled(home, "web");
      } else await home.usrsvc("start", "web");
      const program = await home.running("web");
      const other = await stranger(t, home, command);
      writeFileSync(home.file("run/web.pid"), `${other}\n`);
      assert.equal((await home.statusOf("web"))["pid"], program);
      const restart = await home.usrsvc("restart", "web");
      assert.equal(restart.code, 0, restart.err);
      assert.ok(!isAlive(program) && isAlive(other));
      const second = await home.running("web");
      assert.notEqual(second, other);
      writeFileSync(home.file("run/web.pid"), `${other}\n`);
      assert.equal((await home.usrsvc("stop", "web")).code, 0);
      assert.ok(!isAlive(second) && isAlive(other));
    });
  }
});
