import type { ProcessRef } from "../../proc/pid.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { settingsDigest } from "../state/digest.ts";
import type { Lock } from "../state/lock.ts";
import { beforeStart } from "../lifecycle/before-start.ts";
import { brokenOffHook, runHook } from "../lifecycle/hook.ts";
import { start } from "../lifecycle/start.ts";
import type { StartOutcome } from "../lifecycle/start-outcome.ts";
import { describeStragglers, describeStrays } from "../lifecycle/stragglers.ts";
import { isStopRequested } from "../state/stop-request.ts";
import { counted } from "../state/record-facts.ts";
import { lookFor, type Program } from "../identity/program.ts";
import type { Ends } from "./ends.ts";
import type { Ledger } from "./ledger.ts";
import type { Starts } from "./starts.ts";
import type { History, StartCause } from "./program-state.ts";
import type { Leftovers } from "./leftovers.ts";
import { LOOK, type SupervisorContext } from "./context.ts";
import { describeCause, tellFailure } from "./hooks.ts";
import { isRestart, startKind } from "./start-kind.ts";

/** The kernel tells births to so many ms. */
const TICK_MS = 10;

/** What takes longer to end, in ms, is told of. */
const LEFTOVERS_PATIENCE_MS = 50;

/** What is to be started, and why. */
export interface StartOrder {
  readonly settings: ProgramSettings;
  readonly program: Program;
  readonly history: History;
  readonly cause: StartCause;
}

/** What a start asks for, and where it writes what came of it. */
export interface StarterPorts {
  readonly around: SupervisorContext;
  readonly ledger: Ledger;
  readonly ends: Ends;
  readonly starts: Starts;
  readonly leftovers: Leftovers;
}

/** Starts one program, with its window open for as long as the start is judged. */
export class Starter {
  readonly #by: StarterPorts;
  #window: AbortController | undefined;
  #closed = false;

  constructor(by: StarterPorts) {
    this.#by = by;
  }

