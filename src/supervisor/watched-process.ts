import type { ProcessRef } from "../../proc/pid.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { Found } from "../identity/found.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import { lastWords, logEnds, type LogEnds, NO_LOG } from "../launch/output.ts";
import type { StartOutcome } from "../lifecycle/start-outcome.ts";
import type { Notices } from "../notify/notices.ts";
import { isHeard } from "../notify/status-text.ts";
import type { Supervised, SupervisorContext } from "./context.ts";
import type { Ends } from "./ends.ts";
import type { Holding } from "./holding.ts";
import type { Ledger } from "./ledger.ts";
import { Limits } from "./limits.ts";
import type { Mailbox } from "./mailbox.ts";
import { MainProcess } from "./main-process.ts";
import type { ProgramEvent } from "./program-state.ts";
import { PidfileUpkeep } from "./pidfile-upkeep.ts";
import { planRestart } from "./planned-restart.ts";
import { ShellMain } from "./shell-main.ts";

/** Nothing was written. */
const NOTHING: LogEnds = { stdout: NO_LOG, stderr: NO_LOG };

const nothing = (): void => {};

/** What watching a process asks for. */
export interface WatchPorts {
  readonly around: SupervisorContext;
  readonly ledger: Ledger;
  readonly ends: Ends;
  readonly holding: Pick<Holding, "isHeld">;
  readonly mailbox: Mailbox<ProgramEvent>;
}

/** The process that a program has now, and all that is watched of it: its end, its work, its limits, its files. */
export class WatchedProcess {
  readonly main: MainProcess;
  readonly pidfile: PidfileUpkeep;
  readonly #shell: ShellMain;
  readonly #now: Supervised;
  readonly #by: WatchPorts;
  /** Made when there are some to watch. */
  #limits: Limits | undefined;
  #endPlan = nothing;
  /** Sizes of its logs when it was launched, or when it was taken up. */
  #logged = NOTHING;

  constructor(now: Supervised, by: WatchPorts) {
    this.#now = now;
    this.#by = by;
    this.pidfile = new PidfileUpkeep(by.ledger);
    this.main = new MainProcess(by.around.host, by.mailbox);
    this.#shell = new ShellMain(by.around.host, by.mailbox);
  }

  /** What does the work of a shell line, as far as it was seen. */
  get work(): ProcessRef | undefined {
    return this.#shell.process;
  }

