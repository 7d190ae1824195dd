import type { Exit } from "../../proc/exit.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { daemonRuns } from "../daemon-alive.ts";
import { formatDuration } from "../format.ts";
import { ExitCode } from "../exit-code.ts";
import { checkBeforeStart } from "../program/check.ts";
import { describeExit, withLastLine } from "../program/describe-exit.ts";
import type { Host } from "../program/host.ts";
import type { Found } from "../program/identify.ts";
import { type Lock, lockHolder, programLock, waitLock } from "../program/lock.ts";
import { removePidfile, writePidfile } from "../program/pidfile.ts";
import {
  emptyRecord,
  type ProgramRecord,
  readRecord,
  setDamagedAside,
  type Via,
  writeRecord,
} from "../program/record.ts";
import { isStopRequested, requestStop } from "../program/stop-request.ts";
import { endOrphanedLauncher } from "../program/launcher-end.ts";
import { start, type StartFailure } from "../program/start.ts";
import { makeStateDir } from "../program/state-dir.ts";
import { stop } from "../program/stop.ts";
import { lookFor, type Subject } from "../program/subject.ts";
import { type ShownExit, showExit } from "../status.ts";

/** What an action on one program came to. `--json` prints it without `code`. */
export interface ActionResult {
  readonly program: string;
  readonly action: "start" | "stop" | "restart";
  /** A word for scripts: started, running, stopped, killed, down, failed, busy, disabled ... */
  readonly result: string;
  readonly code: ExitCode;
  readonly pid?: number;
  readonly via?: Via;
  readonly command?: string;
  readonly exit?: ShownExit;
  /** One sentence for people. */
  readonly message: string;
  /** Further lines, shown below. */
  readonly details?: readonly string[];
}

/** What an action needs besides the program. */
export interface Operation {
  readonly host: Host;
  readonly signal: AbortSignal;
  /** What is being done or waited for, for a progress line. */
  readonly onProgress: (text: string) => void;
  readonly debug: (text: string) => void;
}

/** With -P many programs ask at once: a look through all processes serves all for so long, in ms. */
const SHARED_LOOK_MS = 50;
/** How long another actor may take beyond its own settings before we say "try again". */
const LOCK_PATIENCE_MS = 10_000;

/** `usrsvc start`: makes sure that the program runs. */
export async function startProgram(subject: Subject, operation: Operation): Promise<ActionResult> {
  const refused = refuseUnstartable(subject, "start");
  if (refused !== undefined) return refused;
  return await locked(subject, "start", operation, async (record) => {
    const found = lookFor(subject, record, operation.host, { maxAgeMs: SHARED_LOOK_MS });
    operation.debug(`${subject.name}: ${describeFound(found)}`);
    if (found.kind === "running") return takeUp(subject, record, found, operation);
    return await launchIt(subject, { ...record, restarts: 0, failures: 0 }, "start", operation, []);
  });
}

/** `usrsvc stop`: makes sure that the program does not run, and that usrsvcd leaves it so. */
export async function stopProgram(subject: Subject, operation: Operation): Promise<ActionResult> {
  return await locked(subject, "stop", operation, async (record) => {
    const ended = await endIt(subject, record, { wish: "down", action: "stop" }, operation);
    return ended.result;
  });
}

/** `usrsvc restart`: stops and starts, but not before it is sure that a start is possible. */
export async function restartProgram(
  subject: Subject,
  operation: Operation,
): Promise<ActionResult> {
  const refused = refuseUnstartable(subject, "restart");
  if (refused !== undefined) return refused;
  const { settings, name } = subject;
  const obstacle = settings && checkBeforeStart(settings, operation.host);
  if (obstacle !== undefined) {
    const message = `not restarted, nothing was stopped: ${obstacle.reason}`;
    return { program: name, action: "restart", result: "failed", code: obstacle.code, message };
  }
  return await locked(subject, "restart", operation, async (record) => {
    const aim = { wish: "up", action: "restart" } as const;
    const ended = await endIt(subject, record, aim, operation);
    if (ended.result.code !== ExitCode.ok) return ended.result;
    const fresh = { ...ended.record, restarts: 0, failures: 0 };
    return await launchIt(subject, fresh, "restart", operation, [ended.result.message]);
  });
}

