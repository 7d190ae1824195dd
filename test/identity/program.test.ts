import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Host } from "../../src/host/host.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import {
  type LookOptions,
  lookFor,
  runsOneOf,
  type Program,
  programOf,
} from "../../src/identity/program.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { marks } from "../support/marks.ts";
import { stateDir } from "../../src/state/state-dir.ts";
import { programSettings } from "../support/settings.ts";

const uid = process.getuid?.() ?? 0;

interface Scene {
  readonly host: Host;
  readonly proc: FakeProc;
  readonly program: Program;
}

/** A machine, and the program `server`; `retired`: a program that was configured once. */
function scene(retired?: string): Scene {
  const proc = new FakeProc();
  const host = {
    proc,
    table: new ProcessTable(proc, uid),
    home: "home",
    ownerOf: () => undefined,
    ownerOfSession: () => undefined,
    isRetired: (name: string) => name === retired,
    launching: new Set(),
    env: {},
    state: stateDir("/no/such"),
    watcher: () => ({ isChild: () => true }) as Partial<ProcessWatcher>,
  } as Partial<Host> as Host;
  const settings = programSettings("/no/such", ["server"], { pidfile: "/no/such/pid" });
  const program = programOf(settings, host);
  return { host, proc, program };
}

test("a look can leave out what an earlier process of the program has left", () => {
  const { host, proc, program } = scene();
  const look = (options: LookOptions): number | undefined => {
    const found = lookFor(program, undefined, host, options);
    return found.kind === "running" ? found.process.pid : undefined;
  };
  // A worker that has written over its environment, and one that has not.
  proc.set({ pid: 20, uid, image: 7, argv: ["server"], startTime: 100 });
  proc.set({ pid: 30, uid, image: 8, argv: ["server"], environ: marks("web", "home-1-2") });
  const options = { heirs: false, butCopiesOf: 7 };
  assert.equal(look({}), 30);
  assert.equal(look(options), undefined);
  proc.set({ pid: 40, uid, image: 9, argv: ["server"], startTime: 150 });
  assert.equal(look(options), 40, "what somebody else has started");
});

test("what was left of a removed section is taken by who has launched nothing himself", () => {
  const { host, proc, program } = scene("gone");
  proc.set({ pid: 30, uid, argv: ["server"], environ: marks("gone", "home-1-2") });
  const own = { ...emptyRecord(program.name, "boot"), launch: "home-1-3" };
  assert.equal(lookFor(program, undefined, host).kind, "running");
  assert.equal(lookFor(program, own, host).kind, "absent");
});

test("a process runs a file also where that was replaced on the disk since", () => {
  const { host, proc } = scene();
  const ref = proc.set({ pid: 20, uid, exe: "/usr/bin/server (deleted)" });
  assert.ok(runsOneOf(["/usr/bin/server"], ref, host));
  assert.ok(!runsOneOf(["/usr/bin/other"], ref, host));
});
