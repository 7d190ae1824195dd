import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import type { SmapsRollup } from "../../proc/smaps_rollup.ts";
import { MemoryMonitor } from "../../src/monitors/memory.ts";
import type { Violation } from "../../src/monitors/violation.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { refOf } from "../support/processes.ts";
import { inTime } from "../support/wait.ts";
import { FakeTime, later, settled } from "./fake-time.ts";

const MB = 1024 * 1024;

/** Memory of processes as a test wants it. */
class FakeMemory extends FakeProc {
  readonly resident = new Map<number, number>();
  readonly private = new Map<number, number | (() => Promise<SmapsRollup>)>();
  readonly measured: number[] = [];
  failure: Error | undefined;

  override residentBytes(pid?: number): never {
    if (this.failure !== undefined) throw this.failure;
    this.get(pid ?? 0);
    // FakeProc has none, and says so by its type.
    return (this.resident.get(pid ?? 0) ?? 0) as never;
  }

  override async smapsRollup(pid?: number): Promise<never> {
    this.measured.push(pid ?? 0);
    const found = this.private.get(pid ?? 0) ?? 0;
    if (typeof found === "function") return (await found()) as never;
    return { rssBytes: this.resident.get(pid ?? 0), privateBytes: found } as never;
  }
}

/** A monitor, a clock, and processes that each have a limit of 100 MB. */
class Scene {
  readonly time: FakeTime;
  readonly proc = new FakeMemory();
  readonly monitor = new MemoryMonitor(this.proc);
  readonly violations: (Violation & { readonly pid: number })[] = [];

  constructor(t: TestContext) {
    this.time = new FakeTime(t);
  }

  get told(): readonly number[] {
    return this.violations.map(({ pid }) => pid);
  }

  /** A process with so much memory, in MB. */
  process(pid: number, residentMb: number, privateMb: number): ProcessRef {
    this.use(pid, residentMb, privateMb);
    return this.proc.set({ pid, startTime: 90_000 }); // 900 s after boot: 100 s ago
  }

  use(pid: number, residentMb: number, privateMb: number): void {
    this.proc.resident.set(pid, residentMb * MB);
    this.proc.private.set(pid, privateMb * MB);
  }

  watch(process: ProcessRef, monitorAfterMs = 0): () => void {
    const { pid } = process;
    return this.monitor.watch(process, 100 * MB, monitorAfterMs, (violation) =>
      this.violations.push({ pid, ...violation }),
    );
  }
}

