import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProcError } from "../../proc/error.ts";
import type { Pid } from "../../proc/pid.ts";
import { ProcessTable, type ScanOptions } from "../../src/identity/process-table.ts";
import { FAKE_UID, FakeProc } from "../support/fake-proc.ts";
import { waitFor } from "../support/wait.ts";

/** Born 990 s ago at an uptime of 1000 s: settled. Young ones are born at 99,900 ticks. */
const OLD = 1000;
const YOUNG = 99_900;

function tableOf(proc: FakeProc): ProcessTable {
  return new ProcessTable(proc, FAKE_UID);
}

const pidsOf = (table: ProcessTable, options?: ScanOptions): readonly number[] =>
  table.scan(options).map(({ ref }) => ref.pid);

describe("ProcessTable.scan", () => {
  test("shows own, living processes with what is known of them", () => {
    const proc = new FakeProc(
      { pid: 10, ppid: 5, pgrp: 9, session: 8, startTime: OLD, argv: ["a", "b"] },
      { pid: 11, uid: 0, startTime: OLD, argv: ["foreign"] },
      { pid: 12, state: "Z", startTime: OLD },
    );
    assert.deepEqual(tableOf(proc).scan(), [
      { ref: { pid: 10, startTime: OLD }, ppid: 5, pgrp: 9, session: 8, argv: ["a", "b"] },
    ]);
  });

  test("reads the command line of an old process only once", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    for (let round = 0; round < 3; round += 1) assert.deepEqual(pidsOf(table), [10]);
    assert.equal(proc.reads.cmdline, 1);
  });

  test("asks of another user's old process whose it is, a while later how old, and no more", async () => {
    const proc = new FakeProc({ pid: 10, uid: 0, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    for (let round = 0; round < 3; round += 1) assert.deepEqual(pidsOf(table), []);
    assert.deepEqual({ ...proc.reads, list: 0 }, { list: 0, stat: 0, uid: 1, cmdline: 0 });
    await waitFor(() => {
      table.settle();
      return proc.reads.stat > 0;
    }, "its age is read");
    for (const thorough of [true, false]) assert.deepEqual(pidsOf(table, { thorough }), []);
    assert.deepEqual({ ...proc.reads, list: 0 }, { list: 0, stat: 1, uid: 2, cmdline: 0 });
  });

  test("sees another user's process become ours, whatever its age was taken for", async () => {
    const proc = new FakeProc({ pid: 10, uid: 0, startTime: YOUNG, argv: ["cron"] });
    const table = tableOf(proc);
    assert.deepEqual(pidsOf(table), []);
    proc.set({ pid: 10, startTime: YOUNG, argv: ["app"] });
    await waitFor(() => pidsOf(table).length > 0, "it is classified again");
  });

  test("classifies a young process again, since its title and its user may change", () => {
    const proc = new FakeProc(
      { pid: 10, startTime: YOUNG, argv: ["sh"] },
      { pid: 11, startTime: YOUNG, uid: 0, argv: ["su"] },
    );
    const table = tableOf(proc);
    assert.deepEqual(pidsOf(table), [10]);
    proc.set({ pid: 10, startTime: YOUNG, argv: ["app: master"] });
    proc.set({ pid: 11, startTime: YOUNG, argv: ["app: worker"] });
    assert.deepEqual(
      table.scan({ thorough: true }).map(({ argv }) => argv[0]),
      ["app: master", "app: worker"],
    );
  });

  test("classifies a young process again when it is twice as old, if it need not be thorough", async () => {
    const proc = new FakeProc(
      { pid: 10, startTime: YOUNG, argv: ["sh"] },
      { pid: 11, startTime: 99_998, argv: ["sh"] },
    );
    const table = tableOf(proc);
    table.scan();
    for (const pid of [10, 11]) proc.set({ ...proc.get(pid), argv: ["app"] });
    await waitFor(() => table.scan()[1]?.argv[0] === "app", "that of 20 ms is classified again");
    assert.deepEqual(table.scan()[0]?.argv, ["sh"], "that of 1 s is not");
  });

  test("follows the parent and the group of an old process, which change when its parent ends", () => {
    const proc = new FakeProc({ pid: 10, ppid: 5, pgrp: 5, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    table.scan();
    proc.set({ pid: 10, ppid: 1, pgrp: 10, startTime: OLD, argv: ["a"] });
    const [entry] = table.scan();
    assert.deepEqual([entry?.ppid, entry?.pgrp], [1, 10]);
    assert.equal(proc.reads.cmdline, 1);
  });

  test("knows a pid that is reused by its start time", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    table.scan();
    proc.set({ pid: 10, startTime: OLD + 1, argv: ["b"] });
    const [entry] = table.scan();
    assert.deepEqual(entry?.argv, ["b"]);
    assert.equal(entry?.ref.startTime, OLD + 1);
  });

  test("classifies all again when pids have wrapped around", () => {
    const proc = new FakeProc({ pid: 10, uid: 0, startTime: OLD, argv: ["a"] });
    proc.last = 30_000;
    const table = tableOf(proc);
    assert.deepEqual(pidsOf(table), []);
    proc.set({ pid: 10, startTime: OLD, argv: ["ours now"] });
    assert.deepEqual(pidsOf(table), [], "not looked at again before");
    proc.last = 11;
    assert.deepEqual(pidsOf(table), [10]);
  });

  test("reads the command line again of a process in the middle of exec", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: [] });
    const table = tableOf(proc);
    assert.deepEqual(table.scan()[0]?.argv, []);
    proc.set({ pid: 10, startTime: OLD, argv: ["a"] });
    assert.deepEqual(table.scan()[0]?.argv, ["a"]);
  });

  test("leaves out what leaves while we look, or may not be read", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    for (const code of ["gone", "denied", "malformed"] as const) {
      const failing = new FakeProc(
        { pid: 9, startTime: OLD, argv: ["b"] },
        { pid: 10, startTime: OLD, argv: ["a"] },
      );
      failing.cmdline = (pid: Pid) => {
        if (pid === 9) throw new ProcError(code, "cmdline", "not to be read");
        return ["a"];
      };
      assert.deepEqual(pidsOf(tableOf(failing)), [10], code);
    }
    proc.end(10);
    assert.deepEqual(pidsOf(table), []);
  });

  test("hands on what it does not know", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    proc.stat = () => {
      throw new TypeError("a bug");
    };
    assert.throws(() => tableOf(proc).scan(), TypeError);
  });

  test("gives one look to all that ask at once, and looks anew for who wants none of age", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    assert.deepEqual(pidsOf(table, { maxAgeMs: 60_000 }), [10]);
    proc.set({ pid: 11, startTime: OLD, argv: ["b"] });
    assert.deepEqual(pidsOf(table, { maxAgeMs: 60_000 }), [10]);
    assert.deepEqual(pidsOf(table), [10, 11]);
  });
});

