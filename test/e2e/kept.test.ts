import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import {
  daemonPid,
  kill,
  pids,
  settled,
  stays,
  titledPid,
  told,
  up,
  whileStopped,
  withDaemonStopped,
} from "./looks.ts";

/** Removes all that is kept of programs, by hand, as a cleaner would. */
function removeRecords(home: Home): void {
  for (const file of readdirSync(home.file("state/programs"))) {
    rmSync(home.file(`state/programs/${file}`));
  }
}

function recordOf(home: Home, name: string): string {
  return home.read(`state/programs/${name}.json`);
}

/** A program with a title of its own, which usrsvcd has started; yields its pid. */
async function titled(home: Home): Promise<number> {
  const script = home.script("titled.sh", `#!/bin/bash\nexec -a mytitle ${sleeper()}\n`);
  home.program("titled", { command: script });
  await home.usrsvcd();
  await settled(home, "titled");
  return await titledPid(home, /^mytitle/);
}

describe("what usrsvcd holds lives, whatever becomes of its files", () => {
  test("a program with a title of its own, whose record and pidfile are deleted", async (t) => {
    const home = new Home(t);
    const pid = await titled(home);
    rmSync(home.file("run/titled.pid"));
    removeRecords(home);
    await waitFor("its record", () => recordOf(home, "titled") !== "");
    await waitFor("its pidfile", () => home.pid("titled") === pid);
    assert.deepEqual(pids(home, /^mytitle/), [pid]);
    await waitFor("that to be told", () =>
      told(home, "program.warning", "titled").some(({ msg }) =>
        /record was deleted: recreated/.test(msg),
      ),
    );
    const status = await home.statusOf("titled");
    assert.deepEqual([status["state"], status["pid"]], ["running", pid]);
    const { out } = await home.usrsvc("stop", "titled");
    assert.match(out, new RegExp(`stopped, pid ${pid}`));
    assert.deepEqual(pids(home, /^mytitle/), []);
  });

  test("a program whose record is damaged, cut or another's", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "web");
    const pid = home.pid("web");
    for (const text of ["", "{", '{"version":1,"name":"mail"}\n', "\0".repeat(512)]) {
      writeFileSync(home.file("state/programs/web.json"), text);
      await waitFor("it to be written anew", () => recordOf(home, "web").includes(`"pid":${pid}`));
      const { state, pid: seen } = await home.statusOf("web");
      assert.deepEqual([state, seen], ["running", pid]);
    }
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [pid]);
  });

  test("a program whose record knows nothing of its process, as one from a backup", async (t) => {
    const home = new Home(t);
    const pid = await titled(home);
    const record = JSON.parse(recordOf(home, "titled")) as object;
    const old = { ...record, state: "stopped", process: undefined, launched: undefined };
    // The record comes last: it is what makes usrsvcd look.
    rmSync(home.file("run/titled.pid"));
    writeFileSync(home.file("state/programs/titled.json"), `${JSON.stringify(old)}\n`);
    await waitFor("its pidfile", () => home.pid("titled") === pid);
    assert.deepEqual(pids(home, /^mytitle/), [pid]);
    await kill(pid);
    await waitFor("it to run again", () => pids(home, /^mytitle/).length === 1);
  });

  test("all programs of a state folder that is deleted", async (t) => {
    const home = new Home(t);
    const names = ["a", "b", "c"];
    for (const name of names) home.program(name, { command: sleeper() });
    await home.usrsvcd();
    const before = await up(home, ...names);
    whileStopped(await daemonPid(home), () => rmSync(home.file("state"), { recursive: true }));
    rmSync(home.file("run"), { recursive: true });
    mkdirSync(home.file("run"));
    await home.usrsvcd("reread");
    const [a, b] = before;
    await kill(a);
    const second = await home.running("a", a);
    const now = await up(home, ...names);
    assert.deepEqual(now, [second, ...before.slice(1)]);
    assert.deepEqual(
      pids(home, /^\/bin\/sleep/),
      now.toSorted((a, b) => a - b),
    );
    // Of b nothing is on disk by now, neither record nor pidfile.
    const { out } = await home.usrsvc("stop", "b");
    assert.match(out, new RegExp(`stopped, pid ${b}`));
    await stays("b is down", () => pids(home, /^\/bin\/sleep/).length === 2, 400);
  });
});

