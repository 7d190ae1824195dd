import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Host } from "../host/host.ts";
import { type HookFailure, runHook } from "../lifecycle/hook.ts";
import { stop, type StopOutcome } from "../lifecycle/stop.ts";
import type { Supervised } from "./context.ts";
import type { ProcessFinder } from "./find-process.ts";
import { tellFailure } from "./hooks.ts";
import { operatorOf } from "./last-end.ts";
import type { Ledger } from "./ledger.ts";
import type { Mailbox } from "./mailbox.ts";
import type { EndCause, ProgramEvent } from "./program-state.ts";
import {
  noteResisted,
  tellFinished,
  tellFinishing,
  tellNotes,
  tellStopping,
  tellStuck,
} from "./tell-stop.ts";
import type { WatchedProcess } from "./watched-process.ts";

/** What ending a process asks for. */
export interface StopperPorts {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly mailbox: Mailbox<ProgramEvent>;
  readonly finder: ProcessFinder;
  readonly watched: WatchedProcess;
}

/**
 * Ends the process of one program: for a limit, or where whoever was ending it has left in the middle. Yields
 * what the machine is to know of it.
 */
export class Stopper {
  readonly #now: Supervised;
  readonly #ports: StopperPorts;
  /** It outlives SIGKILL. */
  #stuck: ProcessRef | undefined;
  #hasFinished = false;

  constructor(now: Supervised, ports: StopperPorts) {
    this.#now = now;
    this.#ports = ports;
  }

  /** A limit was exceeded. What follows is decided by the next look. */
  async stop(process: ProcessRef, cause: EndCause): Promise<ProgramEvent | undefined> {
    const { ledger, watched, mailbox } = this.#ports;
    const { signal } = mailbox;
    // A job that has exceeded a limit has failed; all others are started again.
    const isLast = cause.kind === "limit" && this.#now.settings.type === "job";
    tellStopping(ledger, process, cause.reason, isLast);
    const outcome = await this.#end(process, cause.reason, signal);
    if (outcome.kind === "stuck") return this.#noteStuck(process, outcome.state);
    if (outcome.kind !== "not-running") {
      if (outcome.sent.length > 1) noteResisted(ledger, outcome.sent);
      watched.main.noteExit(outcome.exit);
    }
    mailbox.look();
    return undefined;
  }

  /** Whoever was ending it has left in the middle of that: nobody else holds the lock. */
  isHalfStopped(process: ProcessRef): boolean {
    const { record } = this.#ports.ledger;
    if (record?.state !== "stopping" || sameProcess(this.#stuck, process)) return false;
    if (sameProcess(record.process, process)) return true;
    // What was told to end did so, and left this: the rest of a shell line, for example.
    return record.desired === "down" && this.#ports.finder.isOwn(process);
  }

  /** What was asked for last is done: it is ended, and stays so or is started again. */
  async finish(process: ProcessRef): Promise<ProgramEvent | undefined> {
    const { ledger, watched, mailbox } = this.#ports;
    tellFinishing(ledger, process);
    const { signal } = this.#ports.mailbox;
    const why = operatorOf(process, ledger.record) ?? ledger.record?.reason ?? "";
    const outcome = await this.#end(process, why, signal);
    if (outcome.kind === "stuck") return this.#noteStuck(process, outcome.state);
    const told = ledger.record?.process ?? process;
    const isRest = !sameProcess(told, process);
    const exit = isRest || outcome.kind === "not-running" ? undefined : outcome.exit;
    if (exit !== undefined) watched.main.noteExit(exit);
    const { settings } = this.#now;
    if (settings.afterExit !== undefined) {
      const { host } = this.#ports;
      const occasion = { pid: told.pid, exit, reason: why };
      tellFailure(ledger, await runHook("after_exit", settings, occasion, host, signal));
    }
    const isHeld = watched.main.process !== undefined || watched.main.hasEnded;
    tellFinished(ledger, told, exit, isHeld);
    this.#hasFinished = true;
    mailbox.look();
    return undefined;
  }

  /** True after finish(): what another had begun to end is ended, of which the record says no more. */
  get hasFinished(): boolean {
    return this.#hasFinished;
  }

  /** The machine knows. */
  forgetFinished(): void {
    this.#hasFinished = false;
  }

  async #end(process: ProcessRef, reason: string, signal: AbortSignal): Promise<StopOutcome> {
    const { host, ledger, watched } = this.#ports;
    const record = ledger.base();
    const { launched, session } = record;
    const target = { process, main: watched.work, launched, session, record };
    const onFailedHook = (failure: HookFailure): void => tellFailure(ledger, failure);
    const options = { signal, reason, onFailedHook };
    const outcome = await stop(target, this.#now.settings, host, options);
    if (outcome.kind !== "not-running") tellNotes(ledger, process, outcome.notes);
    return outcome;
  }

  #noteStuck(process: ProcessRef, state: string): ProgramEvent {
    tellStuck(this.#ports.ledger, process, state, sameProcess(this.#stuck, process));
    this.#stuck = process;
    return { kind: "stuck" };
  }
}
