import assert from "node:assert/strict";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { ProcError } from "../../proc/error.ts";
import { type Pid, type ProcessRef, sameProcess, type Ticks } from "../../proc/pid.ts";
import type { Found } from "../../src/identity/found.ts";
import { identify } from "../../src/identity/identify.ts";
import type { IdentifyPorts } from "../../src/identity/identify-ports.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { emptyRecord, type Known } from "../../src/state/record.ts";
import type { State } from "../../src/state/states.ts";
import { isApp } from "../support/app-pattern.ts";
import { FAKE_UID, FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { inState } from "../support/records.ts";
import { tempDir } from "../support/temp-dir.ts";

/** What a record says, other than an empty one. */
type Change = Partial<Known> & { readonly state?: State };

interface Scene {
  readonly proc: FakeProc;
  readonly pidfile?: string;
  readonly record?: Change;
  readonly scanForProcess?: boolean;
  readonly isLaunched?: boolean;
  readonly isShell?: boolean;
  readonly folder?: string;
  readonly autopid?: boolean;
  /** Another program's. */
  readonly taken?: readonly ProcessRef[];
  /** The program's own, by their lineage. */
  readonly own?: readonly ProcessRef[];
  /** What is noted of the last launch. */
  readonly last?: ProcessRef;
  /** What a launch has made that is on no record any more. */
  readonly launched?: readonly ProcessRef[];
  readonly pidfileAgeMs?: number;
  /** Of the file that the command executes. */
  readonly executing?: readonly ProcessRef[];
  /** To the program's log. */
  readonly writing?: readonly ProcessRef[];
  /** What happens right after the look. */
  readonly meanwhile?: () => void;
}

function look(t: TestContext, scene: Scene): { found: Found; scans: number } {
  const path = join(tempDir(t), "pid");
  if (scene.pidfile !== undefined) writeFileSync(path, scene.pidfile);
  const { pidfileAgeMs } = scene;
  if (pidfileAgeMs) utimesSync(path, new Date(), new Date(Date.now() - pidfileAgeMs));
  const table = new ProcessTable(scene.proc, FAKE_UID);
  let scans = 0;
  const ports: IdentifyPorts = {
    proc: scene.proc,
    uid: FAKE_UID,
    processes: () => {
      scans += 1;
      const all = table.scan();
      scene.meanwhile?.();
      return all;
    },
    relation: (ref) => (has(scene.taken, ref) ? "other" : has(scene.own, ref) ? "own" : "free"),
    launchOf: (ref) => (has(scene.launched, ref) ? "its-launch" : undefined),
    lastLaunch: () => scene.last && { process: scene.last, launch: "its-launch" },
    ownerOf: (ref) => (has(scene.taken, ref) ? "other" : undefined),
    executes: (ref) => has(scene.executing, ref),
    writesItsLog: (ref) => has(scene.writing, ref),
  };
  const { state = "stopped", ...known } = scene.record ?? {};
  const record = scene.record && inState({ ...emptyRecord("web", "boot"), ...known }, state);
  const { scanForProcess = true, isLaunched = false, isShell = false, autopid = true } = scene;
  const pattern = { ...isApp, isLaunched, isShell, folder: scene.folder };
  const program = { pidfile: path, autopid, scanForProcess };
  return { found: identify(program, pattern, record, ports), scans };
}

function has(all: readonly ProcessRef[] | undefined, ref: ProcessRef): boolean {
  return all?.some((one) => sameProcess(one, ref)) === true;
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
        main: undefined,
        via: "pidfile",
        pidfile: { kind: "pid", pid: 10 },
        others: [],
        isFree: true,
      },
      scans: 0,
    });
  });

  const ages: readonly [
    state: "starting" | "running",
    bornAt: number,
    autopid: boolean,
    want: string,
  ][] = [
    ["starting", 100, false, "10 pidfile"],
    ["starting", 6100, false, "10 pidfile"],
    ["starting", 99, false, "absent"],
    ["starting", 6101, false, "absent"],
    ["starting", 100, true, "absent"],
    ["running", 100, false, "absent"],
  ];
  for (const [state, startTime, autopid, want] of ages) {
    const whose = autopid ? "ours" : "its own";
    test(`of ${state}, launched at 100: ${whose} names what was born at ${startTime}, under a title: ${want}`, (t) => {
      const proc = new FakeProc({ pid: 10, startTime, argv: ["title"] });
      const process = { pid: 9 as Pid, startTime: 100 as Ticks };
      const record = { state, process, launched: process };
      assert.equal(seen(look(t, { proc, pidfile: "10\n", autopid, record })), want);
    });
  }

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
    const record = { process: shell, state: "starting", via: "launch" } as const;
    assert.equal(seen(look(t, { proc, record })), "absent");
    assert.equal(seen(look(t, { proc, record, isLaunched: true })), "10 launch");
    assert.equal(seen(look(t, { proc, record: { ...record, state: "running" } })), "10 launch");
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

  test("comes before a pidfile that names another process of the same words", (t) => {
    const proc = new FakeProc({ pid: 11, ...at(200) });
    const process = proc.set({ pid: 10, ...at(100) });
    assert.equal(seen(look(t, { proc, pidfile: "11\n", record: { process } })), "10 launch");
    proc.end(10);
    assert.equal(seen(look(t, { proc, pidfile: "11\n", record: { process } })), "11 pidfile");
  });

  test("counts for nothing where another program has the process on record", (t) => {
    const proc = new FakeProc();
    const process = proc.set({ pid: 10, ...at(100) });
    assert.equal(seen(look(t, { proc, record: { process }, taken: [process] })), "absent");
  });

  test("comes before a look through all, and works without scan_for_process", (t) => {
    const proc = new FakeProc({ pid: 11, ...at(50) });
    const process = proc.set({ pid: 10, ...at(100) });
    const result = look(t, { proc, pidfile: "99\n", record: { process }, scanForProcess: false });
    assert.equal(seen(result), "10 launch");
    assert.equal(result.scans, 0);
  });
});

