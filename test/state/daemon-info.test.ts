import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { procReader } from "../../proc/reader.ts";
import {
  findDaemon,
  livingDaemon,
  type LivingDaemon,
  placeNote,
} from "../../src/state/daemon-alive.ts";
import { readDaemonInfo, unitOf } from "../../src/state/daemon-info.ts";
import { tryLock } from "../../src/state/lock.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { cleanUp } from "../support/clean-up.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { cannotMount, smallDisk } from "../support/mounts.ts";
import { refOf, sleeper } from "../support/processes.ts";
import { makeHugeFile, noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";

const info = {
  process: { pid: 10, startTime: 100 },
  boot: "boot",
  since: "2024-01-01T00:00:00.000Z",
  version: "2.0.0",
  config: "/home/a/usrsvc.cfg",
  stateDir: undefined,
  pidfile: "/home/a/usrsvcd.pid",
  log: "stdout",
  unit: "system" as const,
  endsPrograms: true,
  rereads: 2,
  lastReread: undefined,
  troubles: [],
  setAside: ["web"],
  programs: ["api", "db"],
};

describe("readDaemonInfo", () => {
  test("reads what usrsvcd wrote", (t) => {
    const path = join(tempDir(t), "info");
    writeFileSync(path, JSON.stringify(info));
    assert.deepEqual(readDaemonInfo(path, "boot"), info);
  });

  test("is undefined without a file, of another boot, and of what is no such text", (t) => {
    const path = join(tempDir(t), "info");
    assert.equal(readDaemonInfo(path, "boot"), undefined);
    const texts = ["", "{", "null", "[]", "{}", JSON.stringify({ ...info, process: { pid: "1" } })];
    for (const text of texts) {
      writeFileSync(path, text);
      assert.equal(readDaemonInfo(path, "boot"), undefined, text);
    }
    writeFileSync(path, JSON.stringify(info));
    assert.equal(readDaemonInfo(path, "next-boot"), undefined);
  });

  test("leaves out what makes no sense, and believes the rest", (t) => {
    const path = join(tempDir(t), "info");
    const lastReread = {
      at: "2024",
      ok: false,
      added: [],
      removed: [],
      changed: [],
      problems: ["x"],
    };
    for (const [key, value, read] of [
      ["setAside", 5, []],
      ["programs", ["a", null], undefined],
      ["rereads", -1, 0],
      ["lastReread", lastReread, lastReread],
      ["lastReread", { ...lastReread, problems: undefined }, undefined],
      ["lastReread", { ...lastReread, problems: "x" }, undefined],
      ["lastReread", { ...lastReread, ok: 1 }, undefined],
      ["lastReread", null, undefined],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...info, [key]: value }));
      assert.deepEqual(readDaemonInfo(path, "boot"), { ...info, [key]: read }, key);
    }
  });
});

describe("readDaemonInfo, where a program put something else,", () => {
  for (const { kind, make } of noFiles) {
    test(`does not wait for ${kind}`, (t) => {
      const path = join(tempDir(t), "info");
      make(path);
      assert.equal(readDaemonInfo(path, "boot"), undefined);
    });
  }

  test("reads no 10 GB", (t) => {
    const path = join(tempDir(t), "info");
    makeHugeFile(path, JSON.stringify(info));
    assert.equal(readDaemonInfo(path, "boot"), undefined);
  });
});

describe("livingDaemon", () => {
  test("is the process on record, and no other that got its pid", (t) => {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    writeFileSync(state.daemonFile, JSON.stringify(info));
    assert.equal(livingDaemon(state, new FakeProc({ pid: 10, startTime: 100 }))?.process.pid, 10);
    assert.equal(livingDaemon(state, new FakeProc({ pid: 10, startTime: 101 })), undefined);
    assert.equal(livingDaemon(state, new FakeProc()), undefined);
    const zombie = new FakeProc({ pid: 10, startTime: 100, state: "Z" });
    assert.equal(livingDaemon(state, zombie), undefined);
  });
});

