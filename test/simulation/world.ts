import type { FSWatcher } from "node:fs";
import { constants as system } from "node:os";
import type { Exit } from "../../proc/exit.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { Actor, actor, Crashed } from "./actor.ts";
import { drain } from "./clock.ts";
import { Files, UID } from "./files.ts";
import { nature, type Process, SimulatedProc } from "./processes.ts";

/** What is broken on purpose, to see that it is found. */
export interface Faults {
  /** Locks keep nobody out. */
  readonly lock?: boolean;
  /** What is written to a file: not at all, or so many ms after whoever wrote it went on. */
  readonly written?: (path: string, text: string) => "kept" | "lost" | number;
}

interface Due {
  readonly at: number;
  /** Undefined: the world itself. */
  readonly who: Actor | undefined;
  readonly run: () => void;
}

const { SIGKILL } = system.signals;

/**
 * A machine in memory: its clock, files and processes, and the runs of usrsvc and usrsvcd on it. All that happens comes
 * out of one seed. Between any two steps of an actor (a call of the kernel) processes may be born and die, and it may be
 * killed itself; between two of its awakenings anybody else may act.
 */
export class World {
  readonly uid = UID;
  readonly files: Files;
  readonly proc: SimulatedProc;
  readonly faults: Faults;
  /** What was seen that must never be. */
  readonly violations: string[] = [];
  /** What happened, for who has to find out why. */
  readonly story: string[] = [];
  /** In ms. */
  now = 0;
  /** Number of awakenings and steps. */
  turns = 0;
  steps = 0;
  /** What operators hold, for certain: usrsvcd starts nothing of it, and ends nothing. */
  readonly held = new Set<string>();
  /** No process dies by itself any more. */
  isCalm = false;
  #queue: Due[] = [];
  #seed: number;
  #isInWorld = false;
  readonly #actors = new Map<number, Actor>();
  readonly #watches = new Set<FolderWatch>();
  #problem: Error | undefined;

  constructor(seed: number, faults: Faults = {}) {
    this.#seed = seed >>> 0;
    this.faults = faults;
    this.files = new Files(
      () => this.now,
      (folder, name) => this.#tellOf(folder, name),
    );
    this.proc = new SimulatedProc(this);
    this.files.mkdirs("/home/web/state");
    this.files.mkdirs("/usr/bin");
    this.files.put("/usr/bin/app", "\x7fELF", 0o755);
  }

  /** From 0 to 1 (mulberry32, of public domain). */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0;
    let t = this.#seed;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Between `least` and `most` ms. */
  some(least: number, most: number): number {
    return least + this.random() * (most - least);
  }

  tell(what: string): void {
    this.story.push(`${this.now.toFixed(2).padStart(10)} ${what}`);
  }

  violated(what: string): void {
    this.tell(`VIOLATION ${what}`);
    this.violations.push(what);
  }

  /** Calls `run` in `ms`, as the doing of `who`; returns what takes that back. */
  schedule(who: Actor | undefined, ms: number, run: () => void): () => void {
    const due = { at: this.now + Math.max(0, ms), who, run };
    this.#queue.push(due);
    return () => {
      const index = this.#queue.indexOf(due);
      if (index !== -1) this.#queue.splice(index, 1);
    };
  }

  /** A step of an actor: time passes, the world goes on, and that may be the end of it. */
  step(who: Actor): void {
    if (!who.lives) throw new Crashed();
    this.steps += 1;
    this.now += this.some(0.002, 0.02);
    who.stepsLeft -= 1;
    if (who.stepsLeft < 0) {
      this.tell(`${who.role} ${who.pid} is killed`);
      who.crash();
      throw new Crashed();
    }
    this.#goOn();
    if (!who.lives) throw new Crashed();
  }

  /** What the world itself does up to now. */
  #goOn(): void {
    if (this.#isInWorld) return;
    this.#isInWorld = true;
    try {
      for (;;) {
        let next: Due | undefined;
        for (const due of this.#queue) {
          const isDue = due.who === undefined && due.at <= this.now;
          if (isDue && (next === undefined || due.at < next.at)) next = due;
        }
        if (next === undefined) return;
        this.#queue.splice(this.#queue.indexOf(next), 1);
        next.run();
      }
    } finally {
      this.#isInWorld = false;
    }
  }

  /** A new run of usrsvc or usrsvcd, which begins with `act`. */
  launch(role: Actor["role"], act: () => Promise<void>): Actor {
    const ref = this.proc.create({ argv: ["node", role], parent: 1 });
    const made = new Actor(this, ref.pid, role);
    this.#actors.set(ref.pid, made);
    this.schedule(made, this.some(0, 3), () => {
      act().then(
        () => {
          if (role === "usrsvc" && made.lives) made.crash(); // it is done
        },
        (error: unknown) => {
          if (made.lives) this.#problem ??= asError(error); // else it was killed in the middle
        },
      );
    });
    return made;
  }

  /** The run of usrsvc that has this pid. */
  actorOf(pid: number): Actor | undefined {
    return this.#actors.get(pid);
  }