  /** An operator wants to stop the program, perhaps: that need not wait for the window to close. */
  noticeStopRequest(): void {
    if (this.#window === undefined) return;
    const { host } = this.#by.around;
    if (isStopRequested(host.state, this.#by.ledger.name, host.proc)) {
      this.#window.abort(new Error("an operator wants to stop it"));
    }
  }

  /** Leaves what was launched as it is, and launches nothing any more. */
  close(): void {
    this.#closed = true;
    this.#window?.abort(new Error("left alone"));
  }

  /**
   * Starts it when its turn has come, as `order` is by then; undefined when it was called off before.
   */
  async run(lock: Lock, order: () => StartOrder): Promise<StartOutcome | undefined> {
    const window = new AbortController();
    this.#window = window;
    if (this.#closed) this.close();
    try {
      if (isRestart(order().cause)) await this.endLeftovers(order().settings, true);
      const unprepared = await this.#prepare(order(), window.signal);
      if (unprepared !== undefined) return unprepared;
      const endTurn = await this.#by.around.host.launchTurn(window.signal);
      return await this.#start(order(), lock, endTurn, window.signal);
    } catch (error) {
      if (window.signal.aborted) return undefined;
      throw error;
    } finally {
      this.#window = undefined;
    }
  }

  /** Runs before_start. */
  async #prepare(
    { settings, cause }: StartOrder,
    signal: AbortSignal,
  ): Promise<StartOutcome | undefined> {
    if (settings.beforeStart === undefined && settings.afterExit === undefined) return undefined;
    this.noticeStopRequest(); // of one who began to wait during after_exit
    signal.throwIfAborted();
    const { ledger, around, starts } = this.#by;
    const reason = (): string => {
      const known = describeCause(cause, ledger.base().reason);
      try {
        starts.noteBeforeStart(startKind(cause) !== "started");
      } catch {
        // disk full: status has less to tell for a while
      }
      return known;
    };
    return await beforeStart(settings, reason, around.host, signal);
  }

  /** Runs after_start. Who wants to stop the program breaks it off: it has started all the same. */
  async afterStart(settings: ProgramSettings, { pid }: ProcessRef, reason: string): Promise<void> {
    if (settings.afterStart === undefined) return;
    const { ledger, around } = this.#by;
    const window = new AbortController();
    this.#window = window;
    if (this.#closed) this.close();
    this.noticeStopRequest();
    try {
      const occasion = { pid, reason };
      const { signal } = window;
      tellFailure(ledger, await runHook("after_start", settings, occasion, around.host, signal));
    } catch (error) {
      if (!window.signal.aborted) throw error;
      tellFailure(ledger, brokenOffHook("after_start", pid, error));
    } finally {
      this.#window = undefined;
    }
  }

  async #start(
    { settings, program, history, cause }: StartOrder,
    lock: Lock,
    endTurn: () => void,
    signal: AbortSignal,
  ): Promise<StartOutcome> {
    const { host } = this.#by.around;
    const ledger = this.#by.ledger;
    const { restarts, failures } = history;
    const isAgain = restarts > (ledger.record?.restarts ?? 0);
    // How its last run has ended is no reason for one that is due.
    const reason = cause.kind === "due" ? cause.reason : ledger.record?.reason;
    this.#by.starts.noteCause();
    if (ledger.record === undefined) this.#tellStrays();
    return await start(settings, {
      host,
      pattern: program.pattern,
      // Asked after the launch: what the process before wrote last is read by then.
      get record() {
        return counted(ledger.base(), { restarts, failures });
      },
      lock,
      signal,
      endTurn,
      // It ran with the settings that it has now.
      isProven: isRestart(cause) && ledger.record?.digest === settingsDigest(settings),
      onLaunched: (process) => {
        ledger.emit({
          kind: "program.starting",
          pid: process.pid,
          reason,
          by: undefined,
          action: undefined,
          command: settings.command,
          isRestart: isAgain,
        });
        ledger.flush();
      },
      // Otherwise a look was made just now.
      findRunning: () => (isRestart(cause) ? this.#findRunning(program) : undefined),
      store: ledger.store,
    });
  }

  /** Ends what the last process left: before a turn is taken, since it may take long. */
  async endLeftovers(settings: ProgramSettings, comesBack: boolean): Promise<void> {
    const timer = setTimeout(() => this.#noteLeftovers(comesBack), LEFTOVERS_PATIENCE_MS);
    const count = await this.#by.leftovers.end(settings).finally(() => clearTimeout(timer));
    if (count === 0) return;
    this.#by.ledger.emit({ kind: "program.warning", what: "left-behind", leftBehind: count });
  }

  /** It was never started, or its record is lost. */
  #tellStrays(): void {
    const { host, marked } = this.#by.around;
    for (const line of describeStrays(this.#by.ledger.name, marked(), host)) {
      this.#by.ledger.emit({ kind: "program.warning", what: "note", pid: undefined, text: line });
    }
  }

  /**
   * Names what earlier starts of it have left in sessions of their own: it keeps running, and may hold what the new
   * one needs. Once that runs, and with one look for all that are started within a second: after its death, since
   * what left its session may have done so just before.
   */
  lookBehind(): void {
    const { host, marked } = this.#by.around;
    const { name } = this.#by.ledger;
    const { launch } = this.#by.ledger.base();
    const { byName, byLaunch } = marked(this.#by.leftovers.ageMs);
    // It may have been called otherwise when that was launched.
    const former = this.#by.leftovers.launch;
    const its = [...(byName.get(name) ?? []), ...(byLaunch.get(former ?? "") ?? [])];
    const among = [...new Set(its)];
    for (const text of describeStragglers(name, host, { launch, among, former })) {
      this.#by.ledger.emit({ kind: "program.warning", what: "note", pid: undefined, text });
    }
  }

  #noteLeftovers(comesBack: boolean): void {
    try {
      this.#by.ends.noteLeftovers(comesBack);
    } catch {
      // disk full: status has less to tell for a while
    }
  }

  /** Looks whether somebody else has started another since. What is older is a worker of the dead. */
  #findRunning(program: Program): ProcessRef | undefined {
    const { host } = this.#by.around;
    const butCopiesOf = this.#by.ledger.record?.image;
    const found = lookFor(program, undefined, host, { ...LOOK, heirs: false, butCopiesOf });
    if (found.kind !== "running") return undefined;
    const ms = ageMs(found.process.startTime, host.proc.uptime());
    return ms <= this.#by.leftovers.ageMs + TICK_MS ? found.process : undefined;
  }
}
