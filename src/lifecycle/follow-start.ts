import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Launched } from "../launch/launch.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import type { Traits } from "../state/record.ts";
import { explained, extended, followed, imageSeen } from "../state/record-facts.ts";
import { started } from "../state/transitions.ts";
import { BackgroundWatch } from "./background-watch.ts";
import { awaitNotice } from "./exit-notice.ts";
import type { Begun } from "./launch-in-sight.ts";
import type { StartContext } from "./start-context.ts";
import { judge, pauseMs, type StartCriterion, startCriterion } from "./start-criterion.ts";
import { describeWait, Readiness } from "./readiness.ts";
import { endFailedStart, startFailure } from "./start-failure.ts";
import type { Match, StartMatch } from "./start-match.ts";
import type { StartFailure, StartOutcome } from "./start-outcome.ts";
import { StartRecord } from "./start-record.ts";
import { titleNote, traits } from "./traits.ts";

/** Time for a shell that prepares the launch to become the program, with a short success_seconds, in ms. */
const EXEC_MS = 1000;

/** A start from its launch on: puts it on record at once, and is followed then. */
export class FollowedStart {
  readonly #program: ProgramSettings;
  readonly #context: StartContext;
  readonly #launch: string;
  readonly #launched: Launched;
  readonly #match: StartMatch;
  #criterion: StartCriterion;
  readonly #record: StartRecord;
  readonly #background: BackgroundWatch;
  /** The dead process that may keep it from its start, in words. */
  readonly #unreaped: string | undefined;
  /** How the launched process ended; undefined while it lives. */
  #exit: Exit | undefined;
  #exitedAt = Number.POSITIVE_INFINITY;
  #launchedAt = monotonicMs();
  /** Undefined where it is ready when it has lived. */
  readonly #readiness: Readiness | undefined;
  /** Called when something ended. */
  #notice: () => void = () => {};