describe("an operator's stop lasts, whatever becomes of the record", () => {
  const losses: readonly [what: string, lose: (home: Home) => void][] = [
    ["damaged", (home) => writeFileSync(home.file("state/programs/web.json"), "{")],
    ["deleted", removeRecords],
  ];
  for (const [what, lose] of losses) {
    test(`that is ${what} under usrsvcd, or while it is away`, async (t) => {
      const home = new Home(t)
        .program("web", { command: sleeper() })
        .program("other", { command: sleeper() });
      await home.usrsvcd();
      await up(home, "web", "other");
      const isDown = async (): Promise<void> => {
        await home.usrsvcd("reread"); // something happens, and all is looked at
        await stays("it is down", () => home.pid("web") === undefined, 300);
        assert.equal((await home.statusOf("web"))["state"], "stopped");
      };
      await withDaemonStopped(home, async () => {
        assert.equal((await home.usrsvc("stop", "web")).code, 0);
        lose(home); // before it was seen
      });
      await isDown();
      lose(home);
      await isDown();

      await home.usrsvcd("stop");
      lose(home);
      const status = await home.statusOf("web");
      assert.match(String(status["reason"]), /stopped by usrsvc/);
      await home.usrsvcd();
      await up(home, "other"); // by then all have been looked at
      assert.equal(home.pid("web"), undefined);
      assert.equal((await home.statusOf("web"))["state"], "stopped");
      assert.equal((await home.usrsvc("start", "web")).code, 0);
      await up(home, "web");
    });
  }
});

describe("what usrsvcd notices late", () => {
  test("a restart by hand: it is the old process whose end is told", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "web");
    const old = await home.running("web");
    await withDaemonStopped(home, async () => {
      const { code, err } = await home.usrsvc("restart", "--here", "web");
      assert.equal(code, 0, err);
    });
    const now = await home.running("web", old);
    await waitFor("the end to be told", () => told(home, "program.exited").length > 0);
    await waitFor("the new one to be held", () => told(home, "program.adopted").length > 0);
    await kill(now);
    await home.running("web", now);
    await settled(home, "web", 3);
    assert.deepEqual(
      told(home, "program.exited").map(({ pid }) => pid),
      [old, now],
    );
  });

  test("the end of a program right after its start by hand: it is told, and answered", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), autostart: "no" });
    await home.usrsvcd();
    let pid = 0;
    await withDaemonStopped(home, async () => {
      assert.equal((await home.usrsvc("start", "--here", "web")).code, 0);
      pid = await home.running("web");
      await kill(pid);
    });
    const [exited] = await waitFor("the end to be told", () => {
      const found = told(home, "program.exited", "web");
      return found.length > 0 && found;
    });
    assert.equal(exited?.pid, pid);
    const now = await home.running("web", pid);
    await up(home, "web");
    const { lastExit } = await home.statusOf("web");
    assert.equal((lastExit as { pid: number }).pid, pid);
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [now]);
  });
});

