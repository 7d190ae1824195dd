import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { ProcError } from "../../proc/error.ts";
import { PollingWatcher } from "../../proc/system/polling.ts";
import { type ProcReader, procReader } from "../../proc/reader.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Host } from "../../src/host/host.ts";
import { launchNote, newLaunchId } from "../../src/identity/mark.ts";
import { completeLaunch } from "../../src/identity/unfinished-launch.ts";
import { emptyRecord, type ProgramRecord } from "../../src/state/record.ts";
import { type FakeProcess, FakeProc } from "../support/fake-proc.ts";
import { marks } from "../support/marks.ts";
import { programSettings } from "../support/settings.ts";
import { child, firstLine, killRef, lives, refOf } from "../support/processes.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";
import { inTime, waitFor } from "../support/wait.ts";

const HOME = "this";
const ID = `${HOME}-launch`;
const uid = process.getuid?.() ?? 0;

const BOOT = new FakeProc().bootId();
/** As it is on disk before a launch, of which only the note tells. */
const record: ProgramRecord = { ...emptyRecord("web", BOOT), desired: "up", state: "running" };

/** A lock with a note, which may be written anew. */
function lockWith(note: string): { note: string; writeNote: (text: string) => void } {
  const lock = {
    note,
    writeNote(text: string) {
      lock.note = text;
    },
  };
  return lock;
}

/** A process of ours that was made by a launch. */
const marked = (pid: number, more: Partial<FakeProcess> = {}): FakeProcess => ({
  pid,
  uid,
  argv: ["app"],
  environ: marks("web", ID),
  ...more,
});

const watcher = (): ProcessWatcher => new PollingWatcher(procReader());
const hostOf = (proc: ProcReader): Pick<Host, "proc" | "home" | "ownerOf" | "watcher" | "env"> => ({
  proc,
  env: {},
  home: HOME,
  ownerOf: () => undefined,
  watcher,
});

async function completed(
  proc: FakeProc,
  of = record,
  lock = lockWith(launchNote(ID, BOOT)),
): Promise<ProgramRecord> {
  return await inTime(completeLaunch(of, lock, undefined, hostOf(proc)), "an answer");
}

const foundIn = async (proc: FakeProc): Promise<number | undefined> =>
  (await completed(proc)).process?.pid;

