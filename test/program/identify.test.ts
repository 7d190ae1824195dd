import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, sameProcess, type Ticks } from "../../proc/pid.ts";
import { type Found, identify, type IdentifyPorts } from "../../src/program/identify.ts";
import type { Pattern } from "../../src/program/match.ts";
import { ProcessTable } from "../../src/program/process-table.ts";
import { emptyRecord, type ProgramRecord } from "../../src/program/record.ts";
import { FAKE_UID, FakeProc } from "../support/fake-proc.ts";
import { tempDir } from "../support/temp-dir.ts";

const isApp: Pattern = {
  matches: (argv) => argv[0] === "app",
  description: "app",
  isExecuted: false,
  endings: undefined,
};

interface Scene {
  readonly proc: FakeProc;
  readonly pidfile?: string;
  readonly record?: Partial<ProgramRecord>;
  readonly scanForProcess?: boolean;
  readonly isExecuted?: boolean;
  /** Recorded for another program. */
  readonly taken?: readonly ProcessRef[];
}

function look(t: TestContext, scene: Scene): { found: Found; sweeps: number } {
  const path = join(tempDir(t), "pid");
  if (scene.pidfile !== undefined) writeFileSync(path, scene.pidfile);
  const table = new ProcessTable(scene.proc, FAKE_UID);
  let sweeps = 0;
  const ports: IdentifyPorts = {
    proc: scene.proc,
    uid: FAKE_UID,
    processes: () => {
      sweeps += 1;
      return table.sweep();
    },
    isTaken: (ref) => (scene.taken ?? []).some((one) => sameProcess(one, ref)),
  };
  const record = scene.record && { ...emptyRecord("web", "boot"), ...scene.record };
  const { scanForProcess = true, isExecuted = false } = scene;
  const pattern = { ...isApp, isExecuted };
  return { found: identify({ pidfile: path, scanForProcess }, pattern, record, ports), sweeps };
}

/** `pid via` of what was found, or `absent`. */
function seen({ found }: { found: Found }): string {
  return found.kind === "absent" ? "absent" : `${found.process.pid} ${found.via}`;
}

const at = (startTime: number): { startTime: number; argv: readonly string[] } => ({
  startTime,
  argv: ["app"],
});

describe("identify, by the pidfile", () => {
  test("takes the process that the pidfile names, without a look through all", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(200) }, { pid: 11, ...at(100) });
    const result = look(t, { proc, pidfile: "10\n" });
    assert.deepEqual(result, {
      found: {
        kind: "running",
        process: { pid: 10, startTime: 200 },
        via: "pidfile",
        pidfile: { kind: "pid", pid: 10 },
        others: [],
      },
      sweeps: 0,
    });
  });

  const useless: readonly [
    what: string,
    process: { uid?: number; argv?: string[]; state?: string },
  ][] = [
    ["a stranger", { argv: ["vi", "app"] }],
    ["another user's process", { argv: ["app"], uid: 0 }],
    ["a zombie", { argv: ["app"], state: "Z" }],
  ];
  for (const [what, process] of useless) {
    test(`does not take ${what}`, (t) => {
      const alone = look(t, { proc: new FakeProc({ pid: 10, ...process }), pidfile: "10\n" });
      assert.deepEqual(alone.found, { kind: "absent", pidfile: { kind: "pid", pid: 10 } });
      const proc = new FakeProc({ pid: 10, ...process }, { pid: 11, ...at(100) });
      assert.equal(seen(look(t, { proc, pidfile: "10\n" })), "11 scan");
    });
  }

  test("looks further when the pidfile is stale or garbage, and tells what it said", (t) => {
    const proc = new FakeProc({ pid: 11, ...at(100) });
    const stale = look(t, { proc, pidfile: "10\n" });
    assert.equal(seen(stale), "11 scan");
    assert.deepEqual(stale.found.pidfile, { kind: "pid", pid: 10 });
    const garbage = look(t, { proc, pidfile: "eleven" });
    assert.equal(seen(garbage), "11 scan");
    assert.equal(garbage.found.pidfile.kind, "garbage");
  });

  test("does not take another program's recorded process", (t) => {
    const proc = new FakeProc();
    const taken = proc.set({ pid: 10, ...at(100) });
    assert.equal(seen(look(t, { proc, pidfile: "10\n", taken: [taken] })), "absent");
  });

  test("takes no process that leaves while we look", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(100) });
    proc.cmdline = () => {
      throw new ProcError("gone", "cmdline", "no such process");
    };
    assert.equal(seen(look(t, { proc, pidfile: "10\n", scanForProcess: false })), "absent");
  });
});

