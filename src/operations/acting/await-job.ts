import { type ProcessRef, sameProcess } from "../../../proc/pid.ts";
import type { Exit } from "../../../proc/exit.ts";
import { ageMs } from "../../../proc/uptime.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import { endedByItself, endedByOperator, showExit } from "../../events/shown-exit.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Program } from "../../identity/program.ts";
import { monotonicMs, sleep, within } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/format.ts";
import { endLeftOvers } from "../../lifecycle/end-launch.ts";
import { stop } from "../../lifecycle/stop.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { isSuccess } from "../../state/ended-well.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { readRecord } from "../../state/record-file.ts";
import { stopping } from "../../state/transitions.ts";
import { endedJob } from "../one-program/job-result.ts";
import { Interrupted } from "../interrupted.ts";
import { locked } from "../one-program/locked.ts";
import { dropPidfile, save } from "../one-program/notes.ts";
import type { ActionResult, Operation } from "../operation.ts";
import { whatNext } from "../one-program/what-next.ts";

/** Time between two looks whether it still runs, in ms: the end itself is noticed at once. */
const LOOK_EVERY_MS = 1000;
/** The same once it has ended, until usrsvcd has put that on record, in ms. */
const NOTED_EVERY_MS = 50;
/** Beyond its own settings usrsvcd takes no longer for that, in ms. */
const NOTED_WITHIN_MS = 10_000;

/**
 * A job was started: waits for its end, and tells of that. Whoever looks after it puts it on record: usrsvcd, or, where none
 * runs, this. All else is returned as it is.
 */
export async function awaitJob(
  program: Program,
  result: ActionResult,
  operation: Operation,
): Promise<ActionResult> {
  const { settings, name } = program;
  const isUp = result.result === "started" || result.result === "running";
  if (settings?.type !== "job" || !isUp) return result;
  return await new JobWait(name, program, settings, result, operation).wait();
}

class JobWait {
  readonly #name: string;
  readonly #program: Program;
  readonly #settings: ProgramSettings;
  readonly #result: ActionResult;
  readonly #operation: Operation;
  /** How it ended, as it was seen here. */
  #exit: Exit | undefined;
  #tookMs = 0;

  constructor(
    name: string,
    program: Program,
    settings: ProgramSettings,
    result: ActionResult,
    operation: Operation,
  ) {
    this.#name = name;
    this.#program = program;
    this.#settings = settings;
    this.#result = result;
    this.#operation = operation;
  }

  async wait(): Promise<ActionResult> {
    const { signal, onProgress } = this.#operation;
    const process = this.#record()?.process;
    if (process === undefined) return this.#conclude(undefined);
    onProgress(this.#name, `pid ${process.pid}, until it ends (--no-wait does not wait)`);
    try {
      const isOver = await this.#awaitEnd(process);
      return isOver ? await this.#noted(process) : await this.#end(process);
    } catch (error) {
      if (error !== signal.reason) throw error;
      const message = `${this.#result.message}; its end was not waited for (${(error as Error).message}): it runs on`;
      const code = error instanceof Interrupted ? error.code : ExitCode.failure;
      return { ...this.#result, result: "interrupted", code, message };
    }
  }

  #record(): ProgramRecord | undefined {
    const { host } = this.#operation;
    return readRecord(host.state, this.#name, host.proc.bootId()).record;
  }

  /** False: it takes longer than timeout, and nobody else is there to end it. */
  async #awaitEnd(process: ProcessRef): Promise<boolean> {
    const { host, signal } = this.#operation;
    const { timeoutMs } = this.#settings;
    using watch = host.watcher().open(process);
    for (;;) {
      this.#tookMs = ageMs(process.startTime, host.proc.uptime());
      if (!sameProcess(host.proc.alive(process.pid), process)) return true;
      const leftMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs - this.#tookMs;
      if (leftMs <= 0 && daemonInCharge(host) === undefined) return false;
      const ms = leftMs <= 0 ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, leftMs);
      if (watch === undefined) await sleep(ms, signal);
      else this.#exit = await within(watch.exited, ms, signal);
    }
  }