describe("completeLaunch", () => {
  test("finds what was launched, and puts it on record as found", async () => {
    const proc = new FakeProc(marked(10, { environ: marks("web", "another") }));
    const ref = proc.set(marked(11, { startTime: 70 }));
    proc.set({ pid: 12, uid, argv: ["app"], environ: { A: ID } });
    assert.deepEqual(await completed(proc), {
      ...record,
      state: "starting",
      windowEndsAt: 70, // nobody knows its settings
      process: ref,
      launched: ref,
      launch: ID,
      via: "scan",
    });
  });

  test("leaves the record as it is where nothing has the mark", async () => {
    const proc = new FakeProc({ pid: 10, uid, argv: ["app"], environ: { USRSVC_PROGRAM: "web" } });
    assert.equal(await completed(proc), record);
  });

  test("prefers what leads the session to what it has made, be it older by the clock", async () => {
    const proc = new FakeProc(
      marked(30, { session: 31, pgrp: 31, startTime: 5 }),
      marked(31, { startTime: 6 }),
      marked(32, { session: 31, startTime: 4 }),
    );
    assert.equal(await foundIn(proc), 31);
  });

  test("takes the oldest of what is left where the leader is gone", async () => {
    const proc = new FakeProc(
      marked(41, { session: 40, startTime: 9 }),
      marked(42, { session: 40, startTime: 8 }),
      marked(44, { session: 40, startTime: 8 }),
    );
    assert.equal(await foundIn(proc), 42);
  });

  const none: readonly [what: string, process: FakeProcess][] = [
    ["another user's process", marked(10, { uid: uid + 1 })],
    ["a zombie", marked(10, { state: "Z" })],
    ["a thread of the kernel", marked(10, { session: 0 })],
    ["ourselves, whom a program of ours may have started", marked(process.pid)],
    ["one that has cleared its environment", marked(10, { environ: {} })],
  ];
  for (const [what, one] of none) {
    test(`does not take ${what} for it, and waits for nothing`, async () => {
      const proc = new FakeProc(one);
      assert.equal(await foundIn(proc), undefined);
      assert.equal(proc.reads.list, 1);
    });
  }

  test("waits for one in mid-exec, which shows nothing of itself", async () => {
    const proc = new FakeProc({ pid: 50, uid });
    const found = foundIn(proc);
    while (proc.reads.list < 3) await turn();
    proc.set(marked(50));
    assert.equal(await inTime(found, "an answer"), 50);
  });

  test("does not wait for ever for one that shows nothing", async () => {
    const proc = new FakeProc({ pid: 50, uid });
    const began = performance.now();
    assert.equal(await foundIn(proc), undefined);
    assert.ok(performance.now() - began < 30_000);
  });

  test("goes on where a process leaves in mid-look, or hides", async () => {
    class Shy extends FakeProc {
      override environ(pid: Pid): ReadonlyMap<string, string> {
        if (pid === 60) throw new ProcError("gone", "environ", "no such process");
        if (pid === 61) throw new ProcError("denied", "environ", "not ours to read");
        return super.environ(pid);
      }
    }
    assert.equal(await foundIn(new Shy(marked(60), marked(61), marked(62))), 62);
  });

  test("forgets a launch of which nothing came", async () => {
    const lock = lockWith(launchNote(ID, BOOT));
    assert.equal(await completed(new FakeProc(), record, lock), record);
    assert.equal(lock.note, "");
  });

  const others: readonly [what: string, note: string, of: ProgramRecord][] = [
    ["nothing is noted", "", record],
    ["the launch that is noted is on record", launchNote(ID, BOOT), { ...record, launch: ID }],
    ["it was launched in another boot", launchNote(ID, "another"), record],
    ["another usrsvc launched it", launchNote("other-launch", BOOT), record],
    ["the note is of something else", `other ${ID} now ${BOOT}`, record],
  ];
  for (const [what, note, of] of others) {
    test(`leaves a record alone where ${what}, and looks at nothing`, async () => {
      const proc = new FakeProc(marked(10));
      assert.equal(await completed(proc, of, lockWith(note)), of);
      assert.equal(proc.reads.list, 0);
    });
  }

  test("finds a real process by its environment", async (t) => {
    const id = newLaunchId(HOME, procReader().uptime());
    const made = child(t, "sleep", ["600"], {
      detached: true,
      env: { ...process.env, ...marks("web", id) },
    });
    const ref = refOf(made.pid);
    await waitFor(() => procReader().cmdline(ref.pid)[0] === "sleep", "it is executed");
    const lock = lockWith(launchNote(id, procReader().bootId()));
    const found = await completeLaunch(record, lock, undefined, hostOf(procReader()));
    assert.deepEqual([found.process, found.launched], [ref, ref]);
    assert.ok(lives(ref));
  });

  describe("of a process that has cleared its environment", () => {
    /** Leads a session, is nobody's child here, and writes to `log`. */
    async function cleared(t: TestContext, log: string): Promise<ProcessRef> {
      const line = '(exec setsid env -i /bin/sleep 600 >>"$1" 2>/dev/null) & echo $!';
      const made = child(t, "sh", ["-c", line, "sh", log], { stdio: ["ignore", "pipe", "ignore"] });
      const pid = Number(await firstLine(made)) as Pid;
      const reader = procReader();
      await waitFor(() => reader.cmdline(pid)[0] === "/bin/sleep", "it is executed");
      await waitFor(() => reader.stat(pid).ppid !== made.pid, "it is nobody's child here");
      const ref = refOf(pid);
      cleanUp(t, () => killRef(ref));
      return ref;
    }
    /** The note of a launch that was made so much later. */
    const noted = (laterMs: number): ReturnType<typeof lockWith> => {
      const [word, id, , boot] = launchNote(ID, procReader().bootId()).split(" ");
      return lockWith([word, id, new Date(Date.now() + laterMs).toISOString(), boot].join(" "));
    };

    test("finds it by the log of the program", async (t) => {
      const stdout = join(tempDir(t), "log");
      const lock = noted(0);
      const ref = await cleared(t, stdout);
      const { process: found } = await completeLaunch(
        record,
        lock,
        programSettings("/", ["app"], { stdout }),
        hostOf(procReader()),
      );
      assert.deepEqual(found, ref);
    });

    const strangers: readonly [what: string, log: string, at: number, owner: string][] = [
      ["that was born before", "log", 60_000, "web"],
      ["of another program", "log", 0, "other"],
      ["whose log is a device, as many have", "/dev/null", 0, "web"],
    ];
    for (const [what, log, laterMs, owner] of strangers) {
      test(`leaves one alone ${what}`, async (t) => {
        const stdout = resolve(tempDir(t), log);
        await cleared(t, stdout);
        const host = { ...hostOf(procReader()), ownerOf: () => owner };
        const program = programSettings("/", ["app"], { stdout });
        assert.equal(await completeLaunch(record, noted(laterMs), program, host), record);
      });
    }
  });
});