describe("identify, by a look through all processes", () => {
  test("is not made without scan_for_process", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(100) });
    const result = look(t, { proc, scanForProcess: false });
    assert.deepEqual(result, { found: { kind: "absent", pidfile: { kind: "none" } }, scans: 0 });
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

describe("identify, by lineage", () => {
  const dead = { pid: 5 as Pid, startTime: 5 as Ticks };
  const image = 7;
  const down = { desired: "down", state: "stopped" } as const;
  const markedAs = (launch: string): Record<string, string> => ({
    USRSVC_PROGRAM: "web",
    USRSVC_LAUNCH: launch,
  });

  test("prefers its own to what is nobody's, and never takes another's", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(100) });
    const own = [proc.set({ pid: 20, ...at(200) })];
    const taken = [proc.set({ pid: 30, ...at(50) })];
    assert.equal(seen(look(t, { proc, own, taken })), "20 scan");
    proc.end(20);
    assert.equal(seen(look(t, { proc, own, taken })), "10 scan");
    proc.end(10);
    assert.equal(seen(look(t, { proc, own, taken })), "absent");
  });

  const afterDeath: readonly [
    what: string,
    one: Partial<FakeProcess>,
    record: Change,
    want: string,
  ][] = [
    ["a worker that was forked", { image, session: 5 }, { image }, "absent"],
    [
      "a worker, in a start that was broken off",
      { image, session: 5 },
      { image, state: "starting" },
      "20 scan",
    ],
    ["what was executed anew", { image: 8, session: 5 }, { image }, "20 scan"],
    ["a copy that made a session for itself", { image, session: 20 }, { image }, "20 scan"],
    ["such a copy, stopped by an operator", { image, session: 20 }, { image, ...down }, "absent"],
    ["a new one, stopped by an operator", { image: 8, session: 5 }, { image, ...down }, "absent"],
    [
      "what was launched after an operator's stop, and is not on record",
      { session: 20, environ: markedAs("h-2s-1-x") },
      { ...down, launch: "h-2r-1-x" },
      "20 scan",
    ],
    [
      "what was launched before that stop",
      { session: 20, environ: markedAs("h-2q-1-x") },
      { ...down, launch: "h-2r-1-x" },
      "absent",
    ],
    [
      "the same, by the birth of the call that has stopped it",
      { session: 20, environ: markedAs("h-2s-1-x") },
      { ...down, desiredAt: 99 as Ticks },
      "20 scan",
    ],
    [
      "what a stop that was broken off left",
      { image: 8 },
      { ...down, state: "stopping" },
      "20 scan",
    ],
    ["one of which nothing is known", { session: 5 }, {}, "20 scan"],
    [
      "what leads the session that is on record, with a wrong start time",
      { image, session: 20 },
      { image, launched: { pid: 20 as Pid, startTime: 199 as Ticks } },
      "20 scan",
    ],
  ];
  for (const [what, one, record, want] of afterDeath) {
    test(`after the death of a process: ${what}`, (t) => {
      const proc = new FakeProc();
      const own = [proc.set({ pid: 20, ...at(200), ...one })];
      const known = { state: "running" as const, process: dead, launched: dead, ...record };
      assert.equal(seen(look(t, { proc, own, record: known })), want);
    });
  }

  test("is what was launched last, whatever its title, where a record names another, or nobody", (t) => {
    const proc = new FakeProc();
    const last = proc.set({ pid: 20, startTime: 200, argv: ["title"] });
    const wrong = { ...last, startTime: 201 as Ticks };
    for (const process of [dead, wrong]) {
      const record = { state: "running" as const, process, launched: process, launch: "another" };
      const { found } = look(t, { proc, last, record, isLaunched: true });
      assert.equal(seen({ found }), "20 launch");
      assert.equal(found.kind === "running" && found.launch, "its-launch");
      assert.equal(seen(look(t, { proc, last, record })), "absent", "its title tells what it is");
    }
    const ended = { state: "running" as const, launch: "another" };
    const scene = { proc, last, record: ended, isLaunched: true };
    assert.equal(seen(look(t, scene)), "absent", "its end was told");
  });

  test("is what was launched after an operator's stop, where its launcher was killed before it was on record", (t) => {
    const proc = new FakeProc();
    const last = proc.set({ pid: 20, startTime: 200, argv: ["title"] });
    const scene = (record: Change): Scene => {
      return { proc, last, record: { ...down, ...record }, isLaunched: true };
    };
    assert.equal(seen(look(t, scene({ launch: "another" }))), "20 launch");
    assert.equal(seen(look(t, scene({ launch: "its-launch" }))), "absent", "it was stopped");
    assert.equal(seen(look(t, scene({ runsOn: [last] }))), "absent", "the stop has named it");
  });

  test("takes nothing that an operator's stop has named as what runs on, but what was begun by hand since", (t) => {
    const proc = new FakeProc();
    const left = proc.set({ pid: 20, ...at(200) });
    const record = { ...down, runsOn: [left] };
    assert.equal(seen(look(t, { proc, record })), "absent");
    const again = { ...record, desired: "up", state: "running" } as const;
    assert.equal(seen(look(t, { proc, record: again })), "absent");
    proc.set({ pid: 21, ...at(300) });
    assert.equal(seen(look(t, { proc, record })), "21 scan");
  });

  test("after a death takes none of several side by side: they are workers", (t) => {
    const proc = new FakeProc();
    const own = [proc.set({ pid: 20, ...at(200) }), proc.set({ pid: 21, ...at(201) })];
    const record = { state: "running" as const, process: dead, launched: dead };
    assert.equal(seen(look(t, { proc, own, record })), "absent");
    proc.set({ pid: 21, ppid: 20, ...at(201) });
    assert.equal(seen(look(t, { proc, own, record })), "20 scan", "a new master and its worker");
  });

  test("takes what its own pidfile names, whatever its title, if it is its own", (t) => {
    const proc = new FakeProc();
    const daemon = proc.set({ pid: 20, startTime: 200, argv: ["quite another title"] });
    const scene = { proc, pidfile: "20\n", own: [daemon] };
    assert.equal(seen(look(t, { ...scene, autopid: false })), "20 pidfile");
    assert.equal(seen(look(t, scene)), "absent", "we wrote that one ourselves");
    assert.equal(seen(look(t, { proc, pidfile: "20\n", autopid: false })), "absent");
  });

  test("which it writes itself names it, started by hand under another title, if it executes its file", (t) => {
    const proc = new FakeProc();
    const executing = [proc.set({ pid: 20, startTime: 200, argv: ["title: serving"] })];
    const scene: Scene = { proc, pidfile: "20\n", autopid: false, executing };
    assert.equal(seen(look(t, scene)), "20 pidfile");
    assert.equal(seen(look(t, { ...scene, autopid: true })), "absent");
    assert.equal(seen(look(t, { ...scene, executing: [] })), "absent");
    assert.equal(seen(look(t, { ...scene, taken: executing })), "absent");
    // Older than the process by years: another had the pid.
    assert.equal(seen(look(t, { ...scene, pidfileAgeMs: 1e11 })), "absent");
  });
});

