import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { kill, pids, settled, stays, titledPid, told, up } from "./looks.ts";

type Commands = Readonly<Record<string, string>>;

/** The programs are these from now on, and no others. */
function configure(home: Home, before: Commands, after: Commands): void {
  for (const name of Object.keys(before)) home.without(name);
  for (const [name, command] of Object.entries(after)) home.program(name, { command });
}

/** Pids, by command: each of them must run once. */
function pidsOf(home: Home, commands: readonly string[]): ReadonlyMap<string, number> {
  const running = new Map<string, number>();
  for (const command of new Set(commands)) {
    const found = pids(home, new RegExp(`^${command}$`));
    assert.equal(found.length, 1, `${command} runs ${found.length} times`);
    running.set(command, found[0] ?? 0);
  }
  return running;
}

/** How the files are read again. */
const ways: readonly (readonly [
  what: string,
  begin: (home: Home) => Promise<unknown>,
  apply: (home: Home) => Promise<unknown>,
])[] = [
  [
    "at a reread",
    async (home) => await home.usrsvcd(),
    async (home) => await home.usrsvcd("reread"),
  ],
  [
    "at a restart of usrsvcd",
    async (home) => await home.usrsvcd(),
    async (home) => await home.usrsvcd("restart"),
  ],
  [
    "by usrsvc alone",
    async (home) => await home.usrsvc("start", "all"),
    async (home) => await home.usrsvc("start", "all"),
  ],
];

const [x, y, z, w] = [sleeper(), sleeper(), sleeper(), sleeper()] as const;
const changes: readonly (readonly [what: string, before: Commands, after: Commands])[] = [
  ["renamed, and the old name means another", { a: x }, { a: y, c: x }],
  ["swapped", { a: x, b: y }, { a: y, b: x }],
  ["turned round, all three", { a: x, b: y, c: z }, { a: y, b: z, c: x }],
  ["moved up by one, with a new last one", { a: x, b: y }, { a: w, b: x, c: y }],
  ["renamed, and the old name is gone", { a: x, b: y }, { a2: x, b: y }],
];

for (const [how, begin, apply] of ways) {
  describe(`sections that are renamed while they run, ${how}`, () => {
    for (const [what, before, after] of changes) {
      test(what, async (t) => {
        const home = new Home(t);
        configure(home, {}, before);
        await begin(home);
        await up(home, ...Object.keys(before));
        const old = pidsOf(home, Object.values(before));
        configure(home, before, after);
        await apply(home);
        await up(home, ...Object.keys(after));
        const now = pidsOf(home, Object.values(after));
        for (const [name, command] of Object.entries(after)) {
          const { pid, state } = await home.statusOf(name);
          assert.equal(pid, now.get(command), `${name} is what its section says`);
          assert.equal(state, "running");
          if (old.has(command)) assert.equal(pid, old.get(command), `${name} was not restarted`);
          await waitFor(`${name}'s pidfile`, () => home.pid(name) === pid);
        }
        // And it stays so: what dies comes back under its own name, what is stopped is its own.
        const [first = "", command = ""] = Object.entries(after)[0] ?? [];
        await home.usrsvc("restart", first);
        const again = pidsOf(home, Object.values(after));
        assert.notEqual(again.get(command), now.get(command));
        await home.usrsvc("stop", "all");
        assert.deepEqual(pids(home, /^\/bin\/sleep/), []);
      });
    }
  });
}