describe("MemoryMonitor", () => {
  test("tells private memory above the limit, with both numbers, once", async (t) => {
    const scene = new Scene(t);
    scene.watch(scene.process(1, 150, 120));
    await scene.time.advance(5000);
    assert.deepEqual(scene.violations, [
      {
        pid: 1,
        monitor: "rss_limit",
        measured: 120 * MB,
        limit: 100 * MB,
        reason: "private memory 120.0 MB exceeds rss_limit 100.0 MB",
      },
    ]);
    await scene.time.advance(600_000);
    assert.equal(scene.told.length, 1);
    assert.equal(scene.time.timers, 0, "and looks at nothing any more");
  });

  test("measures only what has more resident memory than its limit", async (t) => {
    const scene = new Scene(t);
    scene.watch(scene.process(1, 100, 100));
    scene.watch(scene.process(2, 101, 50));
    await scene.time.advance(5000);
    assert.deepEqual(scene.proc.measured, [2]);
    assert.deepEqual(scene.told, []);
  });

  test("allows exactly the limit", async (t) => {
    const scene = new Scene(t);
    scene.watch(scene.process(1, 150, 100));
    await scene.time.advance(60_000);
    assert.deepEqual(scene.told, []);
  });

  test("looks at nothing before the process has the age monitor_after", async (t) => {
    const scene = new Scene(t);
    scene.watch(scene.process(1, 150, 120), 110_000);
    await scene.time.advance(60_000);
    assert.deepEqual(scene.proc.measured, []);
    scene.proc.seconds += 11; // uptime, not our clocks, says how old it is
    await scene.time.advance(5000);
    assert.deepEqual(scene.told, [1]);
  });

  describe("a measurement that was fine", () => {
    test("is trusted for a minute", async (t) => {
      const scene = new Scene(t);
      scene.watch(scene.process(1, 150, 50));
      await scene.time.advance(60_000);
      assert.equal(scene.proc.measured.length, 1);
      await scene.time.advance(5000);
      assert.equal(scene.proc.measured.length, 2);
    });

    test("is trusted only as long as resident memory has not grown by what was left", async (t) => {
      const scene = new Scene(t);
      scene.watch(scene.process(1, 150, 50));
      await scene.time.advance(5000);
      scene.use(1, 199, 99);
      await scene.time.advance(5000);
      assert.equal(scene.proc.measured.length, 1);
      scene.use(1, 201, 101);
      await scene.time.advance(5000);
      assert.equal(scene.proc.measured.length, 2);
      assert.deepEqual(scene.told, [1]);
    });
  });

  describe("a process that goes", () => {
    test("between two rounds disturbs nobody", async (t) => {
      const scene = new Scene(t);
      scene.watch(scene.process(1, 150, 120));
      scene.watch(scene.process(2, 150, 120));
      scene.proc.end(1);
      await scene.time.advance(5000);
      assert.deepEqual(scene.told, [2]);
    });

    for (const error of [
      new ProcError("gone", "/proc/1/smaps_rollup", "no such process"),
      new ProcError("denied", "/proc/1/smaps_rollup", "not ours to read"),
      new ProcError("malformed", "/proc/1/smaps_rollup", "no Rss: line"),
      new Error("EMFILE: too many open files"),
    ]) {
      test(`or cannot be read in mid-read disturbs nobody (${error.message})`, async (t) => {
        const scene = new Scene(t);
        scene.watch(scene.process(1, 150, 120));
        scene.watch(scene.process(2, 150, 120));
        scene.proc.private.set(1, async () => await Promise.reject(error));
        await scene.time.advance(20_000);
        assert.deepEqual(scene.told, [2]);
      });
    }

    test("and leaves its pid to another in mid-read is not told, nor is the other", async (t) => {
      const scene = new Scene(t);
      scene.watch(scene.process(1, 150, 120));
      scene.proc.private.set(1, async () => {
        scene.proc.set({ pid: 1, startTime: 99_000 });
        return await Promise.resolve({ rssBytes: 150 * MB, privateBytes: 120 * MB });
      });
      await scene.time.advance(20_000);
      assert.deepEqual(scene.told, []);
    });
  });

  test("a round in which nothing can be read is made good by the next", async (t) => {
    const scene = new Scene(t);
    scene.watch(scene.process(1, 150, 120));
    scene.proc.failure = new Error("EMFILE: too many open files");
    await scene.time.advance(20_000);
    assert.deepEqual(scene.told, []);
    scene.proc.failure = undefined;
    await scene.time.advance(5000);
    assert.deepEqual(scene.told, [1]);
  });

  describe("a read that hangs", () => {
    test("stalls no other, and is not made again until it returns", async (t) => {
      const scene = new Scene(t);
      const hanging = later<SmapsRollup>();
      for (const pid of [1, 2, 3]) {
        scene.watch(scene.process(pid, 150, 120));
        scene.proc.private.set(pid, async () => await hanging.promise);
      }
      scene.watch(scene.process(4, 150, 120));
      await scene.time.advance(60_000);
      assert.deepEqual(scene.told, [4]);
      assert.deepEqual(scene.proc.measured.toSorted(), [1, 2, 3, 4]);
      hanging.resolve({ rssBytes: 150 * MB, privateBytes: 120 * MB });
      for (const pid of [1, 2, 3]) scene.use(pid, 150, 120);
      await scene.time.advance(5000);
      assert.deepEqual(scene.told.toSorted(), [1, 2, 3, 4]);
    });

    test("never takes more than a few threads, whatever hangs", async (t) => {
      const scene = new Scene(t);
      for (let pid = 1; pid <= 50; pid += 1) {
        scene.watch(scene.process(pid, 150, 120));
        scene.proc.private.set(pid, async () => await later<SmapsRollup>().promise);
      }
      await scene.time.advance(600_000);
      assert.ok(scene.proc.measured.length <= 6, `${scene.proc.measured.length} reads`);
    });
  });

  test("two are measured at once, and all in one round", async (t) => {
    const scene = new Scene(t);
    const reads: (() => void)[] = [];
    for (let pid = 1; pid <= 7; pid += 1) {
      scene.watch(scene.process(pid, 150, 120));
      scene.proc.private.set(pid, async () => {
        const read = later<SmapsRollup>();
        reads.push(() => read.resolve({ rssBytes: 150 * MB, privateBytes: 120 * MB }));
        return await read.promise;
      });
    }
    scene.monitor.round();
    await settled();
    for (let done = 0; done < 7; done += 1) {
      assert.ok(reads.length <= 2, `${reads.length} at once`);
      reads.shift()?.();
      await settled();
    }
    assert.equal(scene.told.length, 7);
  });

  test("tells nothing of a process that is no longer watched, not even in mid-read", async (t) => {
    const scene = new Scene(t);
    const reading = later<SmapsRollup>();
    const end = scene.watch(scene.process(1, 150, 120));
    scene.proc.private.set(1, async () => await reading.promise);
    await scene.time.advance(5000);
    end();
    end();
    reading.resolve({ rssBytes: 150 * MB, privateBytes: 120 * MB });
    await scene.time.advance(60_000);
    assert.deepEqual(scene.told, []);
    assert.equal(scene.time.timers, 0);
  });

  test("one that is watched anew after a violation is looked at again", async (t) => {
    const scene = new Scene(t);
    const process = scene.process(1, 150, 120);
    scene.watch(process);
    await scene.time.advance(5000);
    scene.watch(process);
    await scene.time.advance(5000);
    assert.deepEqual(scene.told, [1, 1]);
  });
});

describe("MemoryMonitor on this machine", () => {
  test("measures the private memory of a process", async () => {
    const monitor = new MemoryMonitor(procReader());
    const me = refOf(process.pid);
    const told = later<Violation>();
    const end = monitor.watch(me, MB, 0, told.resolve);
    monitor.round();
    const { measured = 0 } = await inTime(told.promise, "the violation");
    end();
    const { privateBytes } = await procReader().smapsRollup(me.pid);
    assert.ok(Math.abs(measured - privateBytes) < 64 * MB, `${measured} and ${privateBytes}`);
  });

  test("1,000 limits cost less than 2 % of a core", (t) => {
    const monitor = new MemoryMonitor(procReader());
    const me = refOf(process.pid);
    const parent: ProcessRef = { pid: process.ppid as Pid, startTime: 1 as Ticks };
    const ends = Array.from({ length: 1000 }, (_, index) =>
      monitor.watch(index % 2 === 0 ? me : parent, 1e15, 0, () => assert.fail("no violation")),
    );
    monitor.round();
    const rounds = 20;
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round += 1) monitor.round();
    const { user, system } = process.cpuUsage(before);
    for (const end of ends) end();
    const share = (user + system) / 1000 / rounds / 5000; // one round every 5 s
    t.diagnostic(`${(share * 100).toFixed(2)} % of a core`);
    assert.ok(share < 0.02, `${(share * 100).toFixed(2)} % of a core`);
  });
});
