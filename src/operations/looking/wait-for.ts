import type { Pid, ProcessRef } from "../../../proc/pid.ts";
import { showExit, type ShownExit } from "../../events/shown-exit.ts";
import { ExitCode } from "../../exit-code.ts";
import { monotonicMs, within } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/format.ts";
import { PathWatch } from "../../lib/path-watch.ts";
import { workerOn } from "../../state/at-work.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import type { ProgramStatus } from "../../status/status.ts";
import { choose, type UnknownProgram } from "../choose.ts";
import { look, type Report } from "./look.ts";
import type { Site } from "../site.ts";
import { describeNow, type Goal, judge, judgeStartable, type WaitResult } from "./wait-goal.ts";
import { WaitedInVain } from "./waited-in-vain.ts";

/** What is waited for. */
export interface WaitAsked {
  /** Empty: all. */
  readonly names: readonly string[];
  readonly goal: Goal;
  /** At most so long, in ms; undefined: for ever. */
  readonly timeoutMs: number | undefined;
}

/** Who is told meanwhile. */
export interface WaitPorts {
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
  readonly onUnknown: (one: UnknownProgram) => void;
  /** Some are waited for that nobody is about to start: which, and how to. */
  readonly onLeftDown: (text: string) => void;
  /** What came of one program, as soon as it is known. */
  readonly onResult: (result: WaitResult) => void;
}

/** Between two looks, in ms: what somebody starts without us shows only in a look. */
const LOOK_EVERY_MS = 500;
/** So soon after a change, in ms: what changes at once is looked at once. */
const SETTLE_MS = 10;
/** Time for usrsvcd to put on record how a process has ended that only it knows of, in ms. */
const RECORD_MS = 2000;

/**
 * `usrsvc wait`: waits until each of these programs is as wanted, or cannot be any more. It writes nothing.
 *
 * @returns the first code that is not ok: of `--for exit` and `done` that of the program
 * @throws the signal's reason
 */
export async function waitForPrograms(
  site: Site,
  { names, goal, timeoutMs }: WaitAsked,
  ports: WaitPorts,
): Promise<ExitCode> {
  const { programs, unknown } = choose(site, names, { withRemoved: goal !== "ready" });
  for (const one of unknown) ports.onUnknown(one);
  const enabled = programs.filter(({ enabled }) => enabled || names.length > 0);
  const waits = new Map(
    enabled.map(({ name, settings }) => [name, new Wait(goal, settings?.type === "job", site)]),
  );
  const end = timeoutMs === undefined ? Infinity : monotonicMs() + timeoutMs;
  const codes: ExitCode[] = [];
  const inVain = new WaitedInVain((name) => workerOn(name, site.host) !== undefined);
  let wake = (): void => {};
  using records = new PathWatch(site.host.state.programs, () => wake());
  while (waits.size > 0) {
    ports.signal.throwIfAborted();
    const changed = new Promise<void>((resolve) => (wake = resolve));
    records.arm();
    const report = await look(site, { names: [...waits.keys()], withCommands: false }).report();
    const isLate = monotonicMs() >= end;
    const seen = [...report.programs, ...removed(report, waits.keys())];
    for (const status of seen) {
      const { settings } = site;
      const result =
        waits.get(status.program)?.see(status) ??
        judgeStartable(goal, status, {
          isFaulty: settings.faulty.has(status.program),
          isRemoved: !report.programs.includes(status),
        }) ??
        (isLate ? late(status, goal, timeoutMs ?? 0) : undefined);
      if (result === undefined) continue;
      waits.get(status.program)?.[Symbol.dispose]();
      waits.delete(status.program);
      codes.push(result.code);
      ports.onResult(result);
    }
    if (waits.size === 0) break;
    const left = seen.filter(({ program }) => waits.has(program));
    const settled = left.filter(({ program }) => waits.get(program)?.isSettling !== true);
    const note = goal === "stopped" || goal === "exit" ? undefined : inVain.see(settled);
    if (note !== undefined) ports.onLeftDown(note);
    ports.onProgress(describeWaits(left, goal));
    const ends = [...waits.values()].map(({ ended }) => ended);
    const ms = Math.max(0, Math.min(LOOK_EVERY_MS, end - monotonicMs()));
    await within(Promise.race([changed, ...ends]), ms, ports.signal);
    await within(new Promise(() => {}), SETTLE_MS, ports.signal);
  }
  if (unknown.length > 0) return ExitCode.undefinedProgram;
  return codes.find((code) => code !== ExitCode.ok) ?? ExitCode.ok;
}

