import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Exit } from "../../proc/exit.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Host } from "../../src/host/host.ts";
import { stateDir } from "../../src/state/state-dir.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { emptyRecord, type ProgramRecord } from "../../src/state/record.ts";
import { programOf } from "../../src/identity/program.ts";
import { Leftovers } from "../../src/supervisor/leftovers.ts";
import { FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { marks } from "../support/marks.ts";
import { child, refOf } from "../support/processes.ts";
import { programSettings } from "../support/settings.ts";

const uid = process.getuid?.() ?? 0;
const LAUNCH = "home-1-2";
const killed: Exit = { kind: "signal", signal: "SIGKILL", coreDumped: false };
const left: Exit = { kind: "code", code: 0 };

interface Scene {
  readonly proc: FakeProc;
  /** The session of the program, which has died. */
  readonly session: Pid;
  readonly heir: (
    exit: Exit,
    title?: readonly string[],
    exe?: string,
  ) => Promise<ProcessRef | undefined>;
  /** Sets a process that stems from the program. */
  readonly set: (pid: number, more: Partial<FakeProcess>) => ProcessRef;
}

/** `isGroup`: something is left in its group. `another`: a session of its own, of a daemon. */
function scene(t: TestContext, isGroup = true, another?: number): Scene {
  const proc = new FakeProc();
  proc.seconds = 8; // all are young enough to be given a title, and were so for longer than is waited
  // Groups are the kernel's own: one that is there, or one that is not.
  const group = isGroup ? refOf(child(t, "sleep", ["600"], { detached: true }).pid) : undefined;
  const session = group?.pid ?? (4_194_303 as Pid);
  const dead = { pid: session, startTime: 100 } as ProcessRef;
  const host = {
    proc,
    table: new ProcessTable(proc, uid),
    home: "home",
    state: stateDir("/no/such"),
    ownerOf: () => undefined,
    ownerOfSession: (id) => (id === session || id === another ? "web" : undefined),
    isRetired: () => false,
    launching: new Set(),
    env: {},
    watcher: () => ({ isChild: () => true }) as Partial<ProcessWatcher>,
  } as Partial<Host> as Host;
  const settings = programSettings("/no/such", ["server", "--run"], { pidfile: "/no/such/pid" });
  const record: ProgramRecord = {
    ...emptyRecord("web", "boot"),
    state: "running",
    process: dead,
    launched: dead,
    session: another,
    launch: LAUNCH,
    image: 7,
  };
  const remains = new Leftovers(host, new AbortController());
  return {
    proc,
    session,
    set: (pid, more) =>
      proc.set({
        pid,
        uid,
        ppid: 1,
        session,
        startTime: 150,
        image: 8,
        argv: ["server", "--run"],
        ...more,
      }),
    heir: async (exit, title, exe = "server") => {
      const found = await remains.heir(
        programOf(settings, host),
        { ...record, title },
        {
          exe,
          exit,
        },
      );
      return found?.process;
    },
  };
}

describe("heir", () => {
  test("is what was executed anew in the session of the dead, and matches", async (t) => {
    const { heir, set } = scene(t);
    const ref = set(20, {});
    assert.deepEqual(await heir(killed), ref);
  });

  test("is no copy of the dead: a worker, unless the dead has left with 0", async (t) => {
    const { heir, set } = scene(t);
    const ref = set(20, { image: 7 });
    assert.equal(await heir(killed), undefined);
    assert.deepEqual(await heir(left), ref);
  });

  test("is none of several side by side, which are workers", async (t) => {
    const { heir, set } = scene(t);
    set(20, {});
    set(21, {});
    assert.equal(await heir(killed, undefined, "another"), undefined);
  });

  test("is none that ends right after", async (t) => {
    const { heir, set, proc } = scene(t);
    set(20, {});
    const looking = heir(killed);
    await pause(1); // before it is looked at once more, however late that is
    proc.end(20);
    assert.equal(await looking, undefined);
  });

  test("is waited for where something has the same executable: its title may come late", async (t) => {
    const { heir, set } = scene(t);
    set(20, { argv: ["server", "is", "loading"] });
    const looking = heir(killed);
    await pause(200);
    const ref = set(20, {});
    assert.deepEqual(await looking, ref);
  });

  test("is waited for in the session of a daemon, which is not that of its launch", async (t) => {
    const { heir, set } = scene(t, true, 77);
    set(20, { session: 77, argv: ["server", "is", "loading"] });
    const looking = heir(killed);
    await pause(200);
    const ref = set(20, { session: 77 });
    assert.deepEqual(await looking, ref);
  });

  test("is not waited for where it has another executable", async (t) => {
    const { heir, set } = scene(t);
    set(20, { argv: ["helper"] });
    const began = performance.now();
    assert.equal(await heir(killed), undefined);
    assert.ok(performance.now() - began < 1000);
  });

  test("is one with the title of the dead, where that had given itself one", async (t) => {
    const { heir, set } = scene(t);
    const ref = set(20, { argv: ["mytitle"] });
    assert.deepEqual(await heir(killed, ["mytitle"]), ref);
  });

  test("in a session of its own is one when the dead has left with 0", async (t) => {
    const { heir, set } = scene(t, false);
    const ref = set(20, { session: 20, environ: marks("web", LAUNCH) });
    assert.deepEqual(await heir(left), ref);
    assert.equal(await heir(killed), undefined, "nobody has looked: a restart hurries");
  });
});
