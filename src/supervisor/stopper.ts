import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { Host } from "../host/host.ts";
import { stop, type StopOutcome } from "../lifecycle/stop.ts";
import type { Supervised } from "./context.ts";
import type { ProcessFinder } from "./find-process.ts";
import type { Ledger } from "./ledger.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent } from "./machine.ts";
import { TROUBLE_PAUSE_MS } from "./trouble.ts";
import type { WatchedProcess } from "./watched-process.ts";

/** What ending a process asks for. */
export interface StopperPorts {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly mailbox: Mailbox<ProgramEvent>;
  readonly finder: ProcessFinder;
  readonly watched: WatchedProcess;
  /** Breaks off what goes on. */
  readonly signal: () => AbortSignal;
}

/** Ends the process of one program: for a limit, or where whoever was ending it has left in the middle. */
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
  async stop(process: ProcessRef, reason: string): Promise<void> {
    const { ledger, watched, mailbox } = this.#ports;
    const signal = this.#ports.signal();
    ledger.stopping(process, reason);
    const outcome = await this.#end(process, signal);
    if (outcome.kind === "stuck") return this.#isStuck(process, outcome.state);
    if (outcome.kind === "killed") ledger.killed(this.#now.settings.termToKillMs);
    if (outcome.kind !== "not-running") watched.main.noteExit(outcome.exit);
    mailbox.look();
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
  async finish(process: ProcessRef): Promise<void> {
    const { ledger, watched, mailbox } = this.#ports;
    ledger.finishing(process);
    const outcome = await this.#end(process, this.#ports.signal());
    if (outcome.kind === "stuck") return this.#isStuck(process, outcome.state);
    const told = ledger.record?.process ?? process;
    const isRest = !sameProcess(told, process);
    const exit = isRest || outcome.kind === "not-running" ? undefined : outcome.exit;
    if (exit !== undefined) watched.main.noteExit(exit);
    const isHeld = watched.main.process !== undefined || watched.main.hasEnded;
    ledger.finished(told, exit, isHeld);
    this.#hasFinished = true;
    mailbox.look();
  }

  /** True once after finish(): what another had begun to end is ended, of which the record says no more. */
  takeFinished(): boolean {
    const hasFinished = this.#hasFinished;
    this.#hasFinished = false;
    return hasFinished;
  }

  async #end(process: ProcessRef, signal: AbortSignal): Promise<StopOutcome> {
    const { host, ledger, watched } = this.#ports;
    const { launched, session } = ledger.base();
    const target = { process, main: watched.work, launched, session };
    return await stop(target, this.#now.settings.termToKillMs, host, { signal });
  }

  #isStuck(process: ProcessRef, state: string): void {
    this.#stuck = process;
    this.#ports.ledger.stuck(process, state);
    this.#ports.mailbox.wakeAt(monotonicMs() + TROUBLE_PAUSE_MS);
  }
}
