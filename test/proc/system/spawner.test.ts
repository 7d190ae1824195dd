import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { constants as os, getPriority } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { Epoll } from "../../../proc/system/epoll.ts";
import type { Exit } from "../../../proc/exit.ts";
import { type Libc, libc } from "../../../proc/system/libc.ts";
import type { ProcessRef } from "../../../proc/pid.ts";
import { hasPidfd, PidfdWatcher } from "../../../proc/system/pidfd.ts";
import { PollingWatcher } from "../../../proc/system/polling.ts";
import { procReader, statIfAny } from "../../../proc/reader.ts";
import { isDead } from "../../../proc/stat.ts";
import { NativeSpawner } from "../../../proc/system/native-spawner.ts";
import { NodeSpawner } from "../../../proc/system/node-spawner.ts";
import { HELD_FD, type Spawner, type SpawnOrder } from "../../../proc/system/spawner.ts";
import { Semaphore } from "../../../src/lib/semaphore.ts";
import type { ProcessHandle, ProcessWatcher } from "../../../proc/system/process-handle.ts";
import { softOpenFiles } from "../../support/open-files.ts";
import { cleanUp } from "../../support/clean-up.ts";
import { inheritableDescriptor } from "../../support/inheritable.ts";
import { hangOnOpen } from "../../support/lease.ts";
import { exitOf, killRef, statusField } from "../../support/processes.ts";
import { tempDir, writeScript } from "../../support/temp-dir.ts";
import { inTime, waitFor } from "../../support/wait.ts";

const reader = procReader();
const c = libc();
const skip = c === undefined || !hasPidfd(c) ? "no pidfd on this machine" : false;

/** A spawner, the watcher that has its children, and a folder with a log for them. */
interface Scene {
  readonly dir: string;
  readonly spawner: Spawner;
  readonly watcher: ProcessWatcher;
  order(argv: SpawnOrder["argv"], more?: Partial<SpawnOrder>): SpawnOrder;
  /** Killed after the test. */
  spawn(argv: SpawnOrder["argv"], more?: Partial<SpawnOrder>): Promise<ProcessHandle>;
  /** What the children have written so far. */
  said(): string;
}

type Tools = Pick<Scene, "spawner" | "watcher">;

function ready(): Libc {
  assert.ok(c);
  return c;
}

function native(t: TestContext, libcOfIt = ready(), patienceMs?: number): Tools {
  const epoll = new Epoll(ready());
  cleanUp(t, () => epoll[Symbol.dispose]());
  const watcher = new PidfdWatcher(ready(), epoll, reader);
  cleanUp(t, () => watcher[Symbol.dispose]());
  return { watcher, spawner: new NativeSpawner(libcOfIt, watcher, reader, patienceMs) };
}

function byNode(t: TestContext): Tools {
  const watcher = new PollingWatcher(reader, 10);
  cleanUp(t, () => watcher[Symbol.dispose]());
  return { watcher, spawner: new NodeSpawner(watcher, reader) };
}

function scene(t: TestContext, { spawner, watcher }: Tools): Scene {
  const dir = tempDir(t);
  const { O_WRONLY, O_APPEND, O_CREAT } = constants;
  const log = openSync(join(dir, "log"), O_WRONLY | O_APPEND | O_CREAT, 0o600);
  cleanUp(t, () => closeSync(log));
  const order: Scene["order"] = (argv, more) => ({
    file: argv[0],
    argv,
    env: ["PATH=/usr/bin:/bin"],
    directory: dir,
    stdout: log,
    stderr: log,
    openFiles: undefined,
    ...more,
  });
  return {
    dir,
    spawner,
    watcher,
    order,
    async spawn(argv, more) {
      const watch = await spawner.spawn(order(argv, more));
      const { ref } = watch;
      await hasArguments(ref);
      cleanUp(t, async () => {
        killRef(ref);
        await waitFor(
          () => statIfAny(reader, ref.pid)?.startTime !== ref.startTime,
          "it is reaped",
        );
      });
      return watch;
    },
    said: () => readFileSync(join(dir, "log"), "utf8"),
  };
}

/**
 * The kernel lets go of who spawns when the old memory is left; arguments and environment are not in the
 * new one yet then, and /proc shows neither for some µs, or longer on a machine that has other work.
 */
async function hasArguments({ pid, startTime }: ProcessRef): Promise<void> {
  await waitFor(() => {
    const stat = statIfAny(reader, pid);
    const isOver = stat?.startTime !== startTime || isDead(stat);
    return isOver || reader.cmdline(pid).length > 0;
  }, "it has its arguments");
}