function refuseUnstartable(
  { name, enabled, settings }: Subject,
  action: "start" | "restart",
): ActionResult | undefined {
  const base = { program: name, action };
  if (settings === undefined) {
    const message = `not ${action}ed: its settings are faulty, see above`;
    return { ...base, result: "failed", code: ExitCode.invalidConfig, message };
  }
  if (!enabled) {
    const message = `not ${action}ed: it is disabled (enabled = False in ${settings.place.file})`;
    return { ...base, result: "disabled", code: ExitCode.disabled, message };
  }
  return undefined;
}

/** Does `act` while holding the program's lock. */
async function locked(
  subject: Subject,
  action: ActionResult["action"],
  { host, signal, onProgress, debug }: Operation,
  act: (record: ProgramRecord) => Promise<ActionResult>,
): Promise<ActionResult> {
  makeStateDir(host.state);
  const path = programLock(host.state, subject.name);
  const patience = LOCK_PATIENCE_MS + (subject.settings?.successMs ?? 0) + subject.termToKillMs;
  using lock = await takeLock(path, patience, subject, action, { host, signal, onProgress });
  if (lock === undefined) {
    const message =
      `not touched: ${lockHolder(path) ?? "another usrsvc"} is at work on it since ` +
      `${formatDuration(patience)}; try again`;
    return { program: subject.name, action, result: "busy", code: ExitCode.tryAgain, message };
  }
  debug(`${subject.name}: holds lock ${path}`);
  const boot = host.proc.bootId();
  const { record, problem, isDamaged } = readRecord(host.state, subject.name, boot);
  if (problem !== undefined) {
    if (!isDamaged) throw new Error(problem);
    debug(problem);
    setDamagedAside(host.state, subject.name);
  }
  return await act({ ...(record ?? emptyRecord(subject.name, boot)), by: "usrsvc" });
}

/** Waits for the lock; whoever holds it in a start window is asked to let go for a stop. */
async function takeLock(
  path: string,
  patience: number,
  { name }: Subject,
  action: ActionResult["action"],
  { host, signal, onProgress }: Pick<Operation, "host" | "signal" | "onProgress">,
): Promise<Lock | undefined> {
  let request: Disposable | undefined;
  try {
    return await waitLock(path, patience, signal, () => {
      if (action !== "start") request = requestStop(host.state, name);
      const holder = lockHolder(path) ?? "another";
      onProgress(`${name}: waiting for ${holder}, which is at work on it`);
    });
  } finally {
    request?.[Symbol.dispose]();
  }
}

/** It runs already: note that it is wanted, and mend the pidfile. */
function takeUp(
  subject: Subject,
  record: ProgramRecord,
  found: Found & { kind: "running" },
  { host }: Operation,
): ActionResult {
  const { process, via, pidfile, others } = found;
  endOrphanedLauncher(record, host);
  save(host, {
    ...record,
    wish: "up",
    phase: "running",
    process,
    via,
    launcher: undefined,
    reason: undefined,
  });
  const details = others.map(({ pid }) => `process ${pid} matches as well and is left alone`);
  if (subject.autopid && subject.pidfile !== undefined) {
    if (pidfile.kind !== "pid" || pidfile.pid !== process.pid) {
      details.push(mendPidfile(subject.pidfile, process.pid));
    }
  }
  return {
    program: subject.name,
    action: "start",
    result: "running",
    code: ExitCode.ok,
    ...processFacts(process, via, host),
    message: `runs already, pid ${process.pid} (${describeFoundVia(via)})`,
    ...(details.length > 0 ? { details } : {}),
  };
}

/** So often is looked whether somebody wants to stop what is being started, in ms. */
const ASKED_EVERY_MS = 200;

/** Ends with `signal`, or when an operator's stop need not wait for the window to close. */
class StartWindow implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #follow = (): void => this.#controller.abort(this.#outer.reason);

  constructor(outer: AbortSignal, isStopRequested: () => boolean) {
    this.#outer = outer;
    outer.addEventListener("abort", this.#follow, { once: true });
    this.#timer = setInterval(() => {
      if (isStopRequested()) this.#controller.abort(new Error("somebody wants to stop it"));
    }, ASKED_EVERY_MS);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#outer.removeEventListener("abort", this.#follow);
  }
}