describe("ProcessTable.scan that trusts", () => {
  const trusting = { trusting: true };

  test("reads only what is new, and does not list /proc again", () => {
    const proc = new FakeProc(
      { pid: 10, startTime: OLD, argv: ["a"] },
      { pid: 11, startTime: OLD, argv: ["b"] },
    );
    const table = tableOf(proc);
    assert.deepEqual(pidsOf(table, trusting), [10, 11]);
    proc.set({ pid: 14, startTime: OLD, argv: ["c"] });
    Object.assign(proc.reads, { stat: 0, uid: 0 });
    assert.deepEqual(pidsOf(table, trusting), [10, 11, 14]);
    const { list, stat, uid } = proc.reads;
    assert.deepEqual({ list, stat, uid }, { list: 1, stat: 1, uid: 4 }); // 12, 13 in vain; 14 twice
  });

  test("lists /proc again when many were born", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    table.scan(trusting);
    proc.set({ pid: 10_000, startTime: OLD, argv: ["b"] });
    assert.deepEqual(pidsOf(table, trusting), [10, 10_000]);
    assert.equal(proc.reads.list, 2);
  });

  test("takes no thread for a process", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    table.scan(trusting);
    proc.set({ pid: 11, threadOf: 10, startTime: OLD, argv: ["a"] });
    assert.deepEqual(pidsOf(table, trusting), [10]);
  });

  test("classifies a young process again", async () => {
    const proc = new FakeProc({ pid: 10, startTime: 99_998, argv: ["sh"] });
    const table = tableOf(proc);
    table.scan(trusting);
    proc.set({ pid: 10, startTime: 99_998, argv: ["app"] });
    await waitFor(() => table.scan(trusting)[0]?.argv[0] === "app", "it is classified again");
    assert.equal(proc.reads.list, 1);
  });

  test("classifies all again when pids have wrapped around, whatever the last one is", async () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    table.scan(trusting);
    proc.set({ pid: 10, startTime: OLD + 1, argv: ["b"] });
    proc.born = 32_600;
    assert.equal(table.scan(trusting)[0]?.argv[0], "a", "no time for so many births");
    const end = performance.now() + 400;
    await waitFor(() => performance.now() > end, "time for so many births");
    assert.equal(table.scan(trusting)[0]?.argv[0], "b");
  });

  test("passes over what is left out, until it is not", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    table.scan(trusting);
    proc.set({ pid: 11, startTime: OLD, argv: ["b"] });
    {
      using _ = table.leaveOut(11 as Pid);
      assert.deepEqual(pidsOf(table, trusting), [10]);
      assert.deepEqual(pidsOf(table, trusting), [10]);
    }
    assert.deepEqual(pidsOf(table, trusting), [10, 11]);
  });

  test("is not kept from who asks once it is a candidate again, however young the last look", () => {
    const proc = new FakeProc({ pid: 11, startTime: OLD, argv: ["b"] });
    const table = tableOf(proc);
    const shared = { trusting: true, maxAgeMs: 60_000 };
    const leftOut = table.leaveOut(11 as Pid);
    assert.deepEqual(pidsOf(table, shared), []);
    leftOut[Symbol.dispose]();
    assert.deepEqual(pidsOf(table, shared), []);
    table.expire();
    assert.deepEqual(pidsOf(table, shared), [11]);
    const { stat } = proc.reads;
    assert.deepEqual(pidsOf(table, shared), [11]);
    assert.equal(proc.reads.stat, stat, "and is shared again");
  });
});

