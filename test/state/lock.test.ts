import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import fs, {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import { libc } from "../../proc/system/libc.ts";
import { programLock, tryLock, waitLock } from "../../src/state/lock.ts";
import { lockHolder, lockNote } from "../../src/state/lock-text.ts";
import { stateDir } from "../../src/state/state-dir.ts";
import { cleanUp } from "../support/clean-up.ts";
import { exitOf, killRef, lives, nodeScript, refOf } from "../support/processes.ts";
import { cannotMount, fill, smallDisk } from "../support/mounts.ts";
import { noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";
import { inTime, waitFor } from "../support/wait.ts";

type Kind = "koffi" | "flock(1)";
const kinds: readonly Kind[] = ["koffi", "flock(1)"];

interface Holder {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  next(): Promise<string>;
}

/** A process that asks for the lock at `path`. */
function ask(t: TestContext, kind: Kind, path: string): Holder {
  const env = kind === "koffi" ? {} : { USRSVC_NO_LIBC: "1" };
  const child = nodeScript(t, "hold-lock.ts", [path], { env, detached: true });
  assert.ok(child.stdout);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    next: async () => {
      const { value } = await inTime(lines.next(), "a line of the holder", 20_000);
      return String(value);
    },
  };
}

async function hold(t: TestContext, kind: Kind, path: string): Promise<Holder> {
  const holder = ask(t, kind, path);
  assert.equal(await holder.next(), "held");
  return holder;
}

async function isFree(path: string): Promise<boolean> {
  using lock = await tryLock(path);
  return lock !== undefined;
}

/** The lock gets free by itself, soon. */
async function getsFree(path: string): Promise<void> {
  using lock = await waitLock(path, 10_000, undefined);
  assert.ok(lock, "not free within 10 s");
}

for (const kind of kinds) {
  describe(`a lock held through ${kind}`, () => {
    test("keeps others out, and is free when it is let go", async (t) => {
      const path = join(tempDir(t), "lock");
      const holder = await hold(t, kind, path);
      assert.equal(await isFree(path), false);
      for (const other of kinds) assert.equal(await ask(t, other, path).next(), "busy", other);
      holder.child.stdin?.write("free\n");
      assert.equal(await holder.next(), "free");
      await getsFree(path);
    });

    test("is free at once when its holder is killed", async (t) => {
      const path = join(tempDir(t), "lock");
      const holder = await hold(t, kind, path);
      const killedAt = performance.now();
      holder.child.kill("SIGKILL");
      await exitOf(holder.child);
      await getsFree(path);
      const tookMs = performance.now() - killedAt;
      assert.ok(tookMs < 8000, `after ${tookMs} ms`);
    });

    test("is not handed on to the holder's children", async (t) => {
      const path = join(tempDir(t), "lock");
      const holder = await hold(t, kind, path);
      holder.child.stdin?.write("child\n");
      const left = refOf(Number(await holder.next()));
      cleanUp(t, () => killRef(left));
      holder.child.kill("SIGKILL");
      await getsFree(path);
      assert.ok(lives(left));
    });

    test("stays when Ctrl-C goes to the holder's process group, and the holder does not leave", async (t) => {
      const path = join(tempDir(t), "lock");
      const holder = await hold(t, kind, path);
      const group = -Number(holder.child.pid);
      process.kill(group, "SIGINT");
      // The holder answers only after it has had its SIGINT; a helper in its group would be gone.
      holder.child.stdin?.write("child\n");
      const left = refOf(Number(await holder.next()));
      cleanUp(t, () => killRef(left));
      assert.equal(await isFree(path), false);
    });

    test("tells who holds it", async (t) => {
      const path = join(tempDir(t), "lock");
      const { child } = await hold(t, kind, path);
      assert.match(lockHolder(path) ?? "", new RegExp(`pid ${child.pid}$`));
    });
  });
}

describe("tryLock", () => {
  test("keeps out a second one in the same process", async (t) => {
    const path = join(tempDir(t), "lock");
    {
      using first = await tryLock(path);
      assert.ok(first);
      assert.equal(await tryLock(path), undefined);
    }
    assert.equal(await isFree(path), true);
  });

  test("locks a file of mode 0600, and signs it", async (t) => {
    const path = join(tempDir(t), "lock");
    using lock = await tryLock(path);
    assert.ok(lock);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(path, "utf8").trim(), `usrsvc, pid ${process.pid}`);
    assert.equal(lockHolder(path), `usrsvc, pid ${process.pid}`);
  });

  test("hands a note on to who takes it next, until another one is written", async (t) => {
    const path = join(tempDir(t), "lock");
    const take = async (): Promise<string> => {
      using lock = await tryLock(path);
      assert.ok(lock);
      return lock.note;
    };
    assert.equal(lockNote(path), "");
    assert.equal(await take(), "");
    {
      using lock = await tryLock(path);
      lock?.writeNote("one note, and a long one");
    }
    assert.equal(await take(), "one note, and a long one");
    {
      using lock = await tryLock(path);
      lock?.writeNote("two");
      assert.equal(lockNote(path), "two");
    }
    assert.equal(await take(), "two");
    assert.equal(lockHolder(path), `usrsvc, pid ${process.pid}`);
    {
      using lock = await tryLock(path);
      lock?.writeNote("");
    }
    assert.equal(await take(), "");
  });

  test("on a full disk notes nothing before it has signed", { skip: cannotMount }, async (t) => {
    const disk = join(tempDir(t), "small");
    smallDisk(t, disk);
    const path = join(disk, "lock");
    const makeRoom = fill(disk);
    using lock = await tryLock(path);
    assert.equal(readFileSync(path, "utf8"), "", "there was no room");
    assert.throws(() => lock?.writeNote("a note"), { code: "ENOSPC" });
    makeRoom();
    lock?.writeNote("a note");
    assert.equal(lockHolder(path), `usrsvc, pid ${process.pid}`);
    assert.equal(lockNote(path), "a note");
  });

  test("finds no note in a file of another making", async (t) => {
    const path = join(tempDir(t), "lock");
    for (const text of ["", "x", "usrsvcd, pid 12\n", `${"y".repeat(40)}${"z".repeat(500)}`]) {
      writeFileSync(path, text);
      using lock = await tryLock(path);
      assert.match(lock?.note ?? "", /^z*$/);
    }
  });

  test("holds nothing when its note cannot be read", { skip: libc() === undefined }, async (t) => {
    const path = join(tempDir(t), "lock");
    writeFileSync(path, "");
    const before = readdirSync("/proc/self/fd").length;
    const read = t.mock.method(fs, "readSync", () => {
      throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
    });
    syncBuiltinESMExports();
    try {
      assert.throws(() => tryLock(path, true), { code: "EIO" });
    } finally {
      read.mock.restore();
      syncBuiltinESMExports();
    }
    assert.equal(readdirSync("/proc/self/fd").length, before);
    assert.ok(await isFree(path));
  });

  test("fails where there can be no lock file", async (t) => {
    const dir = tempDir(t);
    await assert.rejects(async () => await tryLock(join(dir, "none", "lock")), { code: "ENOENT" });
  });

  test("leaves the file, so that nobody locks one that is unlinked", async (t) => {
    const path = join(tempDir(t), "lock");
    assert.equal(await isFree(path), true);
    const { ino } = statSync(path);
    assert.equal(await isFree(path), true);
    assert.equal(statSync(path).ino, ino);
  });
});