  /** It has ended: waits until that is on record, or puts it there. */
  async #noted(process: ProcessRef): Promise<ActionResult> {
    const { host, signal } = this.#operation;
    const until = monotonicMs() + NOTED_WITHIN_MS + this.#settings.termToKillMs;
    while (daemonInCharge(host) !== undefined && monotonicMs() < until) {
      const record = this.#record();
      if (record?.lastExit?.pid === process.pid && record.process === undefined) {
        return this.#conclude(process);
      }
      if (record?.process !== undefined && !sameProcess(record.process, process)) break;
      await sleep(NOTED_EVERY_MS, signal);
    }
    return await locked(this.#program, "start", this.#operation, async (record, { store }) => {
      if (!sameProcess(record.process, process)) return this.#conclude(process);
      const { action } = this.#result;
      const exit = this.#exit ?? { kind: "unknown" };
      const end = {
        pid: process.pid,
        exit,
        tookMs: Math.round(this.#tookMs),
        isSuccess: isSuccess(exit, this.#settings),
        output: [],
      };
      await endLeftOvers(record, this.#settings, host, signal);
      dropPidfile(this.#program, process.pid);
      const asked = { action: action === "restart" ? action : "start", before: [] } as const;
      return endedJob(this.#settings, end, record, asked, store, this.#operation);
    });
  }

  /** It takes too long: ends it, as usrsvcd would. */
  async #end(process: ProcessRef): Promise<ActionResult> {
    const { host, signal, onProgress } = this.#operation;
    return await locked(this.#program, "start", this.#operation, async (record, { store }) => {
      if (!sameProcess(record.process, process)) return this.#conclude(process);
      const why = `ran for longer than timeout (${formatDuration(this.#settings.timeoutMs)})`;
      save(store, host, stopping(record, process, why));
      const { launched, session } = record;
      const outcome = await stop({ process, launched, session, record }, this.#settings, host, {
        signal,
        onStep: (what) => onProgress(this.#name, what),
      });
      const exit: Exit =
        outcome.kind === "not-running" || outcome.kind === "stuck"
          ? { kind: "unknown" }
          : outcome.exit;
      dropPidfile(this.#program, process.pid);
      const tookMs = Math.round(ageMs(process.startTime, host.proc.uptime()));
      const end = { pid: process.pid, exit, tookMs, isSuccess: false, output: [] };
      const asked = { action: "start", before: [], why } as const;
      return endedJob(this.#settings, end, record, asked, store, this.#operation);
    });
  }

  /** As the record has it. */
  #conclude(process: ProcessRef | undefined): ActionResult {
    const record = this.#record();
    const { lastExit, reason } = record ?? {};
    const base = { program: this.#name, action: this.#result.action };
    if (lastExit === undefined || (process !== undefined && lastExit.pid !== process.pid)) {
      const { proc } = this.#operation.host;
      const isLater =
        lastExit !== undefined &&
        process !== undefined &&
        Date.parse(lastExit.at) > Date.now() - ageMs(process.startTime, proc.uptime());
      const message = isLater
        ? "it has ended, and was run again since: its history tells how"
        : "it has ended, and nobody has put on record how";
      return { ...base, result: "failed", code: ExitCode.exitedUnexpectedly, message };
    }
    const { exit, pid, by, tookMs } = lastExit;
    const isGood = endedByItself(by) && isSuccess(exit, this.#settings);
    const word = isGood ? "done" : "failed";
    const why = endedByOperator(by) ? `ended by ${by}` : reason;
    const details = isGood ? [] : whatNext(this.#settings, false, this.#operation);
    return {
      ...base,
      result: word,
      code: isGood ? ExitCode.ok : ExitCode.exitedUnexpectedly,
      pid,
      exit: showExit(exit),
      ...(tookMs !== undefined && { tookSeconds: tookMs / 1000 }),
      message: `${word}: ${why ?? "nobody knows how it ended"}`,
      ...(details.length === 0 ? {} : { details }),
    };
  }
}