/** What was in no configuration file any more, and has ended since, no look finds. */
function removed({ programs }: Report, waited: Iterable<string>): readonly ProgramStatus[] {
  const known = new Set(programs.map(({ program }) => program));
  const facts = {
    state: "stopped",
    enabled: true,
    wanted: false,
    restarts: 0,
    failures: 0,
  } as const;
  return [...waited].filter((name) => !known.has(name)).map((program) => ({ program, ...facts }));
}

function late(status: ProgramStatus, goal: Goal, timeoutMs: number): WaitResult {
  const { program, pid } = status;
  const message = `not ${goal === "exit" ? "ended" : goal} within ${formatDuration(timeoutMs)} (--timeout): ${describeNow(status)}`;
  return {
    program,
    action: "wait",
    result: "timeout",
    code: ExitCode.notInTime,
    ...(pid === undefined ? {} : { pid }),
    message,
  };
}

function describeWaits(left: readonly ProgramStatus[], goal: Goal): string {
  const [first] = left;
  if (first === undefined) return `waits for ${goal}`;
  const more = left.length > 1 ? `, and ${left.length - 1} more` : "";
  return `${first.program}: waits for ${goal}; ${describeNow(first)}${more}`;
}

/** What is known of one program, from look to look. */
class Wait implements Disposable {
  /** Resolves when the process that it had at first has ended. */
  readonly ended: Promise<void>;
  readonly #goal: Goal;
  readonly #isJob: boolean;
  readonly #site: Site;
  #first: ProcessRef | undefined;
  #isFirst = true;
  #end: ShownExit | undefined;
  #goneAt: number | undefined;
  /** Since when nobody is there who could tell how its run ended. */
  #unseenAt: number | undefined;
  #tell: () => void = () => {};
  #release: Disposable | undefined;

  constructor(goal: Goal, isJob: boolean, site: Site) {
    this.#goal = goal;
    this.#isJob = isJob;
    this.#site = site;
    this.ended = new Promise((resolve) => (this.#tell = resolve));
  }

  see(status: ProgramStatus): WaitResult | undefined {
    if (this.#isFirst) this.#begin(status.pid);
    this.#isFirst = false;
    if (this.#goal === "exit") this.#noteRecord(status);
    const first = this.#first?.pid;
    const isUnseen = this.#isJob && this.#hasEndedUnseen(status);
    return judge(this.#goal, { status, isJob: this.#isJob, first, end: this.#end, isUnseen });
  }

  /** Whoever has started it may be about to put on record how it has ended; usrsvcd will. */
  #hasEndedUnseen({ lastExit, lastRun, pid }: ProgramStatus): boolean {
    const isGone = pid === undefined && lastRun === undefined && lastExit?.unknown === true;
    if (!isGone || daemonInCharge(this.#site.host) !== undefined) this.#unseenAt = undefined;
    else this.#unseenAt ??= monotonicMs();
    return this.#unseenAt !== undefined && monotonicMs() > this.#unseenAt + RECORD_MS;
  }

  /** Its run has ended, and nobody has seen how: soon there is an answer. */
  get isSettling(): boolean {
    return this.#unseenAt !== undefined;
  }

  [Symbol.dispose](): void {
    this.#release?.[Symbol.dispose]();
  }

  #begin(pid: number | undefined): void {
    const { host } = this.#site;
    const ref = pid === undefined ? undefined : host.proc.alive(pid as Pid);
    if (ref === undefined || this.#goal !== "exit") return;
    this.#first = ref;
    const handle = host.watcher().open(ref);
    this.#release = handle;
    void handle?.exited.then((exit) => {
      if (exit.kind !== "unknown") this.#end = showExit(exit, undefined, ref.pid);
      this.#goneAt = monotonicMs();
      this.#tell();
    });
  }

  /** Where the kernel tells only a parent how it ended, that has put it on record. */
  #noteRecord({ lastExit, pid }: ProgramStatus): void {
    if (this.#first === undefined || this.#end !== undefined) return;
    if (lastExit?.pid === this.#first.pid) this.#end = lastExit;
    else if (pid !== this.#first.pid) this.#goneAt ??= monotonicMs();
    if (this.#goneAt !== undefined && monotonicMs() > this.#goneAt + RECORD_MS) {
      this.#end ??= { pid: this.#first.pid, unknown: true };
    }
  }
}