  /** From now on this is the program's process; `work`: and this does the work of its shell line. */
  take(process: ProcessRef, work?: ProcessRef): void {
    if (this.#by.mailbox.isClosed) return;
    const { launched, session, launch } = this.#by.ledger.base();
    this.#by.around.host.claim(this.#by.ledger.name, { process, launched, session, launch });
    this.#by.mailbox.cancelWake();
    this.#shell.set(work);
    this.pidfile.renew();
    this.#logged = logEnds(this.#now.settings); // what it wrote before may be another's
    // From now on usrsvcd hears what it says, also where another has started it.
    if (isHeard(this.#now.settings)) this.#listen(() => {})();
    if (this.main.take(process)) this.#watchLimits(work ?? process);
    else this.#by.mailbox.look(); // gone already
  }

  /** It was started from here. */
  noteStart({ process, main, logged }: StartOutcome & { kind: "started" }): void {
    if (logged !== undefined) this.#logged = logged;
    this.pidfile.noteStart(this.#now.settings, (main ?? process).pid);
  }

  /** The settings have changed, or it is held no more. */
  configure(): void {
    const process = this.#shell.process ?? this.main.process;
    if (process !== undefined) this.#watchLimits(process);
  }

  /** True where a look shows nothing that follow() would act upon. */
  isFollowed(found: Found & { kind: "running" }): boolean {
    return this.#isPidfileRight(found) && this.#shell.is(this.#shell.of(found));
  }

  /** Where a shell line has come to, and what became of the pidfile. */
  follow(found: Found & { kind: "running" }): void {
    const work = this.#shell.of(found);
    if (!this.#shell.is(work)) {
      this.#shell.set(work);
      this.#watchLimits(work ?? found.process);
    }
    if (this.#isPidfileRight(found)) return;
    this.pidfile.mend(this.#now.settings, (this.#shell.of(found) ?? found.process).pid);
  }

  /** What is still to be read of what it wrote, now that it is dead. */
  lastWords(): () => readonly string[] {
    const { settings } = this.#now;
    const since = this.#logged;
    const until = logEnds(settings);
    return () => (this.#by.around.isSharedLog(settings) ? [] : lastWords(settings, since, until));
  }

  /** Watches no limits any more. */
  unwatchLimits(): void {
    this.#endPlan();
    this.#limits?.unwatch();
  }

  /** There is no process any more, or it is none of the program's. */
  letGo(): void {
    this.#shell.set(undefined);
    this.unwatchLimits();
    this.main.release();
  }

  /** True also where it could not be written before. */
  #isPidfileRight(found: Found & { kind: "running" }): boolean {
    const { pid } = this.#shell.of(found) ?? found.process;
    return this.pidfile.isRight(this.#now.settings, found, pid);
  }

  #watchLimits(process: ProcessRef): void {
    if (this.#by.holding.isHeld) return;
    const { settings } = this.#now;
    const { monitor } = settings;
    this.#endPlan();
    if (settings.maxAgeMs > 0 || settings.restartAt !== undefined) this.#plan(process);
    else if (settings.type === "job" && settings.timeoutMs > 0) this.#planEnd(process);
    if (this.#by.around.monitors.some(({ isOn }) => isOn(monitor)))
      this.#limits ??= this.#makeLimits();
    this.#limits?.watch(process, monitor);
  }

  /** The process that is held counts, whatever does the work of a shell line. */
  #plan(process: ProcessRef): void {
    const held = this.main.process ?? process;
    const age = ageMs(held.startTime, this.#by.around.host.proc.uptime());
    this.#endPlan = planRestart(held, this.#now.settings, age, (limit) => {
      const { reason } = limit;
      this.#by.ledger.emit({ kind: "program.restart-due", pid: held.pid, reason });
      this.#by.mailbox.post({ kind: "limit-exceeded", process: held, limit });
    });
  }

  /** A job that runs for longer than timeout is ended. */
  #planEnd(process: ProcessRef): void {
    const held = this.main.process ?? process;
    const { timeoutMs } = this.#now.settings;
    const leftMs = timeoutMs - ageMs(held.startTime, this.#by.around.host.proc.uptime());
    this.#endPlan = callAt(monotonicMs() + Math.max(0, leftMs), () => {
      const reason = `ran for longer than timeout (${formatDuration(timeoutMs)})`;
      const limit = { monitor: "timeout", measured: undefined, limit: timeoutMs, reason };
      this.#by.mailbox.post({ kind: "limit-exceeded", process: held, limit });
    });
  }

  /** Where it cannot be heard, it is silent: its watchdog would end it, so that is told. */
  #listen(listener: Parameters<Notices["listen"]>[1]): () => void {
    try {
      return this.#by.around.host.notices?.().listen(this.#by.ledger.name, listener) ?? (() => {});
    } catch (error) {
      const reason = (error as Error).message;
      this.#by.ledger.emit({ kind: "program.warning", what: "unwatched", reason });
      return () => {};
    }
  }

  #makeLimits(): Limits {
    return new Limits(this.#by.around.monitors, {
      exceeded: (process, violation) => {
        // Of a shell line another process is measured than the one that is held.
        const held = this.main.process ?? process;
        const { pid } = process;
        const { monitor, measured, limit, reason } = violation;
        const told = { pid, monitor, measured, limit, reason };
        this.#by.ledger.emit({ kind: "program.limit-exceeded", ...told });
        this.#by.mailbox.post({ kind: "limit-exceeded", process: held, limit: violation });
      },
      signs: (onSign) =>
        this.#listen(({ watchdog }) => {
          if (watchdog !== undefined) onSign(watchdog);
        }),
      degraded: (reason) =>
        this.#by.ledger.emit({ kind: "program.warning", what: "unwatched", reason }),
    });
  }
}
