import assert from "node:assert/strict";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { pids, whileStopped, withStopped } from "./looks.ts";

/*
 * The state folder of a usrsvcd that runs is moved away, or deleted. It makes it anew, but looks every 10 s
 * only; until then it is known by the lock that it has.
 */

interface Stage {
  readonly home: Home;
  /** The state folder. */
  readonly state: string;
  readonly daemon: number;
  /** The pids of its program, which has a title of its own and no pidfile outside of the state folder. */
  readonly found: () => readonly number[];
  readonly words: readonly string[];
}

interface Way {
  readonly what: string;
  readonly isForeground?: boolean;
  /** Else its state folder is the default. */
  readonly hasStateDir?: boolean;
  readonly config?: string;
}

const WAYS: readonly Way[] = [
  { what: "in the background" },
  {
    what: "in the foreground, with -c and state_dir",
    isForeground: true,
    hasStateDir: true,
    config: "prod.cfg",
  },
];

async function stage(t: TestContext, way: Way, more = ""): Promise<Stage> {
  const home = new Home(t);
  const script = home.script("titled.sh", `#!/bin/bash\nexec -a mytitle ${sleeper()}\n`);
  const state = home.file(way.hasStateDir === true ? "state" : ".local/state/usrsvc");
  const config = home.file(way.config ?? "usrsvc.cfg");
  const main = way.hasStateDir === true ? `state_dir = ${state}\n` : "";
  writeFileSync(
    config,
    `[Main]\n${main}${more.replaceAll("~", home.path)}[Program:web]\ncommand = ${script}\nsuccess_seconds = 0.3\n`,
  );
  const words = way.config === undefined ? [] : ["-c", config];
  cleanUp(t, async () => await home.usrsvcd(...words, "stop"));
  if (way.isForeground === true) home.spawn("usrsvcd.cjs", [...words, "start", "-f"]);
  else await home.usrsvcd(...words);
  const found = (): readonly number[] => pids(home, /^mytitle/);
  await waitFor("its start window to be over", async () => {
    const { out } = await home.usrsvc(...words, "status", "--json");
    return out.includes('"state":"running"');
  });
  await waitFor("its title", () => found().length === 1);
  const { out } = await home.usrsvcd(...words, "status", "--json");
  const daemon = (JSON.parse(out) as { readonly pid: number }).pid;
  return { home, state, daemon, found, words };
}

/** Its log outside of the state folder. */
const LOG = "usrsvcd_stdout = ~/usrsvcd.log\n";

const LOSSES = {
  moved: (state: string) => renameSync(state, `${state}.away`),
  deleted: (state: string, daemon: number) =>
    whileStopped(daemon, () => rmSync(state, { recursive: true })),
};

for (const [how, lose] of Object.entries(LOSSES)) {
  describe(`a state folder that is ${how}`, () => {
    for (const way of WAYS) {
      test(`does not hide its usrsvcd ${way.what}`, async (t) => {
        const { home, state, daemon, found, words } = await stage(t, way);
        const before = found();
        lose(state, daemon);
        const said = new RegExp(`usrsvcd, pid ${daemon}: its state folder was ${how}`);
        await withStopped(daemon, async () => {
          const status = await home.usrsvc(...words, "status");
          assert.match(status.out, said);
          assert.doesNotMatch(status.out, /does not run/);
          const shown = await home.usrsvcd(...words, "status");
          assert.equal(shown.code, 0);
          assert.match(shown.out, said);
        });
        const start = await home.usrsvcd(...words, "start");
        assert.equal(start.code, 135, start.err);
        assert.match(
          start.err,
          new RegExp(`usrsvcd is already running for ${state}, pid ${daemon}`),
        );
        await waitFor("it to be made anew", () => existsSync(`${state}/usrsvcd.json`));
        assert.match((await home.usrsvcd(...words, "status")).out, new RegExp(`, pid ${daemon}, `));
        assert.deepEqual(found(), before);
      });
    }

    test("lets its usrsvcd say, as it leaves, what runs on", async (t) => {
      const { home, state, daemon, found } = await stage(t, { what: "in the background" }, LOG);
      const before = found();
      lose(state, daemon);
      const { out } = await home.usrsvcd("stop");
      assert.match(
        out,
        how === "moved" ? /; web keeps running$/m : /; its programs keep running$/m,
      );
      assert.ok(!isAlive(daemon));
      assert.match(home.read("usrsvcd.log"), /"leaves; web keeps running"/);
      assert.deepEqual(found(), before);
    });

    test("is waited for by who acts on a program, so that nothing is doubled and a stop lasts", async (t) => {
      const { home, state, daemon, found } = await stage(t, { what: "in the background" });
      const before = found();
      lose(state, daemon);
      const start = await home.usrsvc("start", "web");
      assert.match(start.out, new RegExp(`already running, pid ${before[0]}`));
      assert.match(start.err, /waiting for that/);
      rmSync(`${state}.away`, { recursive: true, force: true });
      lose(state, daemon);
      const stop = await home.usrsvc("stop", "web");
      assert.match(stop.out, new RegExp(`stopped, pid ${before[0]}`));
      await home.usrsvcd("restart");
      assert.ok(!isAlive(daemon));
      assert.deepEqual(found(), []);
    });
  });
}

