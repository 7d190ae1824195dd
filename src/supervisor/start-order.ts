import { isOlder, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { Dependencies, hasDependencies, isOfStart } from "../config/dependencies.ts";
import type { Check, ProgramSettings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import { ChecksBeforeStart } from "../lifecycle/checks-before-start.ts";
import { stateTraits } from "../state/states.ts";
import type { ProgramEvent, ProgramState, WaitsFor, WhyStopped } from "./program-state.ts";

/** A program as the others see it. */
export interface Companion {
  readonly settings: ProgramSettings;
  readonly state: ProgramState;
  /** Its start was watched until it was ready: by usrsvcd, or by usrsvc. */
  readonly wasSeenReady: boolean;
  /** An operator has it left as it is. */
  readonly isHeld: boolean;
  look(): void;
  post(event: ProgramEvent): void;
}

/** Who waits for whom among the programs under supervision, as of now. */
export class StartOrder implements Disposable {
  readonly #programs: ReadonlyMap<string, Companion>;
  readonly #host: Pick<Host, "env">;
  #known: Dependencies | undefined;
  /** What is looked at, by who waits for it. */
  readonly #checks = new Map<string, ChecksBeforeStart>();
  /** The last process of those with which others are restarted. */
  readonly #last = new Map<string, ProcessRef>();
  /** Those of them that came after another. */
  readonly #restarted = new Map<string, ProcessRef>();

  /** Restarts that came while this one was held: they concern it no more. */
  readonly #missed = new Map<string, Map<string, ProcessRef>>();

  constructor(programs: ReadonlyMap<string, Companion>, host: Pick<Host, "env">) {
    this.#programs = programs;
    this.#host = host;
  }

  /** Programs or their settings are others now. */
  configure(): void {
    this.#known = undefined;
    for (const program of this.#programs.values()) {
      if (program.state.kind === "waiting") program.look();
    }
  }

  /** True where one that is started by itself needs it. */
  isNeeded(name: string): boolean {
    return this.#dependencies.isNeeded(name);
  }

  /** The names, each before all that start after it. */
  get inOrder(): readonly string[] {
    return this.#dependencies.inOrder([...this.#programs.keys()]);
  }

  /** What a program that is to be started must wait for; undefined: nothing. Begins to look at its checks. */
  waitsFor(settings: ProgramSettings): WaitsFor | undefined {
    if (!hasDependencies(settings)) return undefined;
    const { name, after } = settings;
    const needed = new Set(this.#dependencies.needsOf(name));
    for (const one of this.#dependencies.of(name)) {
      const wait = this.#waitsForProgram(settings, one, needed.has(one));
      if (wait !== undefined) return wait;
    }
    for (const text of this.#unknown(settings)) {
      return { what: text, reason: "its settings have errors" };
    }
    for (const condition of after) {
      if (condition.kind === "program") continue;
      const wait = this.#waitsForCheck(settings, condition, settings, condition.text);
      if (wait !== undefined) return wait;
    }
    return undefined;
  }

  /** A program may have got another state. */
  noteState(name: string): void {
    const { state } = this.#programs.get(name) ?? {};
    if (state?.kind !== "waiting") this.#endChecks(name);
    for (const user of this.#dependencies.usersOf(name)) {
      const program = this.#programs.get(user);
      if (program?.state.kind === "waiting") program.look();
    }
    if (state?.kind !== "running") return;
    this.#noteProcess(name, state.process);
    this.#noteRestartsMeanwhile(name, state.process);
  }

  [Symbol.dispose](): void {
    for (const name of this.#checks.keys()) this.#endChecks(name);
  }

  get #dependencies(): Dependencies {
    this.#known ??= new Dependencies(
      new Map([...this.#programs].map(([name, { settings }]) => [name, settings])),
    );
    return this.#known;
  }

  /** Names in `needs` that nothing under supervision has. */
  #unknown({ needs }: ProgramSettings): readonly string[] {
    return needs.filter((text) => this.#dependencies.named(text).length === 0);
  }

  #waitsForProgram(
    settings: ProgramSettings,
    name: string,
    isNeeded: boolean,
  ): WaitsFor | undefined {
    const program = this.#programs.get(name);
    if (program === undefined) return undefined;
    const { state } = program;
    const isJob = program.settings.type === "job";
    if (state.kind === "done") return undefined;
    if (state.kind === "running") {
      if (isJob) return { what: name, reason: "it is not done yet" };
      const { ready } = program.settings;
      if (ready === undefined || isOfStart(ready) || program.wasSeenReady) return undefined;
      return this.#waitsForCheck(settings, ready, program.settings, name);
    }
    if (state.kind === "stopped") {
      if (!isNeeded) return undefined; // an order only
      return { what: name, reason: whyDown(state.why, isJob) };
    }
    const reason = state.kind === "unknown" ? undefined : stateTraits[state.kind].notReady;
    return { what: name, reason };
  }

  /** `of`: the program that the check is about. */
  #waitsForCheck(
    { name }: ProgramSettings,
    check: Check,
    of: ProgramSettings,
    what: string,
  ): WaitsFor | undefined {
    const onLook = (): void => this.#programs.get(name)?.look();
    const checks = this.#checks.get(name) ?? new ChecksBeforeStart(this.#host.env, onLook);
    this.#checks.set(name, checks);
    const { isReady, reason } = checks.of(what, check, of);
    return isReady ? undefined : { what, reason };
  }

  #endChecks(name: string): void {
    this.#checks.get(name)?.[Symbol.dispose]();
    this.#checks.delete(name);
  }

  #noteProcess(name: string, process: ProcessRef): void {
    const users = this.#dependencies.restartedWith(name);
    if (users.length === 0) return;
    const before = this.#last.get(name);
    this.#last.set(name, process);
    if (before === undefined || sameProcess(before, process)) return;
    this.#restarted.set(name, process);
    for (const user of users) this.#noteRestart(user, name, process);
  }

  /** The restarts that came while this one was starting, and could not be restarted with them. */
  #noteRestartsMeanwhile(user: string, own: ProcessRef): void {
    for (const [name, process] of this.#restarted) {
      // Only where it has to end: an event that changes nothing would bring this one back here.
      if (!isOlder(own, process)) continue;
      if (this.#dependencies.restartedWith(name).includes(user)) {
        this.#noteRestart(user, name, process);
      }
    }
  }

  #noteRestart(user: string, program: string, process: ProcessRef): void {
    const companion = this.#programs.get(user);
    const missed = this.#missed.get(user) ?? new Map<string, ProcessRef>();
    if (companion?.isHeld === true) this.#missed.set(user, missed.set(program, process));
    else if (!sameProcess(missed.get(program), process)) {
      companion?.post({ kind: "companion-restarted", program, process });
    }
  }
}

function whyDown(why: WhyStopped, isJob: boolean): string {
  if (why === "held") return "it is held, and does not run";
  return isJob && why === "ended" ? "it has failed" : "it is stopped";
}