/** Writes the record, and notes which process is whose: the next program may be looked for at once. */
function save(host: Host, record: ProgramRecord): void {
  writeRecord(host.state, record);
  host.claim(record.name, record.process);
}

function mendPidfile(path: string, pid: Pid): string {
  try {
    writePidfile(path, pid);
    return `pidfile ${path} written anew`;
  } catch (error) {
    return `pidfile ${path} could not be written: ${(error as Error).message}`;
  }
}

/** Removes it if it names `pid`; yields why that failed. */
function dropPidfile({ autopid, pidfile }: Subject, pid: Pid): readonly string[] {
  if (!autopid || pidfile === undefined) return [];
  try {
    removePidfile(pidfile, pid);
    return [];
  } catch (error) {
    return [`pidfile ${pidfile} could not be removed: ${(error as Error).message}`];
  }
}

/** A full disk must not keep an operator from stopping what fills it. */
function trySave(host: Host, record: ProgramRecord, complaints: string[]): void {
  try {
    save(host, record);
  } catch (error) {
    complaints.push(
      `its record in ${host.state.programs} could not be written (${(error as Error).message}): ` +
        "usrsvcd will not know that this was meant",
    );
  }
}

/** With usrsvcd at work, a failed start is not the end of it. */
function whatNext(program: string, host: Host): readonly string[] {
  if (!daemonRuns(host.state, host.proc)) return [];
  return [`usrsvcd tries it again, if autorestart is set; usrsvc stop ${program} ends that`];
}

async function launchIt(
  subject: Subject,
  record: ProgramRecord,
  action: "start" | "restart",
  { host, signal, onProgress }: Operation,
  before: readonly string[],
): Promise<ActionResult> {
  const { settings, name } = subject;
  if (settings === undefined) throw new TypeError(`${name} has no settings`); // refused before
  using window = new StartWindow(signal, () => isStopRequested(host.state, name, host.proc));
  const outcome = await start(settings, {
    host,
    pattern: subject.pattern,
    record: { ...record, wish: "up" },
    signal: window.signal,
    onLaunched: ({ pid }) => {
      onProgress(`${name}: pid ${pid}, watched for ${formatDuration(settings.successMs)}`);
    },
  });
  const base = { program: name, action };
  switch (outcome.kind) {
    case "started": {
      const facts = processFacts(outcome.process, outcome.via, host);
      const how = `pid ${outcome.process.pid} (${describeVia(outcome.via)})`;
      const message = [...before, `started, ${how}: ${facts.command ?? settings.command}`].join(
        "; ",
      );
      const details = outcome.notes.length > 0 ? { details: outcome.notes } : {};
      return { ...base, result: "started", code: ExitCode.ok, ...facts, message, ...details };
    }
    case "interrupted": {
      const message = `interrupted; it was launched as pid ${outcome.process.pid} and is left running`;
      const { pid } = outcome.process;
      return { ...base, result: "interrupted", code: ExitCode.failure, pid, message };
    }
    case "failed":
      return failedResult(outcome, { ...record, wish: "up" }, base, before, host);
  }
}

function failedResult(
  outcome: StartFailure,
  record: ProgramRecord,
  base: Pick<ActionResult, "program" | "action">,
  before: readonly string[],
  host: Host,
): ActionResult {
  const { exit, pid, reason, details, output, code } = outcome;
  const at = new Date().toISOString();
  save(host, {
    ...record,
    phase: "stopped",
    process: undefined,
    launched: undefined,
    launcher: undefined,
    failures: record.failures + 1,
    lastExit: exit === undefined || pid === undefined ? record.lastExit : { at, pid, exit },
    reason: withLastLine(reason, output),
    nextTryAt: undefined,
  });
  return {
    ...base,
    result: "failed",
    code,
    ...(exit === undefined ? {} : { exit: showExit(exit) }),
    message: [...before, `not started: ${reason}`].join("; "),
    details: [...details, ...output.map((line) => `| ${line}`), ...whatNext(base.program, host)],
  };
}

