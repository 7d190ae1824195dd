import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import type { Exit } from "../../../proc/exit.ts";
import { Epoll } from "../../../proc/system/epoll.ts";
import { type Libc, libc } from "../../../proc/system/libc.ts";
import type { Pid, ProcessRef, Ticks } from "../../../proc/pid.ts";
import { hasPidfd, PidfdWatcher, tellsEnds } from "../../../proc/system/pidfd.ts";
import { PollingWatcher } from "../../../proc/system/polling.ts";
import { procReader } from "../../../proc/reader.ts";
import { Reaper } from "../../../proc/system/reaper.ts";
import { NativeSpawner } from "../../../proc/system/native-spawner.ts";
import { NodeSpawner } from "../../../proc/system/node-spawner.ts";
import type { Spawner } from "../../../proc/system/spawner.ts";
import type { ProcessWatcher } from "../../../proc/system/process-handle.ts";
import { cleanUp } from "../../support/clean-up.ts";
import { child, exitOf, orphan, output, refOf, statusField } from "../../support/processes.ts";
import { inTime, waitFor } from "../../support/wait.ts";

const reader = procReader();
const c = libc();
const skip = c === undefined || !hasPidfd(c) ? "no pidfd on this machine" : false;

interface Parts {
  readonly watcher: ProcessWatcher;
  readonly spawner: Spawner;
  readonly reaper: Reaper;
}

/** As on a kernel before 6.13. */
function older(): Libc {
  assert.ok(c);
  return { ...c, ioctl: () => -1 };
}

/** This test is a child subreaper for as long as it lasts. */
function reaping(t: TestContext, make = pidfdParts): Parts {
  const libcOfIt = older();
  assert.equal(libcOfIt.setSubreaper(true), 0);
  cleanUp(t, () => void libcOfIt.setSubreaper(false));
  const { watcher, spawner } = make(t, libcOfIt);
  const reaper = new Reaper(libcOfIt, watcher, spawner);
  cleanUp(t, () => reaper[Symbol.dispose]());
  return { watcher, spawner, reaper };
}

function pidfdParts(t: TestContext, libcOfIt: Libc): Omit<Parts, "reaper"> {
  const epoll = new Epoll(libcOfIt);
  const watcher = new PidfdWatcher(libcOfIt, epoll, reader);
  cleanUp(t, () => {
    watcher[Symbol.dispose]();
    epoll[Symbol.dispose]();
  });
  return { watcher, spawner: new NativeSpawner(libcOfIt, watcher, reader) };
}

function pollingParts(t: TestContext): Omit<Parts, "reaper"> {
  const watcher = new PollingWatcher(reader, 60_000);
  cleanUp(t, () => watcher[Symbol.dispose]());
  return { watcher, spawner: new NodeSpawner(watcher, reader) };
}

/** A shell that leaves `count` orphans, of which each ends with a code of its own after a while. */
async function leaveOrphans(count: number, ms = "0.0$((n % 10))"): Promise<readonly Pid[]> {
  const line = `(sleep ${ms}; exit $((n % 200))) >/dev/null 2>&1 & echo $!`;
  const script = `n=0; while [ $n -lt ${count} ]; do ${line}; n=$((n+1)); done`;
  const shell = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  // A Reaper that is made while Node does not know yet that the shell has ended would reap it.
  const ended = exitOf(shell, 60_000);
  const pids = (await inTime(output(shell), "pids of orphans", 60_000)).trim().split("\n");
  await ended;
  assert.equal(pids.length, count);
  return pids.map((pid) => Number(pid) as Pid);
}

const exists = (pid: Pid): boolean => {
  try {
    return reader.stat(pid).ppid === process.pid;
  } catch {
    return false;
  }
};