test("identify, where nothing is on record, takes what was launched by its file and its log", (t) => {
  const proc = new FakeProc();
  const ref = proc.set({ pid: 20, session: 20, startTime: 200, argv: ["redis *:6379"] });
  const scene: Scene = { proc, isLaunched: true, writing: [ref] };
  assert.equal(seen(look(t, scene)), "20 scan");
  assert.equal(seen(look(t, { ...scene, isLaunched: false })), "absent", "by its title, that is");
  assert.equal(seen(look(t, { ...scene, isShell: true })), "absent");
  assert.equal(seen(look(t, { ...scene, writing: [] })), "absent");
  const stopped = { desired: "down", state: "stopped" } as const;
  assert.equal(seen(look(t, { ...scene, record: stopped })), "absent", "it is not lost");
  assert.equal(seen(look(t, { ...scene, taken: [ref] })), "absent");
  const known = { process: { pid: 19 as Pid, startTime: 5 as Ticks } };
  assert.equal(seen(look(t, { ...scene, record: known })), "absent", "it would be on record");
  proc.set({ pid: 20, session: 3, startTime: 200, argv: ["redis *:6379"] });
  assert.equal(seen(look(t, scene)), "absent", "a worker");
});

describe("identify, of what is about to end", () => {
  test("takes nothing that has lost its command line, and its mark with it, since the look", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(100) });
    const meanwhile = (): unknown => proc.set({ pid: 10, startTime: 100, argv: [] });
    assert.equal(seen(look(t, { proc, meanwhile })), "absent");
  });
});

