import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Exit } from "../../proc/exit.ts";
import type { Pid } from "../../proc/pid.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import type { Host } from "../../src/host/host.ts";
import { pattern } from "../../src/identity/match.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { type Lost, StartMatch } from "../../src/lifecycle/start-match.ts";
import { FAKE_UID, FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { marks } from "../support/marks.ts";
import { programSettings, shellSettings } from "../support/settings.ts";

const LAUNCH = "home-1-2";
const TOP = 10;
const left: Exit = { kind: "code", code: 0 };
const failed: Exit = { kind: "code", code: 1 };

/** What was launched, as a process: it is the command, and was executed by us. */
const top: FakeProcess = {
  pid: TOP,
  ppid: process.pid,
  startTime: 100,
  image: 7,
  argv: ["server", "--daemon"],
  environ: marks("web", LAUNCH),
};

/** What it forked, as a daemon: of the environment nothing is left below its title. */
const daemon: FakeProcess = {
  pid: 20,
  ppid: 1,
  session: 20,
  startTime: 101,
  image: 7,
  argv: ["server: ready"],
};

interface Scene {
  readonly proc: FakeProc;
  readonly settings?: ProgramSettings;
  readonly owners?: Readonly<Record<number, string>>;
  /** What was launched, if it is another. */
  readonly first?: FakeProcess;
}

function match({ proc, settings = program(), owners = {}, first = top }: Scene): StartMatch {
  const host = {
    proc,
    table: new ProcessTable(proc, FAKE_UID),
    home: "home",
    ownerOf: ({ pid }) => owners[pid],
    ownerOfSession: () => undefined,
    isRetired: () => false,
    launching: new Set(),
    watcher: () => ({ isChild: () => true }) as Partial<ProcessWatcher>,
  } as Partial<Host> as Host;
  const launched = proc.set(first);
  const rule = pattern(settings.match, settings, undefined);
  return new StartMatch(settings, rule, host, { launch: LAUNCH, launched });
}

const program = (overrides: Partial<ProgramSettings> = {}): ProgramSettings =>
  programSettings("/no/such/folder", ["server", "--daemon"], { pidfile: "/no/such", ...overrides });

/** How that ended. */
const killed: Lost = {
  pid: 20 as Pid,
  exit: { kind: "signal", signal: "SIGKILL", coreDumped: false },
  image: 7,
};

/** By an expression that does not match the title that the daemon has. */
const byTitle = program({ match: { kind: "title", source: "x", regex: /^another title/ } });

function seen(one: StartMatch, exit?: Exit): string {
  const found = one.find(exit);
  return found === undefined ? "none" : `${found.process.pid} ${found.via}`;
}

describe("StartMatch, of a program that goes to the background", () => {
  test("takes its copy, once its first process has left with 0, whatever title that has by now", () => {
    const proc = new FakeProc();
    const one = match({ proc });
    assert.equal(seen(one), "10 launch");
    proc.set(daemon);
    assert.equal(seen(one), "10 launch", "the first process lives");
    proc.end(TOP);
    assert.equal(seen(one, left), "20 launch");
  });

  test("takes it as well when nobody has looked before", () => {
    const proc = new FakeProc();
    const one = match({ proc });
    proc.end(TOP);
    proc.set(daemon);
    proc.set({ ...daemon, pid: 21, ppid: 20, startTime: 102, argv: ["server: worker"] });
    assert.equal(seen(one, left), "20 launch");
  });

  const others: readonly [
    what: string,
    scene: Partial<Scene>,
    exit: Exit,
    process: Partial<FakeProcess>,
  ][] = [
    ["whose first process has failed, and stands in its session", {}, failed, { session: TOP }],
    ["whose first process has failed, in a session of its own", {}, failed, {}],
    ["that executed something else", {}, left, { image: 8 }],
    ["that is another program's by the record", { owners: { 20: "mail" } }, left, {}],
    ["that bears another's mark", {}, left, { environ: marks("mail", "home-3-4") }],
    ["where an expression is to match", { settings: byTitle }, left, {}],
  ];
  for (const [what, scene, exit, process] of others) {
    test(`takes none ${what}`, () => {
      const proc = new FakeProc();
      const one = match({ proc, ...scene });
      proc.end(TOP);
      proc.set({ ...daemon, ...process });
      assert.equal(seen(one, exit), "none");
    });
  }

  test("takes no part of a shell line for it", () => {
    const proc = new FakeProc();
    const one = match({ proc, settings: shellSettings("/no/such", "(sleep 9) &", /^sleep/) });
    proc.end(TOP);
    proc.set(daemon);
    assert.equal(seen(one, left), "none");
  });

  test("knows what it has made even if that never matches, to name and end it", () => {
    const proc = new FakeProc();
    const one = match({ proc, settings: byTitle });
    proc.set(daemon);
    proc.end(TOP);
    assert.equal(seen(one, left), "none");
    assert.deepEqual(
      [...one.seen].map(({ pid }) => pid as number),
      [20],
    );
    assert.equal(one.image, 7);
  });
});

test("StartMatch notes the image as soon as it is there to be seen", () => {
  const proc = new FakeProc();
  const settings = program();
  const launched = proc.set({ ...top, image: 0, argv: [] });
  const rule = pattern(settings.match, settings, undefined);
  const host = { proc, table: new ProcessTable(proc, FAKE_UID) } as Partial<Host> as Host;
  const one = new StartMatch(settings, rule, host, { launch: LAUNCH, launched });
  assert.equal(one.image, undefined);
  one.find(undefined);
  assert.equal(one.image, undefined);
  proc.set(top);
  one.find(undefined);
  assert.equal(one.image, 7);
});

test("StartMatch has no image of a shell that is to become the program", () => {
  const proc = new FakeProc();
  const shell = ["/bin/sh", "-c", 'umask 0022; exec "$@"', "usrsvc-launch", "server", "--daemon"];
  const settings = program();
  const one = match({ proc, settings });
  assert.equal(one.image, 7);
  proc.set({ ...top, argv: shell, image: 6 });
  const another = new StartMatch(
    settings,
    pattern(settings.match, settings, undefined),
    { proc } as Partial<Host> as Host,
    { launch: LAUNCH, launched: { pid: TOP, startTime: 100 } as never },
  );
  assert.equal(another.image, undefined);
});

test("StartMatch takes no child of a program that failed, which executes another right after the look", () => {
  const proc = new FakeProc();
  const child: FakeProcess = { ...top, pid: 20, ppid: 1, session: TOP, startTime: 101 };
  const executes = {
    get 20(): string {
      proc.set({ ...child, image: 8, argv: ["sleep", "600"] });
      return "web";
    },
  };
  const one = match({ proc, first: { ...top, argv: [] }, owners: executes });
  proc.end(TOP);
  proc.set(child);
  assert.equal(seen(one, failed), "none");
  assert.equal(seen(one, failed), "none");
});

test("StartMatch takes no worker of a daemon that is about to end, nor of one that has failed", () => {
  const proc = new FakeProc();
  const one = match({ proc });
  proc.end(TOP);
  proc.set(daemon);
  assert.equal(seen(one, left), "20 launch");
  proc.set({ ...daemon, pid: 21, startTime: 102 });
  // It shows no command line any more, and how it ends is not known yet.
  proc.set({ ...daemon, argv: [], image: 0, isExiting: true });
  assert.equal(seen(one, left), "20 launch");
  proc.end(20);
  assert.equal(one.find(left, killed), undefined);
});

test("StartMatch takes no child of a daemon's worker, which executes another right after the look", () => {
  const proc = new FakeProc();
  const child: FakeProcess = { ...top, pid: 30, ppid: 21, session: 20, startTime: 103, image: 7 };
  let isToExecute = false;
  const executes = {
    get 30(): string {
      if (isToExecute) proc.set({ ...child, image: 8, argv: ["sleep", "0.05"] });
      return "web";
    },
  };
  const one = match({ proc, owners: executes });
  proc.end(TOP);
  proc.set(daemon);
  assert.equal(seen(one, left), "20 launch");
  proc.end(20);
  proc.set(child);
  isToExecute = true;
  assert.equal(one.find(left, killed), undefined);
});

describe("a daemon whose first process has left before its image could be seen", () => {
  const child: FakeProcess = { ...daemon, environ: marks("web", LAUNCH), comm: "server" };

  /** In the middle of exec it shows no command line yet. */
  function found(one: FakeProcess): number | undefined {
    const proc = new FakeProc();
    const around = match({ proc, first: { ...top, argv: [], comm: "server" } });
    proc.end(TOP);
    proc.set(one);
    return around.find(left)?.process.pid;
  }

  test("is known by its mark, and by its name for the kernel", () => {
    assert.equal(found(child), 20);
  });

  test("is none where it has another name, or no session of its own", () => {
    assert.equal(found({ ...child, comm: "helper" }), undefined);
    assert.equal(found({ ...child, session: TOP }), undefined);
  });
});