describe("findDaemon", () => {
  const proc = procReader();
  const me = refOf(process.pid);

  const find = (state: StateDir): LivingDaemon | undefined =>
    findDaemon({ state, proc, config: "/nowhere/usrsvc.cfg" });

  const deleted = (state: StateDir): LivingDaemon["astray"] => ({ kind: "deleted", state });

  function newState(t: TestContext): StateDir {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    return state;
  }

  test("finds the one that has told of itself", (t) => {
    const state = newState(t);
    const own = { ...info, process: me, boot: proc.bootId() };
    writeFileSync(state.daemonFile, JSON.stringify(own));
    assert.deepEqual(find(state), { process: me, info: own });
  });

  test("finds the one that has signed the lock and has it open", async (t) => {
    const state = newState(t);
    assert.equal(find(state), undefined);
    const lock = await tryLock(state.daemonLock, true);
    const signature = `usrsvcd, pid ${process.pid}`.padEnd(39);
    writeFileSync(state.daemonLock, `${signature}\n`); // the test itself is called otherwise
    assert.deepEqual(find(state), { process: me, info: undefined });
    const old = { ...info, boot: proc.bootId(), process: { pid: 1, startTime: 1 } };
    writeFileSync(state.daemonFile, JSON.stringify(old));
    assert.deepEqual(find(state)?.process, me, "of an earlier one");
    lock?.[Symbol.dispose]();
    assert.equal(find(state), undefined, "it has let go");
  });

  test("is not misled by a pid that is another's, nor by another signature", async (t) => {
    const state = newState(t);
    using _ = await tryLock(state.daemonLock, true);
    const { process: other } = sleeper(t);
    const dead = 2 ** 22 + 1;
    const signatures = [
      `usrsvcd, pid ${other.pid}`,
      `usrsvcd, pid ${dead}`,
      `usrsvc, pid ${process.pid}`,
      `usrsvcd, pid ${process.pid}0`,
      "usrsvcd, pid 1",
      "usrsvcd, pid 0",
      "pid 17",
    ];
    for (const signature of signatures) {
      writeFileSync(state.daemonLock, `${signature.padEnd(39)}\n`);
      assert.equal(find(state), undefined, signature);
    }
  });

  for (const [what, text] of Object.entries({
    "on a disk that was full": "",
    "before it got room for the note": `${"\0".repeat(40)}/home/me/pid 12/state`,
    "over which somebody has written blanks": `${" ".repeat(39)}\n`,
    "over which somebody has written something": "hello\n",
  })) {
    test(`finds the one without a signature, ${what}`, async (t) => {
      const state = newState(t);
      writeFileSync(state.daemonLock, text);
      assert.equal(find(state), undefined, "nobody has it");
      const lock = await tryLock(state.daemonLock, true);
      writeFileSync(state.daemonLock, text);
      assert.deepEqual(find(state), { process: me, info: undefined });
      lock?.[Symbol.dispose]();
      assert.equal(find(state), undefined, "it has let go");
    });
  }

  /** Of a usrsvcd that has its state folder elsewhere by now, where it is deleted. */
  async function lose(t: TestContext, state: StateDir, note: string): Promise<StateDir> {
    const lock = await tryLock(state.daemonLock, true);
    cleanUp(t, () => lock?.[Symbol.dispose]());
    lock?.writeNote(note);
    const text = readFileSync(state.daemonLock, "utf8");
    const signature = `usrsvcd, pid ${process.pid}`.padEnd(39);
    writeFileSync(state.daemonLock, signature + text.slice(signature.length)); // the test itself is called otherwise
    const away = stateDir(`${state.path}.away`);
    renameSync(state.path, away.path);
    rmSync(away.path, { recursive: true });
    return away;
  }

  for (const [what, name] of Object.entries({
    "of any name": "state",
    "of a name with other letters and blanks": "日本 語 ",
    "of a name longer than a note": "long".repeat(60),
  })) {
    test(`finds the one whose state folder ${what} was moved, and then deleted`, async (t) => {
      const state = stateDir(join(tempDir(t), name));
      makeStateDir(state);
      const away = await lose(t, state, placeNote(state));
      assert.deepEqual(find(state), { process: me, info: undefined, astray: deleted(state) });
      assert.equal(find(away), undefined, "it was there, and is that of the other");
    });
  }

  test("takes it for that of no other folder whose path ends in the same words", async (t) => {
    const long = ["long".repeat(50), "end".repeat(50)];
    const [state, other] = ["a", "b"].map((name) => stateDir(join(tempDir(t), name, ...long)));
    assert.ok(state && other);
    makeStateDir(state);
    await lose(t, state, placeNote(state));
    assert.equal(find(other), undefined);
    assert.deepEqual(find(state)?.astray, deleted(state));
  });

  for (const [what, command, isFound] of [
    ["finds that of another process", [], true],
    ["is not misled by a container with a folder of the same path", ["unshare", "-m"], false],
  ] as const) {
    test(`${what}, deleted`, { skip: command.length > 0 && cannotMount }, async (t) => {
      const state = newState(t);
      writeFileSync(state.daemonLock, "");
      const words = [...command, "flock", "--no-fork", state.daemonLock, "sleep", "1000"];
      const child = spawn(words[0] ?? "", words.slice(1));
      cleanUp(t, () => void child.kill("SIGKILL"));
      await waitFor(() => find(state)?.process.pid === child.pid, "the lock to be taken");
      writeFileSync(state.daemonLock, `usrsvcd, pid ${child.pid}`.padEnd(39) + "\n");
      rmSync(state.path, { recursive: true });
      assert.equal(find(state)?.process.pid, isFound ? child.pid : undefined);
    });
  }

  test("goes by the place of a deleted folder where nothing could be noted", async (t) => {
    const state = newState(t);
    const away = await lose(t, state, "");
    assert.equal(find(state), undefined);
    assert.deepEqual(find(away)?.astray, deleted(away));
  });

  test(
    "tells locks apart whose files have one number, on two disks",
    { skip: cannotMount },
    async (t) => {
      const holders = ["a", "b"].map((name) => {
        const path = join(tempDir(t), name);
        smallDisk(t, path);
        const state = stateDir(path);
        makeStateDir(state);
        writeFileSync(state.daemonLock, ""); // a full disk leaves it without a signature
        const child = spawn("flock", ["--no-fork", state.daemonLock, "sleep", "1000"]);
        cleanUp(t, () => void child.kill("SIGKILL"));
        return { state, pid: child.pid, inode: statSync(state.daemonLock).ino };
      });
      assert.equal(new Set(holders.map(({ inode }) => inode)).size, 1);
      for (const { state, pid } of holders) {
        await waitFor(() => find(state)?.process.pid === pid, `the holder ${pid}`);
      }
    },
  );

  for (const { kind, make } of noFiles) {
    test(`does not wait for a lock that is ${kind}`, (t) => {
      const state = newState(t);
      make(state.daemonLock);
      assert.equal(find(state), undefined);
    });
  }
});

test("unitOf tells which systemd runs it", () => {
  assert.equal(unitOf({}), undefined);
  assert.equal(unitOf({ NOTIFY_SOCKET: "/x" }), "system");
  assert.equal(unitOf({ NOTIFY_SOCKET: "/x", MANAGERPID: "1" }), "system");
  assert.equal(unitOf({ NOTIFY_SOCKET: "/x", MANAGERPID: "77" }), "user");
});