describe("identify, by the record", () => {
  test("needs no match: the start time tells", (t) => {
    const proc = new FakeProc();
    const process = proc.set({ pid: 10, startTime: 100, argv: ["quite another title"] });
    assert.equal(seen(look(t, { proc, record: { process, via: "launch" } })), "10 launch");
    const kept = look(t, { proc, pidfile: "10\n", record: { process, via: "scan" } });
    assert.equal(seen(kept), "10 scan");
  });

  test("while it starts, needs a match unless it is executed word for word", (t) => {
    const proc = new FakeProc();
    const shell = proc.set({ pid: 10, startTime: 100, argv: ["/bin/sh", "-c", "app; :"] });
    const record = { process: shell, phase: "starting", via: "launch" } as const;
    assert.equal(seen(look(t, { proc, record })), "absent");
    assert.equal(seen(look(t, { proc, record, isExecuted: true })), "10 launch");
    assert.equal(seen(look(t, { proc, record: { ...record, phase: "running" } })), "10 launch");
    proc.set({ pid: 11, ppid: 10, ...at(101) });
    assert.equal(seen(look(t, { proc, record })), "11 scan");
    proc.set({ pid: 10, ...at(100) });
    assert.equal(seen(look(t, { proc, record })), "10 launch");
  });

  test("takes no process that only has the pid of the recorded one", (t) => {
    const proc = new FakeProc();
    const { pid, startTime } = proc.set({ pid: 10, startTime: 100, argv: ["other"] });
    const process = { pid, startTime: (startTime + 1) as Ticks };
    assert.equal(seen(look(t, { proc, record: { process } })), "absent");
    assert.equal(seen(look(t, { proc, pidfile: "10\n", record: { process } })), "absent");
  });

  test("takes no zombie", (t) => {
    const proc = new FakeProc();
    const process = proc.set({ pid: 10, ...at(100), state: "Z" });
    assert.equal(seen(look(t, { proc, record: { process } })), "absent");
  });

  test("comes after a pidfile that names another process of the program", (t) => {
    const proc = new FakeProc({ pid: 11, ...at(200) });
    const process = proc.set({ pid: 10, ...at(100) });
    assert.equal(seen(look(t, { proc, pidfile: "11\n", record: { process } })), "11 pidfile");
  });

  test("comes before a look through all, and works without scan_for_process", (t) => {
    const proc = new FakeProc({ pid: 11, ...at(50) });
    const process = proc.set({ pid: 10, ...at(100) });
    const result = look(t, { proc, pidfile: "99\n", record: { process }, scanForProcess: false });
    assert.equal(seen(result), "10 launch");
    assert.equal(result.sweeps, 0);
  });
});

describe("identify, by a look through all processes", () => {
  test("is not made without scan_for_process", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(100) });
    const result = look(t, { proc, scanForProcess: false });
    assert.deepEqual(result, { found: { kind: "absent", pidfile: { kind: "none" } }, sweeps: 0 });
  });

  test("leaves out others' processes, zombies, strangers, and other programs' processes", (t) => {
    const proc = new FakeProc(
      { pid: 10, ...at(10), uid: 0 },
      { pid: 11, ...at(11), state: "Z" },
      { pid: 12, startTime: 12, argv: ["tail", "-f", "app"] },
    );
    const taken = [proc.set({ pid: 13, ...at(13) })];
    assert.equal(seen(look(t, { proc, taken })), "absent");
    proc.set({ pid: 14, ...at(14) });
    const { found } = look(t, { proc, taken });
    assert.ok(found.kind === "running" && found.others.length === 0);
    assert.equal(found.process.pid, 14);
  });

  test("means the top one, and tells nothing of its workers", (t) => {
    const proc = new FakeProc(
      { pid: 30, ppid: 20, ...at(300) },
      { pid: 20, ppid: 10, startTime: 200, argv: ["between"] },
      { pid: 10, ppid: 1, ...at(300) },
      { pid: 11, ppid: 10, ...at(100) },
    );
    const { found } = look(t, { proc });
    assert.ok(found.kind === "running");
    assert.equal(found.process.pid, 10);
    assert.deepEqual(found.others, []);
  });

  test("of several tops means the oldest, and lists the others", (t) => {
    const proc = new FakeProc(
      { pid: 30, ...at(300) },
      { pid: 31, ppid: 30, ...at(310) },
      { pid: 20, ...at(200) },
      { pid: 10, ...at(400) },
    );
    const { found } = look(t, { proc });
    assert.ok(found.kind === "running");
    assert.equal(found.process.pid, 20);
    assert.deepEqual(
      found.others.map(({ pid }) => pid),
      [30, 10],
    );
  });

  test("ends even where parents go in a circle", (t) => {
    const proc = new FakeProc(
      { pid: 10, ppid: 11, startTime: 100, argv: ["other"] },
      { pid: 11, ppid: 10, startTime: 100, argv: ["other"] },
      { pid: 12, ppid: 11, ...at(200) },
      { pid: 13, ppid: 1, ...at(300) },
    );
    assert.equal(seen(look(t, { proc })), "12 scan");
  });
});
