import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { programOf } from "../identity/program.ts";
import { runHook } from "../lifecycle/hook.ts";
import { stop } from "../lifecycle/stop.ts";
import { isHeard } from "../notify/status-text.ts";
import { settingsDigest } from "../state/digest.ts";
import { stateTraits } from "../state/states.ts";
import { tellFailure } from "./hooks.ts";
import { claimRecorded } from "./claim-recorded.ts";
import type { MutableSupervised, SupervisorContext } from "./context.ts";
import { JobSchedule } from "./job-schedule.ts";
import { Mailbox, type MailboxOwner } from "./mailbox.ts";
import { Parts } from "./parts.ts";
import { noHistory, type ProgramEvent, type ProgramState } from "./program-state.ts";
import { tellNotes } from "./tell-stop.ts";
import { Turn } from "./turn.ts";

/**
 * One program under supervision: a mailbox with one worker. Any notice (an end, a changed record,
 * a timer) only leads to a look; the look goes to the machine; what the machine asks for is done.
 */
export class SupervisedProgram implements MailboxOwner {
  readonly name: string;
  readonly #now: MutableSupervised;
  readonly #by: Parts;
  readonly #turn: Turn;

  constructor(settings: ProgramSettings, around: SupervisorContext) {
    this.name = settings.name;
    this.#now = {
      settings,
      program: programOf(settings, around.host),
      state: { kind: "unknown" },
      history: noHistory,
    };
    this.#by = new Parts(this.#now, around, new Mailbox(this));
    this.#turn = new Turn(this.#now, this.#by);
  }

  /** True while a job is due, and nothing was answered to that yet. */
  get isDue(): boolean {
    return this.#by.schedule?.isDue === true;
  }

  get settings(): ProgramSettings {
    return this.#now.settings;
  }

  get state(): ProgramState {
    return this.#now.state;
  }

  /** The process that is held; undefined while there is none. */
  get process(): ProcessRef | undefined {
    return this.#by.watched.main.process;
  }

  /** True while its process was launched with other settings: as `status` says of it. */
  get isOutdated(): boolean {
    const digest = this.process === undefined ? undefined : this.#by.ledger.record?.digest;
    return digest !== undefined && digest !== settingsDigest(this.#now.settings);
  }

  /** Its start was watched until it was ready: by usrsvcd, or by usrsvc. */
  get wasSeenReady(): boolean {
    return this.#by.ledger.record?.launcher !== undefined;
  }

  /** True when only a look through the processes could bring news. */
  get waitsForProcess(): boolean {
    const { kind } = this.#now.state;
    return kind !== "unknown" && !stateTraits[kind].isUp;
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
    return this.#now.state.kind === "running" && this.#by.watched.main.process === undefined;
  }

  /** True while its pidfile could not be written: the disk is full, perhaps. */
  get lacksPidfile(): boolean {
    return this.#by.watched.pidfile.isLacking && this.#by.watched.main.process !== undefined;
  }

  /** Notes the process on record, before any program is looked for. */
  claimRecorded(): void {
    try {
      this.#by.ledger.read();
    } catch {
      return; // cannot be read just now: the first look will say so
    }
    this.#turn.noteRecord();
    this.#schedule();
    claimRecorded(this.#now.settings, this.#by.ledger, this.#by.host);
  }

  /** When it is due, once what is on record is known. */
  #schedule(): void {
    const { type, schedule: times } = this.#now.settings;
    const before = this.#by.schedule;
    if (type !== "job" || times === undefined) {
      before?.end();
      this.#by.schedule = undefined;
    } else if (before?.isOf(times) !== true) {
      before?.end();
      this.#by.schedule = new JobSchedule(this.#now, this.#by, times, before === undefined);
    }
  }

  /** The configuration changed. Nothing is restarted; the next look follows the new settings. */
  configure(settings: ProgramSettings): void {
    this.#now.settings = settings;
    this.#now.program = programOf(settings, this.#by.host);
    this.#by.watched.configure();
    this.#schedule();
    this.look();
  }

  /** Something may have happened: look now. */
  look(): void {
    this.#by.mailbox.look();
  }

  /** Something happened elsewhere that concerns it. */
  post(event: ProgramEvent): void {
    this.#by.mailbox.post(event);
  }

  /** The record file changed. While we ourselves are at work on it that is no news, and a look follows. */
  noticeRecord(): void {
    if (this.#by.around.isActedOn(this.name)) return;
    if (this.#by.ledger.isOutdated()) this.look();
  }

  /** The file that says who holds it changed. */
  noticeHold(): void {
    if (this.#by.holding.isOutdated()) this.look();
  }

  /** An operator has it left as it is. */
  get isHeld(): boolean {
    return this.#by.holding.isHeld;
  }

  /** An operator wants to stop the program, and waits for the lock. */
  noticeStopRequest(): void {
    this.#by.starter.noticeStopRequest();
  }

  /** The machine shuts down: ends the program, and looks at nothing any more. */
  async end(): Promise<void> {
    this.#by.watched.unwatchLimits();
    await this.#by.mailbox.rest();
    this.#by.ledger.read(); // a start that was broken off just now has left its process there
    const { record } = this.#by.ledger;
    const process = this.#now.state.kind === "running" ? this.#now.state.process : record?.process;
    if (process === undefined) return;
    const { host } = this.#by;
    const target = { process, launched: record?.launched, session: record?.session, record };
    const { ledger } = this.#by;
    const { settings } = this.#now;
    const reason = "the machine shuts down";
    const outcome = await stop(target, settings, host, {
      reason,
      onFailedHook: (failure) => tellFailure(ledger, failure),
    });
    if (settings.afterExit !== undefined && "exit" in outcome) {
      const occasion = { pid: process.pid, exit: outcome.exit, reason };
      tellFailure(ledger, await runHook("after_exit", settings, occasion, host, undefined));
    }
    if (outcome.kind !== "not-running") tellNotes(ledger, process, outcome.notes);
    const fields = { pid: process.pid, outcome: outcome.kind };
    this.#by.ledger.emit({ kind: "program.stopped", why: "shutdown", ...fields });
  }

  /** Leaves the program alone from now on. */
  close(): void {
    this.#by.mailbox.close();
    this.#by.ledger.flush();
    this.#by.starter.close();
    this.#by.schedule?.end();
    this.#by.holding.close();
    this.#by.watched.letGo();
    const { host } = this.#by;
    host.claim(this.name, undefined);
    if (isHeard(this.#now.settings)) host.notices?.().close(this.name);
  }

  /** For the mailbox. */
  turn(): Promise<void> {
    return this.#turn.make();
  }

  /** For the mailbox. */
  failed(error: unknown): Promise<void> {
    return this.#turn.failed(error);
  }

  /** For the mailbox. */
  rested(): void {
    this.#turn.rest();
  }
}