/** Ends the program, whatever it is, and writes what came of it. */
async function endIt(
  subject: Subject,
  record: ProgramRecord,
  aim: { wish: "up" | "down"; action: "stop" | "restart" },
  { host, signal, onProgress, debug }: Operation,
): Promise<{ result: ActionResult; record: ProgramRecord }> {
  const { name, termToKillMs } = subject;
  const found = lookFor(subject, record, host, { maxAgeMs: SHARED_LOOK_MS });
  debug(`${name}: ${describeFound(found)}`);
  const target = found.kind === "running" ? found.process : record.launched;
  const asked = { ...record, wish: aim.wish, nextTryAt: undefined };
  const complaints: string[] = [];
  if (found.kind === "running") {
    // On disk before the signal: the daemon sees the death at once, and must know that it is meant.
    trySave(host, { ...asked, phase: "stopping", process: found.process }, complaints);
    onProgress(`${name}: SIGTERM to pid ${found.process.pid}`);
  }
  const outcome =
    target === undefined
      ? ({ kind: "not-running" } as const)
      : await stop(target, record.launched, termToKillMs, host, signal);
  const base = { program: name, action: aim.action };
  if (outcome.kind === "stuck") {
    const message =
      `could not be stopped: pid ${target?.pid} outlives SIGKILL (state ${outcome.state}, ` +
      "usually waiting for a disk or a network file system)";
    trySave(host, { ...asked, phase: "stopping", process: target, reason: message }, complaints);
    return { result: { ...base, result: "stuck", code: ExitCode.failure, message }, record: asked };
  }
  const stopped = outcome.kind === "not-running" || target === undefined;
  const after: ProgramRecord = {
    ...asked,
    phase: "stopped",
    process: undefined,
    launched: undefined,
    launcher: undefined,
    digest: undefined,
    reason: aim.action === "stop" ? "stopped by usrsvc" : undefined,
    lastExit: stopped
      ? record.lastExit
      : { at: new Date().toISOString(), pid: target.pid, exit: outcome.exit },
  };
  trySave(host, after, complaints);
  if (target !== undefined) complaints.push(...dropPidfile(subject, target.pid));
  const described = describeStop(outcome, target, termToKillMs, found, complaints);
  return { result: { ...base, ...described }, record: after };
}

function describeStop(
  outcome: { kind: "not-running" } | StopDone,
  target: ProcessRef | undefined,
  termToKillMs: number,
  found: Found,
  complaints: readonly string[],
): Omit<ActionResult, "program" | "action"> {
  const others = found.kind === "running" ? found.others : [];
  const details = others.map(({ pid }) => `process ${pid} matches as well and was left alone`);
  details.push(...new Set(complaints));
  const more = details.length > 0 ? { details } : {};
  if (outcome.kind === "not-running" || target === undefined) {
    return { result: "down", code: ExitCode.ok, message: "was not running", ...more };
  }
  const { kind, exit, tookMs, leftBehind } = outcome;
  const rest =
    leftBehind === 0 ? "" : `; ${leftBehind} left-over process${leftBehind > 1 ? "es" : ""} ended`;
  const took =
    kind === "terminated"
      ? `terminated in ${formatDuration(tookMs)}`
      : `killed, since it ignored SIGTERM for ${formatDuration(termToKillMs)}`;
  return {
    result: kind === "terminated" ? "stopped" : "killed",
    code: ExitCode.ok,
    pid: target.pid,
    exit: showExit(exit),
    message: `stopped, pid ${target.pid}: ${took} (${describeExit(exit)})${rest}`,
    ...more,
  };
}

interface StopDone {
  readonly kind: "terminated" | "killed";
  readonly exit: Exit;
  readonly tookMs: number;
  readonly leftBehind: number;
}

function processFacts(
  process: ProcessRef,
  via: Via,
  host: Host,
): { pid: number; via: Via; command?: string } {
  try {
    const command = host.proc.cmdline(process.pid).join(" ");
    return { pid: process.pid, via, ...(command === "" ? {} : { command }) };
  } catch {
    return { pid: process.pid, via };
  }
}

function describeVia(via: Via): string {
  return via === "launch" ? "launched by usrsvc" : describeFoundVia(via);
}

function describeFoundVia(via: Via): string {
  switch (via) {
    case "launch":
      return "known from its record";
    case "pidfile":
      return "found by its pidfile";
    case "scan":
      return "found among all processes";
  }
}

function describeFound(found: Found): string {
  return found.kind === "running"
    ? `runs as pid ${found.process.pid}, ${describeFoundVia(found.via)}`
    : `does not run (pidfile: ${found.pidfile.kind})`;
}