describe("Reaper", { skip }, () => {
  test("leaves no zombie of what is handed to us, though nobody watches it", async (t) => {
    reaping(t);
    const { pid } = await orphan(t, "sleep", "600");
    await waitFor(() => reader.stat(pid).ppid === process.pid, "the orphan is ours");
    process.kill(pid, "SIGKILL");
    await waitFor(() => !exists(pid), "it is reaped");
  });

  test("leaves none of thousands that end at once", async (t) => {
    reaping(t);
    const pids = await leaveOrphans(2000);
    await waitFor(() => pids.filter(exists).length === 0, "all are reaped");
  });

  const ends: readonly [signal: NodeJS.Signals | number, want: Exit][] = [
    ["SIGTERM", { kind: "signal", signal: "SIGTERM", coreDumped: false }],
    ["SIGKILL", { kind: "signal", signal: "SIGKILL", coreDumped: false }],
    [7, { kind: "code", code: 7 }],
    [0, { kind: "code", code: 0 }],
  ];
  for (const [how, want] of ends) {
    for (const [kind, make] of [
      ["pidfd", pidfdParts],
      ["polling", pollingParts],
    ] as const) {
      test(`tells who watches an orphan that it ended with ${how}, by ${kind}`, async (t) => {
        const { watcher } = reaping(t, make);
        const script = `trap "exit ${how}" USR2; while :; do sleep 0.02; done`;
        const ref = await orphan(t, "bash", "-c", script);
        await waitFor(() => reader.stat(ref.pid).ppid === process.pid, "the orphan is ours");
        const listens = (): boolean => /[8-f]..$/.test(statusField(ref.pid, "SigCgt"));
        await waitFor(listens, "it listens for SIGUSR2");
        using first = watcher.open(ref);
        using second = watcher.open(ref);
        assert.ok(first && second);
        process.kill(ref.pid, typeof how === "number" ? "SIGUSR2" : how);
        assert.deepEqual(await inTime(first.exited, "its end"), want);
        assert.deepEqual(await inTime(second.exited, "its end"), want);
        await waitFor(() => !exists(ref.pid), "it is reaped");
      });
    }
  }

  test("takes no child of Node's, however many orphans end meanwhile", async (t) => {
    reaping(t);
    const codes = Array.from({ length: 60 }, (_, index) => index);
    const orphans = leaveOrphans(300);
    const exits = codes.map(async (code) => {
      const made = child(t, "sh", ["-c", `sleep 0.${code % 10}; exit ${code}`]);
      return await exitOf(made);
    });
    assert.deepEqual(await Promise.all(exits), codes);
    const pids = await orphans;
    await waitFor(() => pids.filter(exists).length === 0, "all orphans are reaped");
  });

  test("takes nothing that a launch has just made, and may end before it is known", async (t) => {
    const { spawner } = reaping(t);
    const out = openSync("/dev/null", "w");
    const orphans = leaveOrphans(300);
    for (let round = 0; round < 10; round += 1) {
      const codes = [0, 1, 2, 3, 4, 5, 6, 7];
      const exits = codes.map(async (code) => {
        const argv = ["sh", "-c", `exit ${code}`] as const;
        const rest = { env: [], directory: undefined, stdout: out, stderr: out };
        using watch = await spawner.spawn({
          file: "/bin/sh",
          argv,
          ...rest,
          openFiles: undefined,
        });
        return await inTime(watch.exited, "its end");
      });
      const want = codes.map((code) => ({ kind: "code", code }));
      assert.deepEqual(await Promise.all(exits), want);
    }
    const pids = await orphans;
    await waitFor(() => pids.filter(exists).length === 0, "all orphans are reaped");
  });

  test("reaps what was dead before it began", async (t) => {
    assert.ok(c);
    c.setSubreaper(true);
    cleanUp(t, () => void c.setSubreaper(false));
    // Those that end while their shell lives are reaped by it.
    const pids = await leaveOrphans(3, "0.3");
    const isZombie = (pid: Pid): boolean => exists(pid) && reader.stat(pid).state === "Z";
    await waitFor(() => pids.every(isZombie), "three zombies");
    const { reaper } = reaping(t);
    reaper.look();
    assert.deepEqual(pids.filter(exists), []);
  });
});