const shell = (line: string): SpawnOrder["argv"] => ["/bin/sh", "-c", line];
const SLEEP = ["/bin/sleep", "600"] as const;

/** Ours that have ended and were not waited for. */
function zombies(): readonly number[] {
  return reader.pids().filter((pid) => {
    const stat = statIfAny(reader, pid);
    return stat?.ppid === process.pid && stat.state === "Z";
  });
}

/** What a process has open once it runs: before, its loader opens libraries. */
async function descriptorsOf({ pid }: ProcessRef): Promise<readonly string[]> {
  await waitFor(() => statusField(pid, "State").startsWith("S"), "it sleeps");
  return readdirSync(`/proc/${pid}/fd`).map(
    (fd) => `${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`,
  );
}

function children(): readonly number[] {
  return reader.pids().filter((pid) => statIfAny(reader, pid)?.ppid === process.pid);
}

function flagsOf(path: string): number {
  return Number.parseInt(/^flags:\s+(\d+)/m.exec(readFileSync(path, "utf8"))?.[1] ?? "", 8);
}

const kinds: readonly [name: string, skip: string | false, make: (t: TestContext) => Tools][] = [
  ["NativeSpawner", skip, (t) => native(t)],
  ["NodeSpawner", false, byNode],
];

for (const [name, reason, make] of kinds) {
  describe(`${name}, of what a child is`, { skip: reason }, () => {
    test("is the program itself once that shows, and a child of ours", async (t) => {
      const made = scene(t, make(t));
      const { ref } = await made.spawn(SLEEP);
      assert.deepEqual(reader.cmdline(ref.pid), SLEEP);
      assert.deepEqual(reader.alive(ref.pid), ref);
      assert.equal(reader.stat(ref.pid).ppid, process.pid);
    });

    test("leads a session and a process group", async (t) => {
      const { ref } = await scene(t, make(t)).spawn(SLEEP);
      const { pgrp, session } = reader.stat(ref.pid);
      assert.deepEqual([pgrp, session], [ref.pid, ref.pid]);
    });

    test("has no signal blocked, ignored or caught, whatever we do", async (t) => {
      const ignore = (): void => {};
      process.on("SIGUSR2", ignore);
      cleanUp(t, () => process.off("SIGUSR2", ignore));
      const { ref } = await scene(t, make(t)).spawn(SLEEP);
      for (const field of ["SigIgn", "SigBlk", "SigCgt"]) {
        assert.match(statusField(ref.pid, field), /^0+$/, field);
      }
    });

    test("has descriptors 0, 1 and 2 alone: nothing to read, and what it was given", async (t) => {
      const made = scene(t, make(t));
      const { dir } = made;
      const errors = openSync(join(dir, "errors"), "a");
      cleanUp(t, () => closeSync(errors));
      const { ref } = await made.spawn(SLEEP, { stderr: errors });
      assert.deepEqual(await descriptorsOf(ref), [
        "0 /dev/null",
        `1 ${join(dir, "log")}`,
        `2 ${join(dir, "errors")}`,
      ]);
    });

    test("appends to its logs, and waits where it cannot write yet", async (t) => {
      const { ref } = await scene(t, make(t)).spawn(SLEEP);
      const { O_APPEND, O_NONBLOCK } = constants;
      for (const fd of [1, 2]) {
        const flags = flagsOf(`/proc/${ref.pid}/fdinfo/${fd}`);
        assert.deepEqual([flags & O_APPEND, flags & O_NONBLOCK], [O_APPEND, 0], `fd ${fd}`);
      }
    });

    test("has the environment that it was given, to the letter, and nothing of ours", async (t) => {
      const env = ["A=b", "my.key=x=y\nz", "1=", "PATH=/nowhere", "__proto__=p"];
      const { ref } = await scene(t, make(t)).spawn(SLEEP, { env });
      const found = readFileSync(`/proc/${ref.pid}/environ`, "utf8").split("\0").slice(0, -1);
      assert.deepEqual(found.toSorted(), env.toSorted());
    });

    test("is in its folder, from which a relative file counts", async (t) => {
      const made = scene(t, make(t));
      const { dir } = made;
      const inner = join(dir, "inner");
      mkdirSync(inner);
      writeScript(inner, "app", "#!/bin/sh\nexec sleep 600\n");
      const { ref } = await made.spawn(["./app"], { directory: inner });
      assert.equal(readlinkSync(`/proc/${ref.pid}/cwd`), inner);
    });

    test("is in our folder where none is asked for", async (t) => {
      const { ref } = await scene(t, make(t)).spawn(SLEEP, { directory: undefined });
      assert.equal(readlinkSync(`/proc/${ref.pid}/cwd`), process.cwd());
    });

    test("has words of any kind, and a first one that is not its file", async (t) => {
      const words = ["a name", "", " ", "$HOME", "it's\n", '"', "é\u0081", "-n", "*"];
      const argv = ["a name", "-c", "sleep 600; :", ...words.slice(1)] as const;
      const { ref } = await scene(t, make(t)).spawn(argv, { file: "/bin/sh" });
      assert.deepEqual(reader.cmdline(ref.pid), argv);
    });

    test("is held until it has its attributes, and is then what it was to be, with no descriptor more", async (t) => {
      const made = scene(t, make(t));
      const line = `read -r _ <&${HELD_FD} || exit 126; exec ${HELD_FD}<&-; exec sleep 600`;
      const { ref } = await made.spawn(shell(line), { held: { nice: 4 } });
      await waitFor(() => reader.cmdline(ref.pid)[0] === "sleep", "it goes on");
      assert.equal(getPriority(ref.pid), 4);
      assert.equal((await descriptorsOf(ref)).length, 3);
    });

    test("is none where it cannot be set up: what was held is ended", async (t) => {
      const made = scene(t, make(t));
      const before = children();
      const line = `read -r _ <&${HELD_FD} || exit 126; echo it went on`;
      const order = made.order(shell(line), { held: { oomScoreAdj: 5000 } });
      await assert.rejects(made.spawner.spawn(order), { name: "AttributeError", code: "EINVAL" });
      await waitFor(() => children().every((pid) => before.includes(pid)), "it is gone");
      assert.equal(made.said(), "");
    });

    test("keeps our umask", async (t) => {
      const { ref } = await scene(t, make(t)).spawn(SLEEP);
      assert.equal(Number.parseInt(statusField(ref.pid, "Umask"), 8), process.umask());
    });
  });

  describe(`${name}, of how a child ends`, { skip: reason }, () => {
    const ends: readonly [line: string, want: Exit][] = [
      ["exit 0", { kind: "code", code: 0 }],
      ["exit 3", { kind: "code", code: 3 }],
      ["exit 255", { kind: "code", code: 255 }],
      ["kill -TERM $$", { kind: "signal", signal: "SIGTERM", coreDumped: false }],
      ["kill -KILL $$", { kind: "signal", signal: "SIGKILL", coreDumped: false }],
      ["ulimit -c 0; kill -ABRT $$", { kind: "signal", signal: "SIGABRT", coreDumped: false }],
    ];
    for (const [line, want] of ends) {
      test(`tells of one that ends at once: ${line}`, async (t) => {
        const watch = await scene(t, make(t)).spawn(shell(line));
        assert.deepEqual(await inTime(watch.exited, "its end"), want);
      });
    }

    test("tells all who watch, the later ones too, and not who watches no more", async (t) => {
      const made = scene(t, make(t));
      const first = await made.spawn(
        shell("trap 'exit 6' TERM; echo up; while :; do sleep 0.02; done"),
      );
      await waitFor(() => made.said() === "up\n", "it is up");
      const others = Array.from({ length: 20 }, () => made.watcher.open(first.ref));
      const released = made.watcher.open(first.ref);
      let toldReleased = false;
      void released?.exited.then(() => (toldReleased = true));
      released?.[Symbol.dispose]();
      assert.equal(first.signal("SIGTERM"), true);
      const exits = await inTime(
        Promise.all([first, ...others].map(async (watch) => await watch?.exited)),
        "its end",
      );
      assert.deepEqual(
        exits,
        exits.map(() => ({ kind: "code", code: 6 })),
      );
      assert.equal(toldReleased, false);
      await waitFor(() => made.watcher.open(first.ref) === undefined, "there is nothing to watch");
    });

    test("says that it is gone to whoever signals it then", async (t) => {
      const watch = await scene(t, make(t)).spawn(shell("exit 0"));
      await inTime(watch.exited, "its end");
      assert.equal(watch.signal("SIGTERM"), false);
    });

    test("leaves no zombie when nobody watches", async (t) => {
      const watch = await scene(t, make(t)).spawn(SLEEP);
      watch[Symbol.dispose]();
      process.kill(watch.ref.pid, "SIGKILL");
      await waitFor(() => statIfAny(reader, watch.ref.pid) === undefined, "it is waited for");
    });

    test("does not take away what Node is told of its own children, nor the other way round", async (t) => {
      const made = scene(t, make(t));
      const rounds = Array.from({ length: 40 }, (_, index) => index);
      const codes = await Promise.all(
        rounds.map(async (code) => {
          const theirs = spawn("/bin/sh", ["-c", `exit ${code}`], { stdio: "ignore" });
          const ours = await made.spawner.spawn(made.order(shell(`exit ${code + 100}`)));
          return [await exitOf(theirs), await inTime(ours.exited, "an end")];
        }),
      );
      assert.deepEqual(
        codes,
        rounds.map((code) => [code, { kind: "code", code: code + 100 }]),
      );
    });
  });

  describe(`${name}, of what cannot be`, { skip: reason }, () => {
    const refused: readonly [
      what: string,
      code: string,
      order: (dir: string) => Partial<SpawnOrder>,
    ][] = [
      ["a file that is not there", "ENOENT", (dir) => ({ file: join(dir, "none") })],
      ["a folder that is not there", "ENOENT", (dir) => ({ directory: join(dir, "none") })],
      ["a folder that is a file", "ENOTDIR", (dir) => ({ directory: join(dir, "log") })],
      ["a file below a file", "ENOTDIR", (dir) => ({ file: join(dir, "log", "app") })],
      ["a file that is not executable", "EACCES", (dir) => ({ file: join(dir, "log") })],
      ["a file that is a folder", "EACCES", (dir) => ({ file: dir })],
      ["an interpreter that is not there", "ENOENT", (dir) => ({ file: join(dir, "odd") })],
      ["a word that is too long", "E2BIG", () => ({ argv: ["x", "y".repeat(200_000)] })],
    ];
    for (const [what, code, order] of refused) {
      test(`rejects ${what} with ${code}, and makes nothing`, async (t) => {
        const made = scene(t, make(t));
        writeScript(made.dir, "odd", "#!/no/such/interpreter\n");
        const before = readdirSync("/proc/self/fd").length;
        await assert.rejects(made.spawner.spawn(made.order(["/bin/true"], order(made.dir))), {
          code,
        });
        assert.deepEqual(zombies(), []);
        assert.ok(readdirSync("/proc/self/fd").length <= before + 1); // that of the thread's epoll
      });
    }
  });
}

