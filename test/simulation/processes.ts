import type { Exit } from "../../proc/exit.ts";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import type { Stat } from "../../proc/stat.ts";
import type { ProcessHandle, ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Spawner, SpawnOrder } from "../../proc/system/spawner.ts";
import { FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { type Actor, actor } from "./actor.ts";
import { UID } from "./files.ts";
import type { World } from "./world.ts";

/** A process of a simulated world. */
export interface Process extends FakeProcess {
  readonly pid: number;
  ppid: number;
  readonly pgrp: number;
  readonly session: number;
  readonly startTime: Ticks;
  state: string;
  readonly uid: number;
  argv: readonly string[];
  environ: Readonly<Record<string, string>>;
  image: number;
  /** For people. */
  what: string;
  /** Of which program of the configuration it is. */
  program?: string | undefined;
  /** Which launch of it, in the order of the world. */
  launch?: number | undefined;
  /** It does the work; others are its workers. */
  isMain: boolean;
  exit?: Exit | undefined;
}

/** What a newborn is. */
interface Birth {
  readonly argv: readonly string[];
  readonly parent: number;
  readonly uid?: number;
  /** Forked by this one, in whose session it stays. */
  readonly of?: Process;
  readonly what?: string;
  readonly environ?: Readonly<Record<string, string>>;
}

/** How the programs of simulated worlds behave; the word behind `/usr/bin/app` in a command. */
export type Kind = "plain" | "mortal" | "daemon" | "workers" | "stubborn" | "failing";

interface Nature {
  /** It has been executed just now. */
  readonly begin?: (self: Process, world: World) => void;
  readonly onTerm?: (self: Process, world: World) => void;
}

const done: Exit = { kind: "code", code: 0 };
const failed: Exit = { kind: "code", code: 1 };
const terminated: Exit = { kind: "signal", signal: "SIGTERM", coreDumped: false };

function leave(self: Process, world: World, ms: number, exit: Exit): void {
  world.schedule(undefined, ms, () => {
    if (world.proc.find(self.pid) === self && self.state !== "Z") world.die(self, exit);
  });
}

const onTerm = (self: Process, world: World): void =>
  leave(self, world, world.some(0, 30), terminated);

const natures: Readonly<Record<Kind, Nature>> = {
  plain: { onTerm },
  mortal: {
    begin(self, world) {
      world.schedule(undefined, world.some(0, 3000), () => {
        if (!world.isCalm) leave(self, world, 0, world.random() < 0.5 ? failed : done);
      });
    },
    onTerm,
  },
  // Its first process leaves when its copy is there, which writes the pidfile.
  daemon: {
    begin(self, world) {
      if (!self.isMain) return;
      world.schedule(undefined, world.some(0, 15), () => {
        if (world.proc.find(self.pid) !== self || self.state === "Z") return;
        const { argv } = self;
        const copy = world.proc.fork(self, { argv, parent: self.pid });
        copy.isMain = true;
        world.schedule(undefined, world.some(0, 10), () => {
          if (world.proc.find(copy.pid) !== copy) return;
          world.files.put(`/home/web/${copy.program}.pid`, `${copy.pid}\n`);
        });
        leave(self, world, world.some(0, 10), done);
      });
    },
    onTerm,
  },
  // Workers outlive a master that was killed, and look like it.
  workers: {
    begin(self, world) {
      world.schedule(undefined, world.some(0, 10), () => {
        if (world.proc.find(self.pid) !== self || self.state === "Z") return;
        for (const _ of [1, 2]) {
          const argv = [...self.argv, "worker"];
          const worker = world.proc.fork(self, { argv, parent: self.pid, of: self });
          worker.isMain = false;
        }
      });
    },
    onTerm(self, world) {
      for (const one of world.proc.childrenOf(self.pid)) leave(one, world, 0, terminated);
      onTerm(self, world);
    },
  },
  stubborn: {},
  failing: {
    begin: (self, world) => leave(self, world, world.some(0, 20), failed),
  },
};

/** How a process behaves. */
export function nature({ program, argv }: Process): Nature {
  return program === undefined ? {} : (natures[argv[1] as Kind] ?? {});
}

/** Pids are given out in turn up to here, so that they come again soon. */
const PID_MAX = 520;
const FIRST_PID = 301;
/** No kernel gives a number out again sooner, in ms. */
const PID_REST_MS = 20;
/** A machine that has been up for so long when its world begins, in seconds. */
const UP_SECONDS = 1000;

/** The processes of a world, and /proc as its actors read it: each read is a step. */
export class SimulatedProc extends FakeProc {
  readonly #world: World;
  readonly #processes = new Map<number, Process>();
  readonly #freedAt = new Map<number, number>();
  readonly #handles = new Set<Handle>();
  #nextPid = FIRST_PID;
  #images = 1;
  #launches = 0;

  constructor(world: World) {
    super();
    this.#world = world;
  }

  find(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  get all(): Iterable<Process> {
    return this.#processes.values();
  }

  group(pgrp: number): readonly Process[] {
    return [...this.all].filter((one) => one.pgrp === pgrp);
  }

  childrenOf(pid: number): readonly Process[] {
    return [...this.all].filter((one) => one.ppid === pid);
  }

  /** A process that leads a session of its own, or has that of `of`. */
  create({ argv, parent, uid = UID, of, what, environ = {} }: Birth): Process {
    const pid = this.#freePid();
    const one: Process = {
      pid,
      ppid: parent,
      pgrp: of?.pgrp ?? pid,
      session: of?.session ?? pid,
      startTime: Math.floor(this.#seconds() * 100) as Ticks,
      state: "S",
      uid,
      argv,
      environ,
      image: this.newImage(),
      what: what ?? argv.join(" "),
      isMain: true,
    };
    this.#processes.set(pid, one);
    this.set(one);
    this.last = pid; // the kernel's last, not the highest
    this.births += 1;
    return one;
  }

  /** fork(2): the same in all but its number; in a session of its own, unless `of` says whose. */
  fork(parent: Process, birth: Birth): Process {
    const copy = this.create(birth);
    copy.environ = parent.environ;
    copy.image = parent.image;
    copy.what = `child of ${parent.what}`;
    copy.program = parent.program;
    copy.launch = parent.launch;
    return copy;
  }

  /** execve(2). */
  execute(one: Process, argv: readonly string[], environ: readonly string[]): void {
    one.argv = argv;
    one.environ = Object.fromEntries(environ.map((line) => cut(line)));
    one.image = this.newImage();
    const name = one.environ["PROGRAM"];
    one.program = name;
    one.what = name ?? argv.join(" ");
    this.#launches += 1;
    one.launch = this.#launches;
    this.#world.tell(`${one.what} ${one.pid} runs`);
    nature(one).begin?.(one, this.#world);
    this.#checkCopies(name);
  }

  /** Of one program no two launches may be at work. */
  #checkCopies(program: string | undefined): void {
    const mains = [...this.all].filter(
      (one) => one.program === program && one.isMain && one.state !== "Z" && one.launch,
    );
    if (program === undefined || new Set(mains.map(({ launch }) => launch)).size < 2) return;
    const pids = mains.map(({ pid }) => pid).join(" and ");
    this.#world.violated(`${program} runs twice: ${pids}`);
  }

  newImage(): number {
    this.#images += 16;
    return this.#images;
  }

  /** A child of an actor that lives waits for it as a zombie. */
  override end(pid: number, exit: Exit = { kind: "unknown" }): void {
    const one = this.#processes.get(pid);
    if (one === undefined || one.state === "Z") return;
    one.exit = exit;
    for (const child of this.childrenOf(pid)) {
      child.ppid = 1;
      if (child.state === "Z") this.#remove(child);
    }
    const parent = this.#world.actorOf(one.ppid);
    one.state = "Z";
    if (parent === undefined) this.#remove(one);
    for (const handle of this.#handles) if (handle.process === one) handle.notice();
  }

  /** waitpid(2): what is dead is no more. */
  reap(pid: number): void {
    const one = this.#processes.get(pid);
    if (one?.state === "Z") this.#remove(one);
  }

  hold(handle: Handle): () => void {
    this.#handles.add(handle);
    return () => void this.#handles.delete(handle);
  }

  #remove(one: Process): void {
    this.#processes.delete(one.pid);
    super.end(one.pid);
    this.#freedAt.set(one.pid, this.#world.now);
  }

  #freePid(): number {
    for (;;) {
      const pid = this.#nextPid;
      this.#nextPid = pid >= PID_MAX ? FIRST_PID : pid + 1;
      const isRested = this.#world.now - (this.#freedAt.get(pid) ?? -PID_REST_MS) >= PID_REST_MS;
      if (!this.#processes.has(pid) && isRested) return pid;
    }
  }

  #seconds(): number {
    return UP_SECONDS + this.#world.now / 1000;
  }

  #step(): void {
    const who = actor();
    if (who !== undefined) this.#world.step(who);
  }

  /** How many were born. */
  births = 0;

  override pids(): readonly Pid[] {
    this.#step();
    return super.pids();
  }

  override stat(pid: Pid): Stat {
    this.#step();
    return super.stat(pid);
  }

  override uid(pid: Pid): number {
    this.#step();
    return super.uid(pid);
  }

  override cmdline(pid: Pid): readonly string[] {
    this.#step();
    return super.cmdline(pid);
  }

  override environ(pid: Pid): ReadonlyMap<string, string> {
    this.#step();
    return super.environ(pid);
  }

  override uptime(): number {
    return Math.floor(this.#seconds() * 100) / 100;
  }

  override forks(): number {
    return this.births;
  }

  override lastPid(): number {
    return this.last;
  }

  override pidMax(): number {
    return PID_MAX;
  }
}

function cut(line: string): readonly [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** Longest delay of a notice, in ms. */
const NOTICE_MS = 2;

/** A pidfd. */
class Handle implements ProcessHandle {
  readonly ref: ProcessRef;
  readonly process: Process;
  readonly exited: Promise<Exit>;
  readonly #world: World;
  readonly #who: Actor;
  readonly #release: () => void;
  #settle: (exit: Exit) => void = () => {};
  #isReleased = false;

  constructor(process: Process, who: Actor) {
    this.process = process;
    this.ref = { pid: process.pid as Pid, startTime: process.startTime };
    this.#who = who;
    this.#world = who.world;
    this.exited = new Promise((resolve) => (this.#settle = resolve));
    this.#release = this.#world.proc.hold(this);
  }

  /** The end of its process is told a little later, and that of a child is reaped then. */
  notice(): void {
    this.#world.schedule(this.#who, this.#world.some(0, NOTICE_MS), () => this.#tell());
  }

  look(): void {
    const found = this.#world.proc.find(this.ref.pid);
    if (found !== this.process || found.state === "Z") this.#tell();
  }

  #tell(): void {
    const { exit = { kind: "unknown" } } = this.process;
    if (this.process.ppid === this.#who.pid && this.#world.proc.find(this.ref.pid) === this.process)
      this.#world.proc.reap(this.ref.pid);
    if (!this.#isReleased) this.#settle(exit);
  }

  signal(signal: NodeJS.Signals): boolean {
    this.#world.step(this.#who);
    if (this.#world.proc.find(this.ref.pid) !== this.process) return false;
    if (this.process.state === "Z") return false;
    return this.#world.kill(this.ref.pid, signal, this.#who);
  }

  [Symbol.dispose](): void {
    this.#isReleased = true;
    if (this.process.state !== "Z") this.#release();
  }
}

/** Notices the ends of processes for one actor. */
export class SimulatedWatcher implements ProcessWatcher {
  readonly kind = "pidfd";
  beforeEnd = (): void => {};
  readonly #who: Actor;

  constructor(who: Actor) {
    this.#who = who;
  }

  isChild(pid: Pid): boolean {
    return this.#who.world.proc.find(pid)?.ppid === this.#who.pid;
  }

  reap(pid: Pid): boolean {
    const { proc } = this.#who.world;
    if (!this.isChild(pid) || proc.find(pid)?.state !== "Z") return false;
    proc.reap(pid);
    return true;
  }

  open(ref: ProcessRef): ProcessHandle | undefined {
    const { world } = this.#who;
    world.step(this.#who);
    const found = world.proc.find(ref.pid);
    if (found === undefined || found.startTime !== ref.startTime) return undefined;
    const isOwn = found.ppid === this.#who.pid;
    if (found.state === "Z" && !isOwn) return undefined;
    const handle = new Handle(found, this.#who);
    if (found.state === "Z") handle.notice();
    return handle;
  }

  /** A child that was made just now. */
  adopt(child: Process): ProcessHandle {
    return new Handle(child, this.#who);
  }

  [Symbol.dispose](): void {}
}

/** Longest time from a fork to its exec, in ms. */
const EXEC_MS = 3;

/** posix_spawn(3) for one actor. */
export class SimulatedSpawner implements Spawner {
  readonly entersFolders = true;
  readonly #who: Actor;
  readonly #watcher: SimulatedWatcher;

  constructor(who: Actor, watcher: SimulatedWatcher) {
    this.#who = who;
    this.#watcher = watcher;
  }

  limitsOpenFiles(): boolean {
    return true;
  }

  underway(): undefined {
    return undefined;
  }

  async spawn({ argv, env }: SpawnOrder): Promise<ProcessHandle> {
    const who = this.#who;
    const { world } = who;
    world.step(who);
    const program = env.find((line) => line.startsWith("PROGRAM="))?.slice("PROGRAM=".length);
    world.checkHeld(program ?? "", "starts", who);
    const child = world.proc.create({ argv: ["node", who.role], parent: who.pid, what: "a fork" });
    who.noteLaunch();
    child.image = world.proc.find(who.pid)?.image ?? 0;
    const endCopies = who.inherit();
    const handle = this.#watcher.adopt(child);
    await new Promise<void>((resolve) => {
      world.schedule(undefined, world.some(0, EXEC_MS), () => {
        endCopies();
        if (child.state !== "Z") world.proc.execute(child, argv, env);
        world.schedule(who, world.some(0, 0.5), resolve);
      });
    });
    return handle;
  }
}