describe("ProcessTable.changes", () => {
  test("goes up with a new process and a new command line, and with nothing else", () => {
    const proc = new FakeProc({ pid: 10, startTime: YOUNG, argv: ["sh"] });
    const table = tableOf(proc);
    const changesOf = (): number => {
      const before = table.changes;
      table.scan({ thorough: true });
      return table.changes - before;
    };
    assert.equal(changesOf(), 1);
    assert.equal(changesOf(), 0);
    proc.set({ pid: 10, startTime: YOUNG, argv: ["app"] });
    assert.equal(changesOf(), 1);
    proc.set({ pid: 11, startTime: OLD, argv: ["b"] });
    proc.set({ pid: 12, startTime: OLD, uid: 0, argv: ["foreign"] });
    assert.equal(changesOf(), 1);
    proc.end(10);
    assert.equal(changesOf(), 0);
  });
});

describe("ProcessTable.settle", () => {
  test("looks only when an own process is young and due", async () => {
    const proc = new FakeProc(
      { pid: 10, startTime: OLD, argv: ["a"] },
      { pid: 11, startTime: YOUNG, uid: 0, argv: ["b"] },
    );
    const table = tableOf(proc);
    table.scan();
    table.settle();
    const { stat } = proc.reads;
    table.settle();
    assert.equal(proc.reads.stat, stat);
    proc.set({ pid: 12, startTime: 99_998, argv: ["c"] });
    table.scan();
    const before = proc.reads.stat;
    await waitFor(() => {
      table.settle();
      return proc.reads.stat > before;
    }, "it is due");
  });
});

describe("ProcessTable.scanSoon", () => {
  test("is one look for all who ask at once, and another for who asks later", async () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    const [first, second] = await Promise.all([table.scanSoon(), table.scanSoon()]);
    assert.equal(first, second);
    assert.equal(proc.reads.stat, 1);
    proc.set({ pid: 11, startTime: OLD, argv: ["b"] });
    assert.equal((await table.scanSoon()).length, 2);
  });

  test("fails for all who ask at once, and not for ever", async () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    let mayRead = false;
    proc.pids = () => {
      if (mayRead) return [10 as Pid];
      throw new ProcError("denied", "/proc", "not ours to read");
    };
    await Promise.all([1, 2].map(async () => await assert.rejects(table.scanSoon(), ProcError)));
    mayRead = true;
    assert.equal((await table.scanSoon()).length, 1);
  });
});

describe("ProcessTable.isCurrent", () => {
  test("is false before the first scan", () => {
    assert.equal(tableOf(new FakeProc({ pid: 10, startTime: OLD })).isCurrent(), false);
  });

  test("is true while no process is born and none is young", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    const table = tableOf(proc);
    table.scan();
    assert.equal(table.isCurrent(), true);
    proc.set({ pid: 11, startTime: OLD, argv: ["b"] });
    assert.equal(table.isCurrent(), false);
    table.scan();
    assert.equal(table.isCurrent(), true);
  });

  test("is false when one is young, and twice as old as when it was classified", async () => {
    const proc = new FakeProc({ pid: 10, startTime: 99_998, argv: ["a"] });
    const table = tableOf(proc);
    table.scan();
    await waitFor(() => !table.isCurrent(), "it is due");
  });

  test("is false where /proc does not tell the last pid", () => {
    const proc = new FakeProc({ pid: 10, startTime: OLD, argv: ["a"] });
    proc.last = 0;
    const table = tableOf(proc);
    table.scan();
    assert.equal(table.isCurrent(), false);
  });
});