describe("identify, by the folder of a relative command", () => {
  test("takes nothing elsewhere that is nobody's", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(100), cwd: "/b" });
    assert.equal(seen(look(t, { proc, folder: "/a" })), "absent");
    assert.equal(seen(look(t, { proc, folder: "/b" })), "10 scan");
    const own = [proc.set({ pid: 10, ...at(100), cwd: "/b" })];
    assert.equal(seen(look(t, { proc, folder: "/a", own })), "10 scan");
  });

  test("takes what the pidfile names there, or in /, where daemons go", (t) => {
    const proc = new FakeProc({ pid: 10, ...at(100), cwd: "/" });
    assert.equal(seen(look(t, { proc, folder: "/a", pidfile: "10\n" })), "10 pidfile");
    proc.set({ pid: 10, ...at(100), cwd: "/b" });
    assert.equal(seen(look(t, { proc, folder: "/a", pidfile: "10\n" })), "absent");
  });
});

describe("identify, of a shell line", () => {
  test("is the shell, as long as it lives, and tells what matches below it", (t) => {
    const proc = new FakeProc();
    const shell = proc.set({ pid: 10, startTime: 100, argv: ["/bin/sh", "-c", "prepare; app"] });
    const record = { process: shell, launched: shell, state: "running" as const };
    const main = (): number | undefined => {
      const { found } = look(t, { proc, record, isLaunched: true, isShell: true });
      assert.ok(found.kind === "running" && found.process.pid === 10);
      return found.main?.pid;
    };
    assert.equal(main(), undefined);
    proc.set({ pid: 11, ppid: 10, session: 10, ...at(110) });
    assert.equal(main(), 11);
    proc.set({ pid: 12, ppid: 1, ...at(90) });
    assert.equal(main(), 11);
  });

  test("is what it has left running, when the shell is gone", (t) => {
    const proc = new FakeProc();
    const shell = { pid: 10 as Pid, startTime: 100 as Ticks };
    const own = [proc.set({ pid: 11, ppid: 1, session: 10, image: 8, ...at(110) })];
    const record = { process: shell, launched: shell, image: 7, state: "running" as const };
    assert.equal(seen(look(t, { proc, own, record, isLaunched: true, isShell: true })), "11 scan");
  });
});