test("a state folder that is moved and then deleted does not hide its usrsvcd, nor that of another file", async (t) => {
  const { home, state, daemon, found } = await stage(t, { what: "in the background" });
  const before = found();
  const other = ["-c", home.file("other.cfg")];
  writeFileSync(home.file("other.cfg"), `[Main]\nstate_dir = ${home.file("other")}\n`);
  cleanUp(t, async () => await home.usrsvcd(...other, "stop"));
  await home.usrsvcd(...other); // its pidfile is the same
  LOSSES.moved(state);
  LOSSES.deleted(`${state}.away`, daemon);
  // The other may make a part of its folder anew meanwhile.
  rmSync(home.file("other"), { recursive: true, maxRetries: 20, retryDelay: 5 });
  const said = new RegExp(`usrsvcd, pid ${daemon}: its state folder was deleted`);
  await withStopped(daemon, async () => {
    assert.match((await home.usrsvcd("status")).out, said);
    assert.equal((await home.usrsvcd("start")).code, 135);
    assert.doesNotMatch((await home.usrsvcd(...other, "status")).out, said);
  });
  assert.equal((await home.usrsvcd(...other, "stop")).code, 0);
  assert.match((await home.usrsvcd(...other, "status")).out, /is not running/);
  const start = await home.usrsvc("start", "web");
  assert.match(start.out, new RegExp(`already running, pid ${before[0]}`));
  assert.ok(isAlive(daemon));
});

test("a project folder that is moved with configuration and state takes its usrsvcd along", async (t) => {
  const home = new Home(t);
  const [prod, fresh] = [home.file("prod"), home.file("new")];
  mkdirSync(prod);
  const text = `[Main]\nstate_dir = ${prod}/state\npidfile = ${prod}/pid\nusrsvcd_stdout = ${home.file("usrsvcd.log")}\n`;
  writeFileSync(
    `${prod}/u.cfg`,
    `${text}[Program:web]\ncommand = ${sleeper()}\nsuccess_seconds = 0.3\n`,
  );
  const now = ["-c", `${fresh}/u.cfg`];
  cleanUp(t, async () => await home.usrsvcd(...now, "stop"));
  await home.usrsvcd("-c", `${prod}/u.cfg`);
  const found = (): readonly number[] => pids(home, /^\/bin\/sleep/);
  await waitFor("it to run", () => home.read("usrsvcd.log").includes("program.started"));
  const before = found();
  const daemon = Number(home.read("prod/pid"));
  renameSync(prod, fresh);
  writeFileSync(`${fresh}/u.cfg`, home.read("new/u.cfg").replaceAll(prod, fresh));
  const gone = new RegExp(
    `pid ${daemon}, runs with ${prod}/u.cfg, which is gone: usrsvcd stop, then`,
  );
  await withStopped(daemon, async () => {
    assert.match((await home.usrsvc(...now, "status")).out, gone);
    assert.match((await home.usrsvcd(...now, "status")).out, gone);
    const start = await home.usrsvcd(...now, "start");
    assert.equal(start.code, 135);
    assert.match(start.err, gone);
  });
  await waitFor("it to leave", () => !isAlive(daemon), 60_000);
  assert.match(
    home.read("usrsvcd.log"),
    new RegExp(`was moved to ${fresh}/state, .* is gone: leaves; run usrsvcd -c`),
  );
  assert.match(home.read("usrsvcd.log"), /"leaves; web keeps running"/);
  assert.ok(!existsSync(prod), "it is not made anew");
  assert.equal((await home.usrsvcd(...now)).code, 0);
  assert.deepEqual(found(), before);
});