describe("waitLock", () => {
  test("waits until the lock is free, and says so once", async (t) => {
    const path = join(tempDir(t), "lock");
    const held = await tryLock(path);
    assert.ok(held);
    let told = 0;
    const waiting = waitLock(path, 10_000, undefined, () => {
      told += 1;
    });
    await waitFor(() => told > 0, "it waits");
    held[Symbol.dispose]();
    using lock = await waiting;
    assert.ok(lock);
    assert.equal(told, 1);
  });

  test("says nothing when the lock is free", async (t) => {
    using lock = await waitLock(join(tempDir(t), "lock"), 0, undefined, () => assert.fail());
    assert.ok(lock);
  });

  test("gives up after its patience", async (t) => {
    const path = join(tempDir(t), "lock");
    using held = await tryLock(path);
    assert.ok(held);
    assert.equal(await waitLock(path, 50, undefined), undefined);
  });

  test("ends with its signal", async (t) => {
    const path = join(tempDir(t), "lock");
    using held = await tryLock(path);
    assert.ok(held);
    const controller = new AbortController();
    const waiting = waitLock(path, 10_000, controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, { message: "enough" });
  });
});

describe("a lock cannot be had, and keeps nobody waiting, where there is", () => {
  for (const { kind, make } of noFiles.filter((one) => one.kind !== "a folder")) {
    test(kind, async (t) => {
      const path = join(tempDir(t), "lock");
      make(path);
      await assert.rejects(async () => await tryLock(path), { message: /lock is not a file/ });
      assert.equal(lockHolder(path), undefined);
      assert.equal(lockNote(path), "");
    });
  }
});

