import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { programOf } from "../identity/program.ts";
import { stop } from "../lifecycle/stop.ts";
import { settingsDigest } from "../state/digest.ts";
import { claimRecorded } from "./claim-recorded.ts";
import type { MutableSupervised, SupervisorContext } from "./context.ts";
import type { Ends } from "./ends.ts";
import type { Ledger } from "./ledger.ts";
import { Mailbox } from "./mailbox.ts";
import { Parts } from "./parts.ts";
import { noHistory, type ProgramEvent, type ProgramState } from "./program-state.ts";
import type { Starter } from "./starter.ts";
import { Turn } from "./turn.ts";
import type { WatchedProcess } from "./watched-process.ts";

/**
 * One program under supervision: a mailbox with one worker. Any notice (an end, a changed record,
 * a timer) only leads to a look; the look goes to the machine; what the machine asks for is done.
 */
export class SupervisedProgram {
  readonly name: string;
  readonly #around: SupervisorContext;
  readonly #ledger: Ledger;
  readonly #now: MutableSupervised;
  readonly #mailbox: Mailbox<ProgramEvent>;
  readonly #watched: WatchedProcess;
  readonly #turn: Turn;
  /** Ends what goes on. */
  #leaving: AbortController | undefined;
  readonly #starter: Starter;
  readonly #ends: Ends;

  constructor(settings: ProgramSettings, around: SupervisorContext) {
    this.name = settings.name;
    this.#around = around;
    this.#now = {
      settings,
      program: programOf(settings, around.host),
      state: { kind: "unknown" },
      history: noHistory,
    };
    this.#mailbox = new Mailbox({
      turn: async () => await this.#turn.make(),
      failed: async (error) => await this.#turn.failed(error),
      rested: () => this.#rest(),
    });
    const parts = new Parts(this.#now, around, this.#mailbox, () => this.#leavingSignal());
    this.#turn = new Turn(this.#now, parts);
    this.#ledger = parts.ledger;
    this.#watched = parts.watched;
    this.#starter = parts.starter;
    this.#ends = parts.ends;
  }

  get state(): ProgramState {
    return this.#now.state;
  }

  /** The process that is held; undefined while there is none. */
  get process(): ProcessRef | undefined {
    return this.#watched.main.process;
  }

  /** True while its process was launched with other settings, or nobody knows with which. */
  get isOutdated(): boolean {
    return (
      this.process !== undefined &&
      this.#ledger.record?.digest !== settingsDigest(this.#now.settings)
    );
  }

  /** True when only a look through the processes could bring news. */
  get waitsForProcess(): boolean {
    const { kind } = this.#now.state;
    return kind === "stopped" || kind === "backoff" || kind === "fatal";
  }

  /** The files that it writes to. */
  get logs(): readonly string[] {
    return [this.#now.settings.stdout, this.#now.settings.stderr];
  }

  /** True for a shell line, of which another process may do the work by now. */
  get isShell(): boolean {
    return this.#now.program.pattern.isShell;
  }

  /** True while the program runs and nobody would notice its end: something failed in between. */
  get isLoose(): boolean {
    return this.#now.state.kind === "running" && this.#watched.main.process === undefined;
  }

  /** True while its pidfile could not be written: the disk is full, perhaps. */
  get lacksPidfile(): boolean {
    return this.#watched.pidfile.isLacking && this.#watched.main.process !== undefined;
  }

  /** Notes the process on record, before any program is looked for. */
  claimRecorded(): void {
    try {
      this.#ledger.read();
    } catch {
      return; // cannot be read just now: the first look will say so
    }
    this.#turn.noteRecord();
    claimRecorded(this.#now.settings, this.#ledger, this.#around.host);
  }

  /** The configuration changed. Nothing is restarted; the next look follows the new settings. */
  configure(settings: ProgramSettings): void {
    this.#now.settings = settings;
    this.#now.program = programOf(settings, this.#around.host);
    this.#watched.configure();
    this.look();
  }

  /** Something may have happened: look now. */
  look(): void {
    this.#mailbox.look();
  }

  /** The record file changed. */
  noticeRecord(): void {
    if (this.#ledger.isOutdated()) this.look();
  }

  /** An operator wants to stop the program, and waits for the lock. */
  noticeStopRequest(): void {
    this.#starter.noticeStopRequest();
  }

  /** The machine shuts down: ends the program, and looks at nothing any more. */
  async end(): Promise<void> {
    this.#watched.unwatchLimits();
    await this.#mailbox.rest();
    this.#ledger.read(); // a start that was broken off just now has left its process there
    const { record } = this.#ledger;
    const process = this.#now.state.kind === "running" ? this.#now.state.process : record?.process;
    if (process === undefined) return;
    const { host } = this.#around;
    const target = { process, launched: record?.launched, session: record?.session, record };
    const outcome = await stop(target, this.#now.settings, host);
    if (outcome.kind !== "not-running") this.#ends.noted(process, outcome.notes);
    const fields = { pid: process.pid, outcome: outcome.kind };
    this.#ledger.emit({ kind: "program.stopped", why: "shutdown", ...fields });
  }

  /** Leaves the program alone from now on. */
  close(): void {
    this.#mailbox.close();
    this.#ledger.flush();
    this.#leaving?.abort(new Error("left alone"));
    this.#starter.close();
    this.#watched.letGo();
    this.#around.host.claim(this.name, undefined);
  }

  /** Made when it is first needed: most of a thousand programs never end. */
  #leavingSignal(): AbortSignal {
    this.#leaving ??= new AbortController();
    if (this.#mailbox.isClosed) this.#leaving.abort(new Error("left alone"));
    return this.#leaving.signal;
  }

  /** What a turn needed would stay for as long as the program is known: half a kB with its listeners. */
  #rest(): void {
    this.#turn.rest();
    if (!this.#mailbox.isClosed) this.#leaving = undefined;
  }
}
