import { unlinkSync } from "node:fs";
import type { Exit } from "../../proc/exit.ts";
import { type Pid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { machineFault } from "../lib/fault.ts";
import { shorten } from "../lib/format.ts";
import { checkBeforeStart, checkFiles } from "./preflight.ts";
import { runDigest, settingsDigest } from "../state/digest.ts";
import { awaitNotice } from "./exit-notice.ts";
import type { LifecyclePorts } from "./ports.ts";
import type { Found } from "../identity/identify.ts";
import { describeLaunchError, launch as execute, type Launched } from "../launch/launch.ts";
import { launchNote, newLaunchId } from "../identity/mark.ts";
import type { Lock } from "../state/lock.ts";
import type { Pattern } from "../identity/match.ts";
import { lastWords } from "../launch/output.ts";
import { nearestProcess } from "../identity/nearest-process.ts";
import { removePidfile, writePidfile } from "../state/pidfile.ts";
import { type ProgramRecord, writeRecord } from "../state/record.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import { hasLeftInOrder, type Lost, type Match, StartMatch } from "./start-criterion.ts";
import {
  describeEarlyExit,
  failure,
  type StartFailure,
  type StartOutcome,
} from "./start-outcome.ts";
import { awaitReaped } from "./unreaped.ts";
import { checkStateDir, sparePath } from "../state/state-dir.ts";
import { endLaunch } from "./end-launch.ts";
import { describeStragglers } from "./stragglers.ts";

/** What a start needs to know, besides the settings. */
export interface StartContext {
  readonly host: LifecyclePorts;
  readonly pattern: Pattern;
  /** The record as it is; `desired` and the counters are kept. */
  readonly record: ProgramRecord;
  /** The program's lock, at which the launch is noted. */
  readonly lock: Pick<Lock, "writeNote">;
  readonly signal: AbortSignal;
  /** Called when it was launched, or cannot be: the turn to launch is another's. */
  readonly endTurn?: () => void;
  /** Called when the process exists, for whoever shows progress. */
  readonly onLaunched?: (process: ProcessRef) => void;
  /** Asked right before the launch: a process that is the program already, or undefined. */
  readonly findRunning?: () => ProcessRef | undefined;
  /**
   * It has run with these settings: what may speak against a start is only looked for when the
   * start fails.
   */
  readonly isProven?: boolean;
  /** Called with each record that is written, and its text, so that the daemon knows its own work. */
  readonly onRecord?: (record: ProgramRecord, text: string) => void;
}

/** Times of the looks for the match, in ms after the launch; then one each second. */
const LOOKS_MS = [1, 3, 10, 25, 50, 100, 200, 400, 700];
/** Time for a shell that prepares the launch to become the program, with a short success_seconds, in ms. */
const EXEC_MS = 1000;
/** A process in mid-exec shows no image; it is looked at for so long. */
const IMAGE_MS = 3;
const OUTPUT_LINES = 15;

/**
 * Starts a program and follows it for success_seconds. The caller holds the program's lock and a
 * turn to launch, and has made sure that it does not run.
 */
export async function start(
  program: ProgramSettings,
  context: StartContext,
): Promise<StartOutcome> {
  let begun: StartOutcome | Start;
  try {
    context.signal.throwIfAborted();
    begun = await begin(program, context);
  } finally {
    context.endTurn?.();
  }
  return begun instanceof Start ? await begun.follow() : begun;
}

/** Up to the point where it is executed. */
async function begin(
  program: ProgramSettings,
  context: StartContext,
): Promise<StartOutcome | Start> {
  const { host, findRunning, isProven, pattern } = context;
  const obstacle = isProven === true ? undefined : checkFiles(program, host);
  if (obstacle !== undefined) {
    removeStalePidfile(program);
    return failure(obstacle.code, obstacle.reason, obstacle.trouble);
  }
  const unreaped = await awaitReaped(program, host, context.signal);
  checkStateDir(host.state); // to get the turn may have taken long
  const running = findRunning?.();
  if (running !== undefined) return foundRunning(program, context, running);
  const launch = newLaunchId(host.home, host.proc.uptime());
  // On disk before the program exists: exactly once depends on it.
  context.lock.writeNote(launchNote(launch, host.proc.bootId()));
  // What takes the place of one that ran has its pidfile at once; what does not match yet, later.
  if (isProven !== true || !pattern.isLaunched) removeStalePidfile(program);
  host.launching.add(program.name);
  try {
    const begun = await executeInSight(program, launch, context);
    context.lock.writeNote(launchNote(launch, host.proc.bootId(), begun.launched.process));
    return new Start(program, context, begun, launch, unreaped);
  } catch (error) {
    const reason = describeLaunchError(error, program);
    if (reason === undefined) throw error;
    context.lock.writeNote("");
    removeStalePidfile(program);
    const { failedToLaunch: code } = ExitCode;
    const hangs = (error as NodeJS.ErrnoException).code === "ETIMEDOUT"; // and would hang us as well
    const trouble = machineFault(error);
    const own = { code, reason, trouble };
    const isOwn = hangs || trouble !== undefined;
    const found = (isOwn ? undefined : checkBeforeStart(program, host)) ?? own;
    return failure(found.code, found.reason, found.trouble);
  } finally {
    host.launching.delete(program.name);
  }
}

/** What was executed, and what was seen of it so far. */
interface Begun {
  readonly launched: Launched;
  readonly match: StartMatch;
}

/**
 * Executes a program, and sees its image before anything else is written: the first process of a daemon may leave
 * within a few ms, and of several that are started at once each has to be told from the others then.
 */
async function executeInSight(
  program: ProgramSettings,
  launch: string,
  { host, pattern }: StartContext,
): Promise<Begun> {
  await host.sight.clear();
  const seen = host.sight.begin();
  try {
    const launched = await execute(program, launch, host);
    const match = new StartMatch(program, pattern, host, { launch, launched: launched.process });
    const end = monotonicMs() + IMAGE_MS;
    while (match.image === undefined && monotonicMs() < end) {
      await new Promise(setImmediate);
      match.noteImage();
    }
    return { launched, match };
  } finally {
    seen();
    await host.sight.clear();
  }
}

/** Not launched here: neither its settings nor its group are known. */
function foundRunning(
  program: ProgramSettings,
  { record, host, pattern, onRecord }: StartContext,
  process: ProcessRef,
): StartOutcome {
  const taken: ProgramRecord = {
    ...record,
    state: "running",
    process,
    launched: undefined,
    launch: undefined,
    ...traits(process, undefined, pattern, host),
    digest: undefined,
    via: "scan",
    failures: 0,
    reason: undefined,
    nextTryAt: undefined,
    by: record.by,
  };
  const text = writeRecord(host.state, taken);
  onRecord?.(taken, text);
  host.claim(taken.name, taken);
  const notes = ["it was running already"];
  const { autopid, name, pidfile } = program;
  if (autopid) writePidfile(pidfile, process.pid, sparePath(host.state, name, "pidfile"));
  return { kind: "started", process, main: undefined, via: "scan", record: taken, notes };
}

/** A start from its launch on. */
class Start {
  readonly #program: ProgramSettings;
  readonly #context: StartContext;
  readonly #launched: Launched;
  #record: ProgramRecord;
  /** How the launched process ended; undefined while it lives. */
  #exit: Exit | undefined;
  /** What had gone to the background, was the program, and ended. */
  #lost: Lost | undefined;
  /** What has gone to the background, and is the program: its end is noticed also between two looks. */
  #daemon: ProcessHandle | undefined;
  /** The pid that the pidfile names by now. */
  #notedPid: Pid | undefined;
  readonly #notes: string[];
  /** The dead process that may keep it from its start, in words. */
  readonly #unreaped: string | undefined;
  readonly #match: StartMatch;
  /** Called when something ended. */
  #notice: () => void = () => {};

  constructor(
    program: ProgramSettings,
    context: StartContext,
    { launched, match }: Begun,
    launch: string,
    unreaped: string | undefined,
  ) {
    this.#unreaped = unreaped;
    this.#program = program;
    this.#context = context;
    this.#launched = launched;
    this.#notes = [...launched.notes];
    const { process, exited } = launched;
    const { host, pattern } = context;
    this.#match = match;
    void exited.then((exit) => {
      this.#exit = exit;
      this.#notice();
    });
    this.#record = this.#writeLate({
      ...context.record,
      state: "starting",
      process,
      launched: process,
      launch,
      session: undefined,
      image: this.#match.image,
      config: host.config,
      pidfile: program.autopid ? program.pidfile : undefined,
      via: "launch",
      launcher: host.by,
      digest: settingsDigest(program),
      run: runDigest(program),
      reason: undefined,
      nextTryAt: undefined,
      by: context.record.by,
    });
    // What is executed is the program at once; what does not match yet is named by no pidfile.
    if (pattern.isLaunched) this.#notePidfile(process);
    context.onLaunched?.(process);
  }

  async follow(): Promise<StartOutcome> {
    try {
      return await this.#follow();
    } catch (error) {
      if (!this.#context.signal.aborted) throw error;
      // What did not match yet is judged further by whoever comes next.
      const found = this.#match.find(this.#exit, this.#lost);
      const process = found?.process ?? this.#launched.process;
      const record = this.#writeLate({
        ...this.#record,
        ...this.#traits(process),
        process, // still starting: whoever stops it knows that it may fork yet
      });
      if (found !== undefined) this.#notePidfile(found.main ?? found.process);
      return { kind: "interrupted", process, record };
    } finally {
      this.#daemon?.[Symbol.dispose]();
      this.#launched.release();
    }
  }

  async #follow(): Promise<StartOutcome> {
    const began = monotonicMs();
    const end = began + this.#program.successMs;
    await this.#becomeProgram(end, began);
    for (let look = 0; ; look += 1) {
      const found = await this.#find();
      this.#watchDaemon(found?.process);
      if (found !== undefined) this.#notePidfile(found.main ?? found.process);
      const now = monotonicMs();
      if (found !== undefined && now >= end) {
        if (!this.#isLaunching(found.process)) return this.#started(found);
        return await this.#failed();
      }
      if (found === undefined && this.#isHopeless(now >= end)) return await this.#failed();
      const next = LOOKS_MS[look] ?? Number.POSITIVE_INFINITY;
      // While the match lives there is nothing to look at: its end is noticed. A shell line's work may begin late.
      const isShell = this.#context.pattern.isShell;
      const isSettled = found !== undefined && !isShell && this.#noteImage();
      const pause = isSettled ? end - now : Math.min(1000, began + next - now);
      await this.#pause(Math.max(1, Math.min(pause, end - now)));
    }
  }

  /** False until it could be seen: in mid-exec it cannot. */
  #noteImage(): boolean {
    const { image } = this.#match;
    if (image !== undefined && this.#record.image === undefined) {
      this.#record = this.#writeLate({ ...this.#record, image });
    }
    return image !== undefined;
  }

  /** Something keeps the shell that prepares the launch from going on: it was stopped, for example. */
  #isLaunching(process: ProcessRef): boolean {
    return sameProcess(process, this.#launched.process) && this.#match.isShell();
  }

  /** True when no match can appear any more. */
  #isHopeless(windowClosed: boolean): boolean {
    if (windowClosed) return true;
    if (this.#exit === undefined) return false;
    // A classic daemon forks, and its first process leaves with 0: its match may still appear.
    return !hasLeftInOrder(this.#exit);
  }

  /** Waits until a shell that prepares the launch has become the program; else a short window closes on it. */
  async #becomeProgram(end: number, began: number): Promise<void> {
    if (!this.#launched.isThroughShell || end - began > EXEC_MS) return;
    for (let pause = 5; monotonicMs() - began < EXEC_MS; pause = Math.min(20, pause * 2)) {
      if (this.#exit !== undefined || !this.#match.isLaunching()) return;
      await this.#pause(pause);
    }
  }

  /** How the launched process itself ends is known from its launch. */
  #watchDaemon(match: ProcessRef | undefined): void {
    const { host } = this.#context;
    const daemon = sameProcess(match, this.#launched.process) ? undefined : match;
    if (daemon !== undefined && sameProcess(this.#daemon?.ref, daemon)) return;
    this.#daemon?.[Symbol.dispose]();
    const watch = daemon && host.watcher().open(daemon);
    const image = (daemon && statIfAny(host.proc, daemon.pid)?.image) || undefined;
    this.#daemon = watch;
    void watch?.exited.then((exit) => {
      this.#lost = { pid: watch.ref.pid, exit, image };
      this.#notice();
    });
  }

  /** What is left of a daemon that has failed is no program: how it ended must be known. */
  async #find(): Promise<Match | undefined> {
    const found = this.#match.find(this.#exit, this.#lost);
    if (this.#daemon === undefined || this.#lost?.pid === this.#daemon.ref.pid) return found;
    const { host, signal } = this.#context;
    const isGone = await awaitNotice(this.#daemon, host.proc, signal);
    return isGone ? this.#match.find(this.#exit, this.#lost) : found;
  }

  /** Waits, but no longer than until the launched process, or what went to the background, ends. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#context;
    signal.throwIfAborted();
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const cancel = callAt(monotonicMs() + ms, wake);
    signal.addEventListener("abort", wake, { once: true });
    this.#notice = wake;
    await woken;
    cancel();
    this.#notice = () => {};
    signal.removeEventListener("abort", wake);
    signal.throwIfAborted();
  }

  /** As soon as the process is known; others may wait for the file. */
  #notePidfile({ pid }: ProcessRef): void {
    if (!this.#program.autopid || this.#notedPid === pid) return;
    this.#notedPid = pid;
    try {
      const { name, pidfile } = this.#program;
      writePidfile(pidfile, pid, sparePath(this.#context.host.state, name, "pidfile"));
    } catch (error) {
      this.#notes.push(
        `pidfile ${this.#program.pidfile} could not be written: ${(error as Error).message}`,
      );
    }
  }

  #started({ process, main, via }: Match): StartOutcome {
    const record = this.#writeLate({
      ...this.#record,
      ...this.#traits(process),
      state: "running",
      process,
      via,
      failures: 0,
    });
    this.#notePidfile(main ?? process);
    const notes = [...this.#notes, ...this.#match.titleNote(process)];
    const { logged } = this.#launched;
    return { kind: "started", process, main, via, record, notes, logged };
  }

  #traits(process: ProcessRef): Traits {
    const { pattern, host } = this.#context;
    return traits(process, this.#launched.process, pattern, host);
  }

  /** The program runs by now: a disk that is full just then is no reason to call it a failure. */
  #writeLate(record: ProgramRecord): ProgramRecord {
    try {
      return this.#write(record);
    } catch (error) {
      this.#notes.push(`its record could not be written: ${(error as Error).message}`);
      return record;
    }
  }

  /** The exit becomes known a moment after the process is gone. */
  async #awaitExit(): Promise<void> {
    const { process: ref, exited } = this.#launched;
    const { host, signal } = this.#context;
    if (this.#exit === undefined) await awaitNotice({ ref, exited }, host.proc, signal);
  }

  async #failed(): Promise<StartFailure> {
    await this.#awaitExit();
    const { host, pattern, signal } = this.#context;
    const { process, logged } = this.#launched;
    const { name, successMs } = this.#program;
    const command = shorten(this.#program.command);
    const isLaunching = this.#match.isShell();
    // As it is now: ending what was launched is no news about the program.
    const { exit, pid } = (this.#exit && this.#lost) ?? { exit: this.#exit, pid: process.pid };
    const details: string[] = this.#unreaped === undefined ? [] : [this.#unreaped];
    if (exit === undefined) {
      details.push(`looked for ${pattern.description}`, ...this.#match.nearest());
    }
    const left = await endLaunch(
      { launch: this.#record.launch, launched: process, image: this.#match.image },
      this.#match.seen,
      this.#program,
      host,
      signal,
    );
    if (exit !== undefined) {
      details.push(...describeLeft(left, this.#program));
      const isGone = exit.kind === "code" && exit.code === 0;
      if (isGone) details.push(`looked for ${pattern.description}`);
    }
    const stragglers = describeStragglers(name, host, {
      but: new Set(left.map(({ ref }) => ref.pid)),
    });
    details.push(...stragglers);
    const nearest =
      left.length === 0 && stragglers.length === 0
        ? nearestProcess({ name, pattern, settings: this.#program }, host)
        : undefined;
    if (nearest !== undefined) details.push(nearest);
    this.#context.lock.writeNote(""); // whatever record the caller writes now
    if (this.#notedPid !== undefined) removePidfile(this.#program.pidfile, this.#notedPid);
    const output = lastWords(this.#program, logged, undefined, OUTPUT_LINES);
    const base = { kind: "failed", exit, pid, details, output } as const;
    if (exit === undefined && isLaunching) {
      const reason = `"${command}" was not executed within success_seconds: what was to become it hung, and was ended`;
      return { ...base, code: ExitCode.failedToLaunch, reason };
    }
    if (exit === undefined) {
      const reason = `"${command}" runs, but no process matches program ${name}; it was ended again`;
      return { ...base, code: ExitCode.failedToLaunch, reason };
    }
    const obstacle = this.#context.isProven === true && checkBeforeStart(this.#program, host);
    const early = describeEarlyExit(exit, successMs);
    const how = pid === process.pid ? early.reason : `went to the background, and ${early.reason}`;
    return { ...base, ...(obstacle || { ...early, reason: how }) };
  }

  #write(record: ProgramRecord): ProgramRecord {
    const { host, onRecord } = this.#context;
    const text = writeRecord(host.state, record);
    // Left alone meanwhile, it may be another's: its section was renamed, for example.
    if (!this.#context.signal.aborted) host.claim(record.name, record);
    onRecord?.(record, text);
    this.#record = record;
    return record;
  }
}

/** Of an adopted process: the launch that made it, and what that launched. */
export function takenFrom(
  record: ProgramRecord | undefined,
  { process, launch, isFree }: Found & { readonly kind: "running" },
): Pick<ProgramRecord, "launch" | "launched"> {
  if (launch !== undefined) return { launch, launched: process };
  // What stands beside it in its session is somebody else's as well.
  return { launch: record?.launch, launched: isFree === true ? undefined : record?.launched };
}

/**
 * How the launch was made from which a process comes that takes the place of the one on record (an upgrade
 * from within): with the settings of that. Of what somebody else has started nobody knows.
 */
export function madeAs(
  record: ProgramRecord | undefined,
  { process, launch, isFree }: Found & { readonly kind: "running" },
): Pick<ProgramRecord, "digest" | "launcher"> {
  const isOfLaunch = record?.launched !== undefined && launch === undefined && isFree !== true;
  if (isOfLaunch || sameProcess(record?.process, process)) {
    return { digest: record?.digest, launcher: record?.launcher };
  }
  return { digest: undefined, launcher: undefined };
}

/** What is noted of a program's process, by which what stems from it is known. */
export type Traits = Pick<ProgramRecord, "session" | "image" | "title">;

/** Reads them; `launched`: what was launched, if that was from here. */
export function traits(
  { pid }: ProcessRef,
  launched: ProcessRef | undefined,
  pattern: Pattern,
  { proc }: Pick<LifecyclePorts, "proc">,
): Traits {
  const stat = statIfAny(proc, pid);
  if (stat === undefined) return { session: undefined, image: undefined, title: undefined };
  // The session of what was found may be that of somebody's terminal.
  const isOwn = stat.session !== launched?.pid && (launched !== undefined || stat.session === pid);
  return {
    session: isOwn ? stat.session : undefined,
    image: stat.image || undefined,
    title: titleOther(pid, pattern, proc),
  };
}

/** The title that a program has given itself, where its words do not lead to it. */
function titleOther(
  pid: Pid,
  pattern: Pattern,
  proc: LifecyclePorts["proc"],
): readonly string[] | undefined {
  try {
    const argv = proc.cmdline(pid);
    return argv.length === 0 || pattern.matches(argv) ? undefined : argv;
  } catch {
    return undefined; // gone, or hidden
  }
}

/** A start has failed, and something of it lived on: most likely a daemon that went to the background. */
function describeLeft(
  left: readonly TableEntry[],
  { autopid, pidfile, match, successMs }: ProgramSettings,
): readonly string[] {
  const [first] = left;
  if (first === undefined) return [];
  const named = left.slice(0, 3).map(({ ref, argv }) => `process ${ref.pid}: ${titleOf(argv)}`);
  const what = match.kind === "title" ? `proctitle_re ${match.source}` : "the command";
  const file = autopid
    ? `if it writes its own pidfile, set pidfile to that and autopid = False`
    : `${pidfile} does not name it (where it is written later: success_seconds, ${successMs / 1000} now, must be longer)`;
  const title = titleOf(first.argv).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return [
    ...named.map((one) => `it left running, and usrsvc ended, ${one}`),
    `does the program go to the background? ${what} does not match it, and ${file}; ` +
      `or set proctitle_re = ^${title}; or let it stay in the foreground`,
  ];
}

function titleOf(argv: readonly string[]): string {
  return shorten(argv.join(" "));
}

/** The pidfile of a program that is being started names nobody; a reader must not be misled. */
function removeStalePidfile({ autopid, pidfile }: ProgramSettings): void {
  if (!autopid) return;
  try {
    unlinkSync(pidfile);
  } catch {
    // there was none
  }
}