describe("Reaper, of what is in its way", () => {
  /** Children that are dead, in the kernel's order; reaped ones are taken out. */
  function kernel(...dead: number[]): Pick<Libc, "peekDead" | "reap"> & { dead: number[] } {
    return {
      dead,
      peekDead: () => dead[0] ?? 0,
      reap(pid) {
        const at = dead.indexOf(pid);
        if (at >= 0) dead.splice(at, 1);
        return at >= 0 ? pid : -1;
      },
    };
  }
  const blind = { kind: "pidfd", isChild: () => false, open: () => undefined } as const;
  const watcher: ProcessWatcher = {
    ...blind,
    reap: () => false,
    beforeEnd: () => {},
    [Symbol.dispose]() {},
  };

  test("it goes on when a launch is over that may have made the first one", async (t) => {
    const fake = kernel(10, 11, 12);
    let settle = (): void => {};
    let over: Promise<void> | undefined = new Promise((resolve) => {
      settle = resolve;
    });
    const reaper = new Reaper(fake, watcher, { underway: () => over });
    cleanUp(t, () => reaper[Symbol.dispose]());
    reaper.look();
    assert.deepEqual(fake.dead, [10, 11, 12]);
    fake.dead.shift(); // it was the launch's, which has reaped it
    over = undefined;
    settle();
    await waitFor(() => fake.dead.length === 0, "the others are reaped");
  });

  test("it does not go round and round for one that is never reaped", (t) => {
    for (const answer of [0, -1]) {
      let count = 0;
      const fake = {
        peekDead: () => 10,
        reap() {
          count += 1;
          return answer;
        },
      };
      const reaper = new Reaper(fake, watcher, { underway: () => undefined });
      cleanUp(t, () => reaper[Symbol.dispose]());
      reaper.look();
      assert.equal(count, 1);
    }
  });

  test("it asks the watcher first, by pid", (t) => {
    const fake = kernel(10, 11);
    const asked: number[] = [];
    const knowing: ProcessWatcher = {
      ...watcher,
      reap(pid) {
        asked.push(pid);
        return pid === 10 && fake.reap(pid, Buffer.alloc(4)) > 0;
      },
    };
    const reaper = new Reaper(fake, knowing, { underway: () => undefined });
    cleanUp(t, () => reaper[Symbol.dispose]());
    reaper.look();
    assert.deepEqual([asked, fake.dead], [[10, 11], []]);
  });
});

describe("PidfdWatcher.reap", { skip }, () => {
  test("leaves a child alone that only has the pid of one that was watched", async (t) => {
    // The watched one is gone, and its notice is still on its way.
    const ref = refOf(child(t, "sleep", ["600"]).pid);
    const libcOfIt = older();
    const epoll = new Epoll(libcOfIt);
    let startTime = ref.startTime;
    const watcher = new PidfdWatcher({ ...libcOfIt, reap: () => assert.fail("reaped") }, epoll, {
      ...reader,
      alive: () => ({ ...ref, startTime }),
    });
    cleanUp(t, () => {
      watcher[Symbol.dispose]();
      epoll[Symbol.dispose]();
    });
    startTime = (ref.startTime - 1) as Ticks;
    const old: ProcessRef = { ...ref, startTime };
    using watch = watcher.open(old);
    assert.ok(watch);
    assert.equal(watcher.reap(ref.pid), false);
  });
});

describe("tellsEnds", { skip }, () => {
  const rows: readonly [version: string, want: boolean][] = [
    ["6.15.0", true],
    ["6.15-rc1", true],
    ["6.18.44-fc", true],
    ["7.0.0", true],
    ["10.1", true],
    ["6.14.11-arch1", false],
    ["6.1.0-32-amd64", false],
    ["5.15.0-generic", false],
    ["4.18.0-553.el8_10.x86_64", false],
    ["", false],
  ];
  for (const [version, want] of rows) {
    test(`is ${want} on Linux ${version || "of which nothing is known"}`, () => {
      assert.ok(c);
      assert.equal(tellsEnds({ ...c, ioctl: () => 0 }, version), want);
      assert.equal(tellsEnds(older(), version), false);
    });
  }
});