describe("identify, where the record is lost", () => {
  const shell = { pid: 10, startTime: 100, argv: ["sh", "-c", "loop"] };

  test("takes what a launch has made, whatever its words are, and tells of the launch", (t) => {
    const proc = new FakeProc({ pid: 11, ...at(50) });
    const launched = [proc.set(shell)];
    const { found } = look(t, { proc, launched, isLaunched: true });
    assert.equal(seen({ found }), "10 launch");
    assert.equal(found.kind === "running" && found.launch, "its-launch");
  });

  test("takes of several the one with its words, else the last one: others stem from earlier launches", (t) => {
    const proc = new FakeProc();
    const one = proc.set({ ...shell, pid: 20, session: 20, startTime: 200, argv: ["a child"] });
    const two = proc.set({ ...shell, pid: 21, session: 21, startTime: 210, argv: ["another"] });
    const scene: Scene = { proc, launched: [one, two], isLaunched: true };
    assert.equal(seen(look(t, scene)), "21 launch");
    const own = proc.set({ ...shell, pid: 19, session: 19, startTime: 190, argv: ["app"] });
    assert.equal(seen(look(t, { ...scene, launched: [one, own, two] })), "19 launch");
  });

  test("takes it also where the pidfile names what it has made, and matches", (t) => {
    const proc = new FakeProc({ pid: 11, ppid: 10, session: 10, ...at(101) });
    const launched = [proc.set(shell)];
    const all = look(t, { proc, launched, isLaunched: true, pidfile: "11\n" });
    assert.equal(seen(all), "10 launch");
  });

  const cases: readonly [what: string, scene: Partial<Scene>][] = [
    ["where what is launched is not the program by itself", {}],
    ["where a launch is on record", { isLaunched: true, record: { launch: "another" } }],
  ];
  for (const [what, scene] of cases) {
    test(`does not take it ${what}`, (t) => {
      const proc = new FakeProc();
      const launched = [proc.set(shell)];
      assert.equal(seen(look(t, { proc, launched, ...scene })), "absent");
    });
  }
});

describe("identify, by the title on record", () => {
  const titled = ["app: master"];
  const record = { launch: "its-launch", title: titled, image: 7 } as const;

  test("takes an own process with the same one that was executed anew", (t) => {
    const proc = new FakeProc();
    const ref = proc.set({ pid: 10, argv: titled, image: 8 });
    assert.equal(seen(look(t, { proc, record, own: [ref] })), "10 scan");
  });

  const others: readonly [what: string, one: Partial<FakeProcess>, isOwn: boolean][] = [
    ["a copy of the dead", { image: 7 }, true],
    ["one with another title", { argv: ["app: worker"], image: 8 }, true],
    ["a stranger", { image: 8 }, false],
  ];
  for (const [what, one, isOwn] of others) {
    test(`does not take ${what}`, (t) => {
      const proc = new FakeProc();
      const ref = proc.set({ pid: 10, argv: titled, ...one });
      assert.equal(seen(look(t, { proc, record, own: isOwn ? [ref] : [] })), "absent");
    });
  }
});