describe("a program whose section was removed", () => {
  test("is shown, is managed no more, and can be stopped, under usrsvcd", async (t) => {
    const home = new Home(t)
      .program("goes", { command: sleeper() })
      .program("stays", { command: sleeper() });
    await home.usrsvcd();
    const [pid] = await up(home, "goes", "stays");
    cleanUp(t, () => isAlive(pid) && process.kill(pid, "SIGKILL"));
    home.without("goes");
    await home.usrsvcd("reread");
    const { out, code } = await home.usrsvc("status");
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^goes +running +${pid} (.|\n)*in any configuration file`, "m"));
    const { problems } = await home.statusOf("goes");
    assert.match(String(problems), /usrsvc stop goes ends it/);
    const restart = await home.usrsvc("restart", "goes");
    assert.equal(restart.code, 133);
    assert.ok(isAlive(pid));
    const stop = await home.usrsvc("stop", "goes");
    assert.equal(stop.code, 0, stop.err);
    assert.ok(!isAlive(pid));
    assert.equal(home.pid("goes"), undefined, "its pidfile is gone");
    assert.deepEqual(
      (await home.status()).map((one) => one["program"]),
      ["stays"],
    );
    assert.equal((await home.usrsvc("stop", "goes")).code, 133);
  });

  test("is not started again, and is the same program should its section come back", async (t) => {
    const command = sleeper();
    const home = new Home(t).program("goes", { command }).program("stays", { command: sleeper() });
    await home.usrsvc("start", "all");
    const [pid] = await up(home, "goes", "stays");
    home.without("goes");
    assert.equal((await home.statusOf("goes"))["pid"], pid);
    // Another program with its words would take it over, as one that was renamed; `stays` does not.
    await home.usrsvcd();
    await settled(home, "stays");
    home.program("goes", { command });
    await home.usrsvcd("reread");
    await settled(home, "goes");
    assert.equal((await home.statusOf("goes"))["pid"], pid);
    home.without("goes");
    await home.usrsvcd("reread");
    await kill(pid);
    const [, ofStays] = [pid, home.pid("stays") ?? 0];
    await kill(ofStays);
    await home.running("stays", ofStays); // so much usrsvcd saw
    assert.equal(pids(home, /^\/bin\/sleep/).length, 1);
    assert.equal(
      (await home.usrsvc("status", "goes")).code,
      133,
      "dead, it is no program any more",
    );
  });
});

describe("programs of a file that is refused", () => {
  const refusals: readonly [what: string, spoil: (path: string, text: string) => void][] = [
    ["since others may write to it", (path) => chmodSync(path, 0o666)],
    [
      "since it is not UTF-8",
      (path, text) =>
        writeFileSync(
          path,
          Buffer.concat([Buffer.from("# caf\xe9\n", "latin1"), Buffer.from(text)]),
        ),
    ],
    ["since it cannot be read", (path) => rmSync(path)],
  ];

  test("are shown, spoil the exit code, and can be stopped", async (t) => {
    for (const [what, spoil] of refusals) {
      await t.test(what, async (t) => {
        const folder = tempDir(t);
        const home = new Home(t, `config_dir = ${folder}`).program("main", { command: sleeper() });
        const text = ["out", "down"]
          .map(
            (name) =>
              `[Program:${name}]\ncommand = ${sleeper()}\npidfile = ${home.file(`run/${name}.pid`)}\n` +
              `stdout = ${home.file(`log/${name}.log`)}\nsuccess_seconds = 0.3\n`,
          )
          .join("\n");
        const path = `${folder}/more.cfg`;
        writeFileSync(path, text, { mode: 0o600 });
        assert.equal((await home.usrsvc("start", "main", "out")).code, 0);
        const pid = await home.running("out");
        cleanUp(t, () => isAlive(pid) && process.kill(pid, "SIGKILL"));
        spoil(path, text);
        const all = await home.usrsvc("status");
        assert.match(all.out, new RegExp(`^out +running +${pid} `, "m"));
        assert.doesNotMatch(all.out, /^down/m, "what does not run is not known");
        // A file that is gone is as good as sections that were removed.
        assert.equal(all.code, what.includes("read") ? 0 : 1, all.err);
        const stop = await home.usrsvc("stop", "out");
        assert.equal(stop.code, 0, stop.err);
        assert.ok(!isAlive(pid));
        assert.ok(isAlive(home.pid("main") ?? 0));
      });
    }
  });

  test("stay under usrsvcd, which keeps what it had read", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "web");
    const pid = await home.running("web");
    home.text("bad", "[Program:bad\ncommand = x\n");
    assert.notEqual((await home.usrsvcd("reread")).code, 0);
    await kill(pid);
    await home.running("web", pid);
    home.without("bad");
  });
});