describe("completeLaunch, of what leads to no mark", () => {
  const id = newLaunchId(HOME, 20);
  const note = (): ReturnType<typeof lockWith> => lockWith(launchNote(id, BOOT));
  const one = { uid, argv: ["app"], environ: marks("web", id) };

  test("the one that is noted is the program, whatever it shows, and no other", async () => {
    const ref = { pid: 10, startTime: 2000 } as ProcessRef;
    const proc = new FakeProc(
      { pid: 9, ...one, startTime: 2000 },
      { pid: 10, uid, argv: ["app"], session: 10, startTime: 2000 },
    );
    const lock = lockWith(launchNote(id, BOOT, ref));
    const found = await completed(proc, record, lock);
    assert.deepEqual([found.launched, found.via], [ref, "launch"]);
    proc.end(10);
    const left = await completed(proc, record, lockWith(launchNote(id, BOOT, ref)));
    assert.deepEqual([left.launched?.pid, left.via], [9, "scan"], "what it has left");
  });

  /** As redis leaves itself: a title, and nothing of its environment. */
  const wiped = { uid, argv: ["app: ready"], exe: process.execPath, startTime: 2010 };
  const program = programSettings("/", [process.execPath]);
  const complete = async (...all: readonly FakeProcess[]): Promise<number | undefined> => {
    const proc = new FakeProc(...all);
    return (await completeLaunch(record, note(), program, hostOf(proc))).process?.pid;
  };

  test("finds a daemon that has wiped out its environment by executable and birth", async () => {
    assert.equal(await complete({ pid: 10, ...wiped }), 10);
  });

  const strangers: readonly [what: string, ...all: readonly FakeProcess[]][] = [
    ["of another executable", { pid: 10, ...wiped, exe: "/bin/other" }],
    ["that is older", { pid: 10, ...wiped, startTime: 1998 }],
    ["that is much younger", { pid: 10, ...wiped, startTime: 2301 }],
    ["that leads no session", { pid: 10, ...wiped, session: 9 }],
    ["that has an environment", { pid: 10, ...wiped, environ: { A: "1" } }],
    ["of two alike", { pid: 10, ...wiped }, { pid: 11, ...wiped }],
  ];
  for (const [what, ...all] of strangers) {
    test(`takes no daemon ${what}`, async () => {
      assert.equal(await complete(...all), undefined);
    });
  }
});

test("newLaunchId gives each launch another one", () => {
  const ids = Array.from({ length: 1000 }, () => newLaunchId("home", 1));
  assert.equal(new Set(ids).size, ids.length);
});