  get actors(): Iterable<Actor> {
    return this.#actors.values();
  }

  /** Until `isOver`, or for `ms`. */
  async until(isOver: () => boolean, ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await drain();
      if (this.#problem !== undefined) throw this.#problem;
      if (this.violations.length > 0 || isOver()) return;
      const next = this.#next();
      if (next === undefined || this.#atOf(next) > end) {
        this.now = end;
        return;
      }
      this.#queue.splice(this.#queue.indexOf(next), 1);
      this.now = Math.max(this.now, this.#atOf(next));
      this.turns += 1;
      this.#wake(next);
    }
  }

  #wake({ who, run }: Due): void {
    if (who === undefined) run();
    else if (who.lives) {
      try {
        who.run(run);
      } catch (error) {
        if (who.lives) this.#problem ??= asError(error);
      }
    }
  }

  /** Whoever is due may be next; what one actor waits for comes in its order. */
  #next(): Due | undefined {
    const firsts = new Map<Actor | undefined, Due>();
    for (const due of this.#queue) {
      const at = this.#atOf(due);
      const first = firsts.get(due.who);
      if (first === undefined || at < this.#atOf(first)) firsts.set(due.who, due);
    }
    const all = [...firsts.values()];
    const ready = all.filter((due) => this.#atOf(due) <= this.now);
    if (ready.length > 0) return ready[Math.floor(this.random() * ready.length)];
    return all.toSorted((a, b) => this.#atOf(a) - this.#atOf(b))[0];
  }

  #atOf({ at, who }: Due): number {
    return Math.max(at, who?.frozenUntil ?? 0);
  }

  /** An actor is no more: its locks are free, its children are init's. */
  forget(who: Actor): void {
    who.lives = false;
    who.diedAt = this.now;
    who.closeAll();
    this.#actors.delete(who.pid);
    this.#queue = this.#queue.filter((due) => due.who !== who);
    for (const watch of this.#watches) if (watch.who === who) this.#watches.delete(watch);
  }

  /** kill(2): false where nobody is there. `by`: undefined for others than usrsvc. */
  kill(pid: number, signal: number | string, by: Actor | undefined): boolean {
    const number = typeof signal === "string" ? system.signals[signal as NodeJS.Signals] : signal;
    const all =
      pid < 0 ? this.proc.group(-pid) : [this.proc.find(pid)].filter((one) => one !== undefined);
    for (const one of all) if (number !== 0) this.#deliver(one, number, by);
    return all.length > 0;
  }

  #deliver(target: Process, signal: number, by: Actor | undefined): void {
    if (target.state === "Z") return;
    if (by !== undefined) this.#checkSignal(target, signal, by);
    if (signal === SIGKILL) {
      const mine = this.#actors.get(target.pid);
      if (mine !== undefined) this.forget(mine);
      this.die(target, { kind: "signal", signal: "SIGKILL", coreDumped: false });
      return;
    }
    if (signal === system.signals.SIGTERM) nature(target).onTerm?.(target, this);
  }

  #checkSignal(target: Process, signal: number, by: Actor): void {
    if (signal === system.signals.SIGCONT) return;
    this.tell(`${by.role} ${by.pid} sends ${signal} to ${target.pid} (${target.what})`);
    if (target.program === undefined) this.violated(`${by.role} signals ${target.what}`);
    else this.checkHeld(target.program, "signals", by);
  }

  /** What is held is touched by people only. */
  checkHeld(program: string, what: "signals" | "starts", by: Actor): void {
    if (by.role !== "usrsvcd" || !this.held.has(program)) return;
    this.violated(`usrsvcd ${what} ${program}, which is held`);
  }

  /** A process ends. */
  die(one: Process, exit: Exit): void {
    this.tell(`${one.what} ${one.pid} ends`);
    this.proc.end(one.pid, exit);
  }

  /** What inotify(7) is for. */
  watchFolder(
    who: Actor,
    folder: string,
    tell: (event: string, file: string) => void,
  ): Pick<FSWatcher, "close" | "on"> {
    const watch: FolderWatch = { who, folder, tell };
    this.#watches.add(watch);
    const watcher = {
      close: () => void this.#watches.delete(watch),
      on: () => watcher as unknown as FSWatcher,
    };
    return watcher;
  }

  #tellOf(folder: string, name: string): void {
    for (const watch of this.#watches) {
      if (watch.folder !== folder) continue;
      this.schedule(watch.who, this.some(0, 1), () => {
        if (this.#watches.has(watch)) watch.tell("change", name);
      });
    }
  }

  /** What a call may throw is none of the test's. */
  readonly isCrash = (error: unknown): boolean => error instanceof Crashed;

  /** Who calls; only within the doing of an actor. */
  caller(): Actor {
    const who = actor();
    if (who === undefined) throw new TypeError("nobody acts");
    return who;
  }

  refOf(pid: number): ProcessRef | undefined {
    const found = this.proc.find(pid);
    return found && { pid: pid as Pid, startTime: found.startTime };
  }
}

interface FolderWatch {
  readonly who: Actor;
  readonly folder: string;
  readonly tell: (event: string, file: string) => void;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