describe("a lock is none of ours, and is left as it is, where it", () => {
  const skip = process.getuid?.() === 0 ? false : "only root can give files to other accounts";
  for (const mode of [0o600, 0o666]) {
    test(`belongs to another account, mode ${mode.toString(8)}`, { skip }, async (t) => {
      const path = join(tempDir(t), "lock");
      writeFileSync(path, "theirs\n");
      chmodSync(path, mode);
      chownSync(path, 65_534, 65_534);
      await assert.rejects(async () => await tryLock(path), {
        code: "EACCES",
        message: new RegExp(`^${path} belongs to \\S+, who could keep it locked: remove it$`),
      });
      assert.equal(statSync(path).mode & 0o777, mode);
      assert.equal(readFileSync(path, "utf8"), "theirs\n");
      rmSync(path);
      assert.ok(await isFree(path));
    });
  }

  test("is a second name of a file of ours", async (t) => {
    const path = join(tempDir(t), "lock");
    writeFileSync(`${path}.mine`, "mine\n", { mode: 0o644 });
    linkSync(`${path}.mine`, path);
    await assert.rejects(async () => await tryLock(path), {
      code: "EACCES",
      message: `${path} has a second name elsewhere (a hard link): remove it`,
    });
    assert.equal(statSync(path).mode & 0o777, 0o644);
    assert.equal(readFileSync(path, "utf8"), "mine\n");
    rmSync(path);
    assert.ok(await isFree(path));
  });
});

describe("what is in the place of a lock, and can be mended:", () => {
  test("a folder is set aside, with all that is in it", async (t) => {
    const path = join(tempDir(t), "lock");
    mkdirSync(join(path, "inner"), { recursive: true });
    using lock = await tryLock(path);
    assert.ok(lock !== undefined);
    assert.equal(await tryLock(path), undefined, "held");
    const aside = readdirSync(dirname(path)).find((file) => file.startsWith("lock.aside."));
    assert.deepEqual(readdirSync(join(dirname(path), aside ?? "")), ["inner"]);
  });

  test("a file that may not be read", async (t) => {
    const path = join(tempDir(t), "lock");
    writeFileSync(path, "", { mode: 0 });
    using lock = await tryLock(path);
    assert.ok(lock !== undefined);
  });
});

describe("lockHolder", () => {
  test("is undefined where nobody has signed", (t) => {
    const path = join(tempDir(t), "lock");
    assert.equal(lockHolder(path), undefined);
    writeFileSync(path, "\n");
    assert.equal(lockHolder(path), undefined);
  });
});

test("programLock cannot lead out of the folder of locks", () => {
  assert.equal(programLock(stateDir("/s"), "../../x"), "/s/locks/%2E.%2F..%2Fx");
});