describe("a section that is renamed", () => {
  test("is shown so by status, which changes nothing", async (t) => {
    const home = new Home(t).program("a", { command: x });
    await home.usrsvc("start", "a");
    const pid = home.pid("a");
    configure(home, { a: x }, { a: y, c: x });
    for (let n = 0; n < 2; n += 1) {
      const { out } = await home.usrsvc("status");
      assert.match(out, new RegExp(`c +running +${pid} `));
      assert.match(out, /a +stopped/);
      assert.match(
        out,
        new RegExp(`note: c goes on with pid ${pid}, which was a before its section was renamed`),
      );
    }
    const { out, err } = await home.usrsvc("stop", "a");
    assert.match(out, /a: was not running/);
    assert.match(err, /c goes on with pid/);
    assert.equal((await home.usrsvc("stop", "c")).code, 0);
    assert.ok(!isAlive(pid ?? 0));
  });

  test("and changed a little is known by its words", async (t) => {
    const home = new Home(t).program("a", { command: x });
    await home.usrsvcd();
    const [pid] = await up(home, "a");
    home.program("a", { command: y }).program("c", { command: x, umask: "027" });
    await home.usrsvcd("reread");
    await up(home, "a", "c");
    const status = await home.statusOf("c");
    assert.equal(status["pid"], pid);
    assert.equal(status["olderSettings"], true);
    pidsOf(home, [x, y]);
  });

  test("and whose process shows another title is known by what was launched", async (t) => {
    const home = new Home(t);
    // Its words are not those of the command.
    const script = home.script("title.sh", `#!/bin/bash\nexec -a 'app: main' ${x}\n`);
    home.program("a", { command: script });
    await home.usrsvcd();
    const [pid] = await up(home, "a");
    home.program("a", { command: y }).program("c", { command: script });
    await home.usrsvcd("reread");
    await up(home, "a", "c");
    assert.equal((await home.statusOf("c"))["pid"], pid);
    assert.equal(await titledPid(home, /^app: main/), pid);
    const line = told(home, "program.renamed", "c")[0];
    assert.match(String(line?.msg), /which was a before/);
  });

  test("takes its children along, whatever their mark says", async (t) => {
    const home = new Home(t);
    const worker = sleeper();
    const script = home.script("wrap.sh", `#!/bin/sh\nsetsid ${worker} &\nexec ${x}\n`);
    home.program("a", { command: script, proctitle_re: `^${x}$` });
    await home.usrsvcd();
    await up(home, "a");
    // The old name now means the command of its child.
    home
      .program("a", { command: worker })
      .program("c", { command: script, proctitle_re: `^${x}$` });
    await home.usrsvcd("reread");
    await up(home, "a", "c");
    const isWorker = new RegExp(`^${worker}$`);
    await waitFor("a to have one of its own", () => pids(home, isWorker).length === 2);
  });

  test("a program that is down or changed keeps its name", async (t) => {
    const home = new Home(t);
    home.program("w1", { command: x }).program("w2", { command: x });
    await home.usrsvcd();
    const [first] = await up(home, "w1", "w2");
    await home.usrsvc("stop", "w2");
    home.program("w1", { command: y });
    for (const words of [["reread"], ["restart"]]) {
      await home.usrsvcd(...words);
      await settled(home, "w1");
      await stays(
        "w2 is down",
        async () => (await home.statusOf("w2"))["state"] === "stopped",
        300,
      );
      assert.equal((await home.statusOf("w1"))["pid"], first);
      assert.equal((await home.statusOf("w1"))["olderSettings"], true);
    }
  });

  test("to the name of one that runs on, whose section is gone: both keep what they have", async (t) => {
    const home = new Home(t);
    configure(home, {}, { a: x, b: y });
    await home.usrsvcd();
    const [a, b] = await up(home, "a", "b");
    configure(home, { a: x, b: y }, { b: x });
    await home.usrsvcd("reread");
    assert.equal((await home.statusOf("b"))["pid"], b);
    const { out } = await home.usrsvc("status");
    assert.match(out, new RegExp(`a +running +${a} `));
    assert.ok([a, b].every((pid) => isAlive(pid ?? 0)));
    await kill(b ?? 0);
    await settled(home, "b", 2);
    assert.ok(isAlive(a));
    await home.usrsvc("stop", "a");
  });
});

describe("a section that was renamed, before usrsvcd has read that", () => {
  const begun = async (home: Home, title: RegExp): Promise<number> => {
    await home.usrsvcd();
    await up(home, "old");
    configure(home, { old: x }, { new: x });
    const [pid = 0] = pids(home, title);
    return pid;
  };

  test("is restarted under its new name, and does not come back under the old one", async (t) => {
    const home = new Home(t).program("old", { command: x });
    const title = new RegExp(`^${x}$`);
    const before = await begun(home, title);
    const { code, out } = await home.usrsvc("restart", "new");
    assert.equal(code, 0, out);
    const one = (): boolean =>
      pids(home, title).length === 1 && !pids(home, title).some((pid) => Number(pid) === before);
    await stays("one copy, another one", one);
    assert.equal((await home.usrsvcd("reread")).code, 0);
    await stays("one copy, another one", one);
    const [pid] = await up(home, "new");
    await kill(pid);
    await home.running("new", pid);
  });

  test("is stopped under its new name, and does not come back under the old one", async (t) => {
    const home = new Home(t).program("old", { command: x });
    const title = new RegExp(`^${x}$`);
    await begun(home, title);
    const { code, out } = await home.usrsvc("stop", "all");
    assert.equal(code, 0, out);
    assert.match(out, /usrsvcd still knows it as old; run usrsvcd reread/);
    const none = (): boolean => pids(home, title).length === 0;
    await stays("none", none);
    assert.equal((await home.usrsvcd("reread")).code, 0);
    await stays("none", none);
    assert.equal((await home.usrsvc("start", "new")).code, 0);
  });
});