describe("NativeSpawner", { skip }, () => {
  test("gives a child none of our descriptors, even such as are inheritable", async (t) => {
    const made = scene(t, native(t));
    inheritableDescriptor(t);
    inheritableDescriptor(t);
    const { ref } = await made.spawn(SLEEP);
    const log = join(made.dir, "log");
    assert.deepEqual(await descriptorsOf(ref), ["0 /dev/null", `1 ${log}`, `2 ${log}`]);
  });

  test("leaves no zombie of 1,000 that end at once, and gives back all descriptors", async (t) => {
    const made = scene(t, native(t));
    await inTime((await made.spawner.spawn(made.order(["/bin/true"]))).exited, "the first");
    const before = readdirSync("/proc/self/fd").length;
    const turns = new Semaphore(8);
    const exits = await inTime(
      Promise.all(
        Array.from({ length: 1000 }, async () => {
          const endTurn = await turns.take();
          const watch = await made.spawner.spawn(made.order(["/bin/true"])).finally(endTurn);
          return await watch.exited;
        }),
      ),
      "the end of all",
      60_000,
    );
    assert.ok(exits.every((exit) => exit.kind === "code" && exit.code === 0));
    assert.deepEqual(zombies(), []);
    assert.ok(readdirSync("/proc/self/fd").length <= before);
  });

  test("tells of a core dump", async (t) => {
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8").trim();
    if (!/^[\w.%]+$/.test(pattern)) return t.skip("cores go elsewhere on this machine");
    const made = scene(t, native(t));
    const watch = await made.spawn(shell("ulimit -c unlimited && kill -ABRT $$"));
    const exit = await inTime(watch.exited, "its end");
    const hasCore = readdirSync(made.dir).some((file) => file.startsWith("core"));
    assert.deepEqual(exit, { kind: "signal", signal: "SIGABRT", coreDumped: hasCore });
  });

  test("gives a child the soft limit of open files that is asked for, and keeps ours", async (t) => {
    const made = scene(t, native(t));
    const ours = softOpenFiles("self");
    const { ref } = await made.spawn(SLEEP, { openFiles: 777 });
    assert.equal(softOpenFiles(ref.pid), 777);
    assert.equal(softOpenFiles("self"), ours);
    const { ref: other } = await made.spawn(SLEEP);
    assert.equal(softOpenFiles(other.pid), ours);
  });

  test("has our own limit back when several under way are done, those that fail included", async (t) => {
    const made = scene(t, native(t));
    const ours = softOpenFiles("self");
    const all = await Promise.allSettled(
      Array.from({ length: 16 }, async (_, index) => {
        const file = index % 4 === 3 ? "/none/such" : SLEEP[0];
        return await made.spawn(SLEEP, { file, openFiles: 777 });
      }),
    );
    const limits = all.map((one) =>
      one.status === "fulfilled" ? softOpenFiles(one.value.ref.pid) : "failed",
    );
    assert.deepEqual(
      limits,
      limits.map((_, index) => (index % 4 === 3 ? "failed" : 777)),
    );
    assert.equal(softOpenFiles("self"), ours);
  });

  test("does not lower the limit below what we need meanwhile", (t) => {
    const { spawner } = native(t);
    assert.equal(spawner.limitsOpenFiles(777, 20), true);
    assert.equal(spawner.limitsOpenFiles(777, 700), false);
    assert.equal(spawner.limitsOpenFiles(64, 20), false);
    const ours = softOpenFiles("self");
    if (ours !== undefined) assert.equal(spawner.limitsOpenFiles(ours, ours - 1), true);
  });

  test("gives up what hangs in its exec, ends it, and goes on with others", async (t) => {
    const made = scene(t, native(t, ready(), 500));
    const file = writeScript(made.dir, "app", "#!/bin/sh\necho it ran\n");
    if (!hangOnOpen(t, file)) return t.skip("no leases on this file system");
    const before = children(); // such as what compiles the tests
    const hung = made.spawner.spawn(made.order([file]));
    let isGivenUp = false;
    hung.catch(() => (isGivenUp = true));
    const quick = await made.spawn(SLEEP);
    assert.equal(isGivenUp, false, "others do not wait for it");
    await assert.rejects(inTime(hung, "the end of patience"), { code: "ETIMEDOUT" });
    const others = [...before, quick.ref.pid];
    await waitFor(() => children().every((pid) => others.includes(pid)), "nothing of it is left");
    assert.equal(made.said(), "");
    const next = await made.spawn(shell("exit 5"));
    assert.deepEqual(await inTime(next.exited, "its end"), { kind: "code", code: 5 });
  });

  test("makes nothing more when six can neither be executed nor killed", async (t) => {
    const never: ((pid: number) => void)[] = [];
    const stuck: Libc = { ...ready(), spawnLater: (_call, done) => void never.push(done) };
    const made = scene(t, native(t, stuck, 10));
    const attempt = async (): Promise<unknown> => await made.spawner.spawn(made.order(SLEEP));
    const six = Array.from({ length: 6 }, attempt);
    for (const one of six) await assert.rejects(one, { code: "ETIMEDOUT" });
    await assert.rejects(attempt(), { code: "ETIMEDOUT" });
    assert.equal(never.length, 6);
    never[0]?.(-1); // the first one's thread is free again
    const seventh = attempt();
    assert.equal(never.length, 7);
    never[6]?.(-os.errno.ENOENT);
    await assert.rejects(seventh, { code: "ENOENT" });
  });
});

describe("NodeSpawner", () => {
  test("leaves limits to the shell, and enters folders", (t) => {
    const { spawner } = byNode(t);
    assert.equal(spawner.limitsOpenFiles(777, 3), false);
    assert.equal(spawner.entersFolders, true);
  });

  test("makes what waits no longer where a log is given to it that does not wait", async (t) => {
    const made = scene(t, byNode(t));
    const path = join(made.dir, "quick");
    writeFileSync(path, "");
    const { O_WRONLY, O_APPEND, O_NONBLOCK } = constants;
    const quick = openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK);
    cleanUp(t, () => closeSync(quick));
    const { ref } = await made.spawn(SLEEP, { stdout: quick, stderr: quick });
    for (const fd of [1, 2]) {
      assert.equal(flagsOf(`/proc/${ref.pid}/fdinfo/${fd}`) & O_NONBLOCK, 0, `fd ${fd}`);
    }
  });
});