  constructor(
    program: ProgramSettings,
    context: StartContext,
    { launched, match }: Begun,
    launch: string,
    unreaped: string | undefined,
  ) {
    this.#program = program;
    this.#context = context;
    this.#launch = launch;
    this.#launched = launched;
    this.#match = match;
    this.#unreaped = unreaped;
    this.#criterion = startCriterion(program);
    this.#record = new StartRecord(program, context);
    const { process, exited } = launched;
    const { host, pattern } = context;
    this.#background = new BackgroundWatch(host, () => this.#notice());
    void exited.then((exit) => {
      this.#exit = exit;
      this.#exitedAt = monotonicMs();
      this.#notice();
    });
    const { check } = this.#criterion;
    const { logged } = launched;
    if (check !== undefined) {
      const facts = { program, logged, env: host.env, notices: host.notices };
      this.#readiness = new Readiness(check, facts, () => {
        this.#noteWait();
        this.#notice();
      });
    }
    this.#record.begin({
      logged: check?.kind === "log" ? logged : undefined,
      windowMs: this.#criterion.windowMs,
      process,
      launch,
      image: match.image,
    });
    // What is executed is the program at once; what does not match yet is named by no pidfile.
    if (pattern.isLaunched) this.#record.notePidfile(process);
    context.onLaunched?.(process);
  }

  /** Follows it until its criterion has judged it, or we are told to leave. */
  async follow(): Promise<StartOutcome> {
    try {
      return await this.#follow();
    } catch (error) {
      if (!this.#context.signal.aborted) throw error;
      return this.#interrupted();
    } finally {
      this.#background[Symbol.dispose]();
      this.#readiness?.[Symbol.dispose]();
      this.#launched.release();
    }
  }

  async #follow(): Promise<StartOutcome> {
    const began = monotonicMs();
    await this.#becomeProgram(began);
    for (let looks = 0; ; looks += 1) {
      const found = await this.#find();
      this.#follows(found?.process);
      if (found !== undefined) {
        this.#record.notePidfile(found.main ?? found.process);
        this.#readiness?.begin();
      }
      const elapsedMs = monotonicMs() - began;
      this.#extend(began);
      const verdict = judge(this.#criterion, {
        elapsedMs,
        isFound: found !== undefined,
        isShell: () => this.#isLaunching(found?.process),
        exit: this.#exit,
        sinceExitMs: Math.max(0, elapsedMs + began - this.#exitedAt),
        isReady: this.#readiness?.isReady,
      });
      if (verdict === "started" && found !== undefined) return this.#started(found);
      if (verdict !== "undecided") return await this.#failed();
      // A shell line's work may begin late.
      const { isShell } = this.#context.pattern;
      const isSettled = found !== undefined && !isShell && this.#noteImage();
      await this.#pause(pauseMs(this.#criterion, { elapsedMs, looks, isSettled }));
    }
  }

  /** It asks for more time (EXTEND_TIMEOUT_USEC). */
  #extend(began: number): void {
    const windowMs = (this.#readiness?.extendedTo ?? 0) - began;
    if (windowMs <= this.#criterion.windowMs) return;
    this.#criterion = { ...this.#criterion, windowMs };
    this.#record.write(extended(this.#record.current, this.#launched.process, windowMs));
  }

  /** Waits until a shell that prepares the launch has become the program; else a short window closes on it. */
  async #becomeProgram(began: number): Promise<void> {
    if (!this.#launched.isThroughShell || this.#criterion.windowMs > EXEC_MS) return;
    for (let pause = 5; monotonicMs() - began < EXEC_MS; pause = Math.min(20, pause * 2)) {
      if (this.#exit !== undefined || !this.#match.isLaunching()) return;
      await this.#pause(pause);
    }
  }

  async #find(): Promise<Match | undefined> {
    const found = this.#match.find(this.#exit, this.#background.lost);
    const isGone = await this.#background.isGone(this.#context.signal);
    return isGone ? this.#match.find(this.#exit, this.#background.lost) : found;
  }

  /** How the launched process itself ends is known from its launch. */
  #follows(match: ProcessRef | undefined): void {
    this.#background.follow(sameProcess(match, this.#launched.process) ? undefined : match);
  }

  #isLaunching(process: ProcessRef | undefined): boolean {
    return sameProcess(process, this.#launched.process) && this.#match.isShell();
  }

  /** False until it could be seen: in mid-exec it cannot. */
  #noteImage(): boolean {
    const { image } = this.#match;
    const record = this.#record.current;
    if (image !== undefined && record.image === undefined) {
      this.#record.write(imageSeen(record, image));
    }
    return image !== undefined;
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

  /** What it waits for is on record: status says it, and whoever shows progress. */
  #noteWait(): void {
    const { check } = this.#criterion;
    if (check === undefined || this.#context.signal.aborted) return;
    const text = describeWait(check, this.#readiness?.reason);
    if (this.#record.current.reason === text) return;
    this.#record.write(explained(this.#record.current, text));
    this.#context.onWaits?.(text);
  }

  #started({ process, main, via }: Match): StartOutcome {
    const seen = { process, via, ...this.#traits(process) };
    const record = this.#record.write(started(explained(this.#record.current, undefined), seen));
    this.#record.notePidfile(main ?? process);
    const notes = [
      ...this.#launched.notes,
      ...this.#record.notes,
      ...titleNote(record, this.#context.pattern, this.#program),
    ];
    const { logged } = this.#launched;
    return { kind: "started", process, main, via, record, notes, logged };
  }

  /** What did not match yet is judged further by whoever comes next. */
  #interrupted(): StartOutcome {
    const found = this.#match.find(this.#exit, this.#background.lost);
    const process = found?.process ?? this.#launched.process;
    // Still starting: whoever stops it knows that it may fork yet.
    const seen = { process, ...this.#traits(process) };
    const record = this.#record.write(followed(this.#record.current, seen));
    if (found !== undefined) this.#record.notePidfile(found.main ?? found.process);
    return { kind: "interrupted", process, record };
  }

  #traits(process: ProcessRef): Traits {
    const { pattern, host } = this.#context;
    return traits(process, this.#launched.process, pattern, host);
  }

  async #failed(): Promise<StartFailure> {
    await this.#awaitExit();
    const isLaunching = this.#match.isShell();
    const failed = {
      program: this.#program,
      context: this.#context,
      launch: this.#launch,
      launched: this.#launched,
      match: this.#match,
      exit: this.#exit,
      tookMs: this.#exit && Math.round(this.#exitedAt - this.#launchedAt),
      lost: this.#background.lost,
      isLaunching,
      unreaped: this.#unreaped,
      unready: isLaunching ? undefined : this.#readiness?.failure,
    };
    this.#readiness?.[Symbol.dispose]();
    const ended = await endFailedStart(failed);
    this.#context.lock.writeNote(""); // whatever record the caller writes now
    this.#record.removePidfile();
    return startFailure(failed, ended);
  }

  /** The exit becomes known a moment after the process is gone. */
  async #awaitExit(): Promise<void> {
    const { process: ref } = this.#launched;
    const { host, signal } = this.#context;
    if (this.#exit === undefined) await awaitNotice({ ...this.#launched, ref }, host.proc, signal);
  }
}
