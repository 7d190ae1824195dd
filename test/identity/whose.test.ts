import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Spawner } from "../../proc/system/spawner.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Host } from "../../src/host/host.ts";
import { ClaimedOwners } from "../../src/identity/owners.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { emptyRecord, type ProgramRecord } from "../../src/state/record.ts";
import { lookFor, type Program } from "../../src/identity/program.ts";
import { isApp } from "../support/app-pattern.ts";
import { FAKE_UID, FakeProc, type FakeProcess } from "../support/fake-proc.ts";

/*
 * Random trees of wrappers, forks, sessions, execs, titles, strangers and deaths, of programs that all
 * have one command line. Each process knows here whose it truly is; what the look finds is held to it.
 */

const PROGRAMS = ["a", "b", "c"] as const;
type Name = (typeof PROGRAMS)[number];
const HOME = "home";

/** What a process executes, by a number. */
const COMMANDS = ["app", "sh", "app", "node"] as const;

interface Member {
  readonly ref: ProcessRef;
  /** Whose it truly is: a program's, another usrsvc's, or nobody's. */
  readonly owner: Name | "elsewhere" | undefined;
  readonly launch: string | undefined;
}

/** A machine with three programs, and all that happens on it. */
class World {
  readonly proc = new FakeProc();
  readonly #table = new ProcessTable(this.proc, FAKE_UID);
  readonly #owners = new ClaimedOwners();
  readonly #records = new Map<Name, ProgramRecord>();
  #members: readonly Member[] = [];
  #pid = 100;
  #clock = 1000;
  #image = 1;
  readonly #host: Host = {
    proc: this.proc,
    table: this.#table,
    home: HOME,
    ownerOf: (ref) => this.#owners.ownerOf(ref),
    ownerOfSession: (session) => this.#owners.ownerOfSession(session),
    isRetired: () => false,
    launching: new Set(),
    watcher: () => ({ isChild: () => false }) as Partial<ProcessWatcher>,
    spawner: () => ({ underway: () => undefined }) as Partial<Spawner>,
  } as Partial<Host> as Host;

  /** What usrsvcd does with a program that should run: looks for it, and starts it when there is none. */
  tend(name: Name): void {
    if (this.look(name) === undefined) this.#launch(name);
  }

  /** Looks for a program, takes note of what was found, and holds it to the truth. */
  look(name: Name): ProcessRef | undefined {
    const record = this.#records.get(name) ?? emptyRecord(name, "boot");
    const before = record.process;
    const found = lookFor(program(name), record, this.#host, { maxAgeMs: 0 });
    if (found.kind === "absent") {
      assert.ok(!this.#lives(before), `${name} has lost ${before?.pid}, which lives`);
      return undefined;
    }
    const { process } = found;
    if (this.#lives(before)) assert.deepEqual(process, before, `${name} left what it had`);
    this.#holdToTruth(name, process);
    const claim = { ...record, process, state: "running" } as const;
    assert.ok(this.#owners.claim(name, claim), `${name} takes ${process.pid}, which another has`);
    this.#records.set(name, claim);
    return process;
  }

  #lives(ref: ProcessRef | undefined): boolean {
    return ref !== undefined && sameProcess(this.proc.alive(ref.pid), ref);
  }

  #holdToTruth(name: Name, process: ProcessRef): void {
    const member = this.#members.find(({ ref }) => sameProcess(ref, process));
    assert.ok(member, `${name} is said to be ${process.pid}, which does not live`);
    const { owner } = member;
    if (owner === undefined || owner === name) return;
    assert.ok(!this.#isTraceable(member), `${name} takes ${process.pid}, which is ${owner}'s`);
  }

  /** True while anything still shows whose it is: its environment, its session, or a living forebear. */
  #isTraceable({ ref, owner }: Member): boolean {
    const record = PROGRAMS.some((name) => name === owner)
      ? this.#records.get(owner as Name)
      : undefined;
    const known = [record?.process, record?.launched];
    let one = this.#members.find((member) => sameProcess(member.ref, ref));
    while (one !== undefined) {
      const { ref: self } = one;
      const { session, ppid } = this.proc.get(self.pid);
      if (session === record?.launched?.pid || this.#isMarked(self)) return true;
      if (known.some((it) => sameProcess(it, self))) return true;
      one = this.#members.find((member) => member.ref.pid === ppid && member.owner === owner);
    }
    return false;
  }

  #isMarked({ pid }: ProcessRef): boolean {
    return this.proc.get(pid).environ?.["USRSVC_LAUNCH"] !== undefined;
  }

  #launch(name: Name): void {
    const launch = `${HOME}-${this.#clock}`;
    const environ = { USRSVC_PROGRAM: name, USRSVC_LAUNCH: launch };
    const argv = ["app"];
    const process = this.#born({ argv, environ }, name, launch);
    const { image } = this.proc.get(process.pid);
    const empty = emptyRecord(name, "boot");
    const record: ProgramRecord = {
      ...empty,
      state: "running",
      process,
      launched: process,
      launch,
      via: "launch",
      ...(image === undefined ? {} : { image }),
    };
    this.#records.set(name, record);
    assert.ok(this.#owners.claim(name, record));
  }

  #born(
    traits: Omit<FakeProcess, "pid" | "startTime">,
    owner: Member["owner"],
    launch: string | undefined,
    pid = (this.#pid += 1),
  ): ProcessRef {
    this.#clock += 1;
    const image = traits.image ?? (this.#image += 1);
    const startTime = this.#clock;
    const ref = this.proc.set({ session: pid, ppid: 1, ...traits, pid, startTime, image });
    this.#members = [...this.#members, { ref, owner, launch }];
    return ref;
  }

  #some(n: number): Member | undefined {
    return this.#members[n % Math.max(1, this.#members.length)];
  }

  #change(n: number, traits: Partial<FakeProcess>): void {
    const one = this.#some(n);
    if (one !== undefined) this.proc.set({ ...this.proc.get(one.ref.pid), ...traits });
  }

  fork(n: number): void {
    const one = this.#some(n);
    if (one === undefined || this.#members.length > 40) return;
    const { startTime: _, pid, ...traits } = this.proc.get(one.ref.pid);
    this.#born({ ...traits, ppid: pid }, one.owner, one.launch);
  }

  setsid(n: number): void {
    const one = this.#some(n);
    if (one !== undefined) this.#change(n, { session: one.ref.pid });
  }

  /** A child with a session and a title of its own. */
  child(n: number): void {
    this.fork(n);
    this.setsid(this.#members.length - 1);
    this.title(this.#members.length - 1);
  }

  exec(n: number, command: number): void {
    const argv = [COMMANDS[command % COMMANDS.length] ?? "app"];
    this.#change(n, { argv, image: (this.#image += 1) });
  }

  /** A title over the environment, as of redis, postgres and nginx. */
  title(n: number): void {
    this.#change(n, { argv: ["app"], environ: {} });
  }

  exit(n: number): void {
    const one = this.#some(n);
    if (one === undefined) return;
    this.proc.end(one.ref.pid);
    this.#members = this.#members.filter((other) => other !== one);
    for (const { ref } of this.#members) {
      const orphan = this.proc.get(ref.pid);
      if (orphan.ppid === one.ref.pid) this.proc.set({ ...orphan, ppid: 1 });
    }
  }

  /** All that have the words of the programs, or all at all. */
  massDeath(all: boolean): void {
    for (let n = this.#members.length - 1; n >= 0; n -= 1) {
      const one = this.#members[n];
      if (one !== undefined && (all || this.proc.cmdline(one.ref.pid)[0] === "app")) this.exit(n);
    }
  }

  stranger(): void {
    this.#born({ argv: ["app"] }, undefined, undefined);
  }

  elsewhere(): void {
    const environ = { USRSVC_PROGRAM: "a", USRSVC_LAUNCH: "other-1" };
    this.#born({ argv: ["app"], environ }, "elsewhere", "other-1");
  }

  /** A stranger gets the pid of what has just died. */
  recycle(n: number): void {
    const one = this.#some(n);
    if (one === undefined) return;
    this.exit(n);
    if (!this.#members.some(({ ref }) => this.proc.get(ref.pid).session === one.ref.pid)) {
      this.#born({ argv: ["app"] }, undefined, undefined, one.ref.pid); // the kernel waits for groups
    }
  }
}

function program(name: Name): Program {
  return {
    name,
    enabled: true,
    ending: { termToKillMs: 8000 },
    stopLasts: "boot",
    pidfile: "/nonexistent/pid",
    autopid: true,
    pattern: isApp,
    scanForProcess: true,
    settings: undefined,
  };
}

type Step = (world: World) => void;

const n = fc.nat({ max: 1000 });
const step: fc.Arbitrary<[string, Step]> = fc.oneof(
  fc
    .constantFrom(...PROGRAMS)
    .map((name): [string, Step] => [`tend ${name}`, (world) => world.tend(name)]),
  fc
    .constantFrom(...PROGRAMS)
    .map((name): [string, Step] => [`look ${name}`, (world) => void world.look(name)]),
  n.map((x): [string, Step] => [`fork ${x}`, (world) => world.fork(x)]),
  n.map((x): [string, Step] => [`child ${x}`, (world) => world.child(x)]),
  n.map((x): [string, Step] => [`setsid ${x}`, (world) => world.setsid(x)]),
  fc.tuple(n, n).map(([x, y]): [string, Step] => [`exec ${x} ${y}`, (w) => w.exec(x, y)]),
  n.map((x): [string, Step] => [`title ${x}`, (world) => world.title(x)]),
  n.map((x): [string, Step] => [`exit ${x}`, (world) => world.exit(x)]),
  n.map((x): [string, Step] => [`recycle ${x}`, (world) => world.recycle(x)]),
  fc.boolean().map((all): [string, Step] => [`all die ${all}`, (world) => world.massDeath(all)]),
  fc.constant<[string, Step]>(["stranger", (world) => world.stranger()]),
  fc.constant<[string, Step]>(["elsewhere", (world) => world.elsewhere()]),
);
const story = fc.array(step, { maxLength: 40 });

describe("whose a process is, in any story", () => {
  test("no program takes another's, none is lost, and after calm each runs once", () => {
    fc.assert(
      fc.property(story, (steps) => {
        const world = new World();
        for (const name of PROGRAMS) world.tend(name);
        for (const [, does] of steps) does(world);
        for (const name of PROGRAMS) world.tend(name);
        const calm = PROGRAMS.map((name) => world.look(name));
        assert.ok(calm.every((ref) => ref !== undefined));
        assert.equal(new Set(calm.map((ref) => ref?.pid)).size, PROGRAMS.length);
        assert.deepEqual(
          PROGRAMS.map((name) => world.look(name)),
          calm,
          "nothing changes any more",
        );
      }),
      { numRuns: 3000 },
    );
  });
});
