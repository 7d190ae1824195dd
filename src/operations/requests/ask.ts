import { describeWait } from "../../lifecycle/readiness.ts";
import { hooksMs } from "../../lifecycle/hook.ts";
import { untilKillMs } from "../../lifecycle/stop-plan.ts";
import { startWindowMs } from "../../state/start-window.ts";
import { existsSync, type FSWatcher, rmSync, watch } from "node:fs";
import { basename } from "node:path";
import { type Pid, type ProcessRef, sameProcess } from "../../../proc/pid.ts";
import { monotonicMs } from "../../lib/clock.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { settingsFingerprint } from "../../state/digest.ts";
import { readRecord, recordPath } from "../../state/record-file.ts";
import type { StateDir } from "../../state/state-dir.ts";
import type { Operation } from "../operation.ts";
import {
  type Answer,
  answerPath,
  type Request,
  requestPath,
  takeAnswer,
  writeRequest,
} from "./request.ts";

/** Time within which usrsvcd takes a request, in ms; after that, somebody else has to act. */
const TAKEN_WITHIN_MS = 1000;
/** Extra time to wait for an answer that another usrsvcd may give, beyond the action itself, in ms. */
const ANOTHERS_ANSWER_MS = 10_000;
/** Interval of checks whether usrsvcd lives, and whether a notice was lost, in ms. */
const LOOK_EVERY_MS = 1000;
/** The same where no notices are available, in ms. */
const LOOK_BLINDLY_EVERY_MS = 250;

let asked = 0;

/** The answer of usrsvcd, or why there is none. */
export type Said =
  | Answer
  | {
      readonly kind: "nothing";
      /**
       * It ended before it took the request; it did not take it within a second; it took it, and ended in
       * the middle: then it is unknown how far it got.
       */
      readonly why: "gone" | "silent" | "ended";
      readonly daemon: ProcessRef | undefined;
    }
  /** No request could be written (disk full). */
  | { readonly kind: "nothing"; readonly why: "unasked"; readonly reason: string };

/**
 * Asks usrsvcd to start or restart a program, and waits for the outcome.
 *
 * @throws the signal's reason; usrsvcd continues with what it has taken
 */
export async function askDaemon(
  program: ProgramSettings,
  action: Request["action"],
  operation: Operation,
): Promise<Said> {
  const { host, signal, debug } = operation;
  const asker = host.proc.alive(process.pid as Pid);
  const daemon = daemonInCharge(host)?.process;
  if (asker === undefined || daemon === undefined) return { kind: "nothing", why: "gone", daemon };
  asked += 1;
  const request: Request = {
    id: `${process.pid}-${asked}-${Date.now().toString(36)}`,
    program: program.name,
    action,
    at: new Date().toISOString(),
    asker,
    fingerprint: settingsFingerprint(program),
    unlessBornSince: operation.unlessBornSince,
  };
  using files = FileWatch.of(host.state);
  try {
    writeRequest(host.state, request);
  } catch (error) {
    return { kind: "nothing", why: "unasked", reason: (error as Error).message };
  }
  debug(`${program.name}: asked usrsvcd`);
  const isTaken = (): boolean => !existsSync(requestPath(host.state, request));
  const lives = (): boolean => sameProcess(host.proc.alive(daemon.pid), daemon);
  const end = monotonicMs() + TAKEN_WITHIN_MS;
  while (!isTaken()) {
    signal.throwIfAborted();
    if (monotonicMs() < end) {
      await files.next([requestPath(host.state, request)], end - monotonicMs(), signal);
    } else if (withdraw(host.state, request)) {
      return { kind: "nothing", why: lives() ? "silent" : "gone", daemon };
    }
  }
  // Another usrsvcd may have taken its place, and the request.
  const isTakenByAnother = !lives();
  const longestMs = startWindowMs(program) + untilKillMs(program) + hooksMs(program);
  const latest = monotonicMs() + ANOTHERS_ANSWER_MS + longestMs;
  const { ready } = program;
  const until = ready === undefined ? "" : `, and ${describeWait(ready, undefined)}`;
  const begun = `usrsvcd is ${action}ing it${until}`;
  let isTold = operation.isProgressAwaited !== true;
  if (isTold) operation.onProgress(program.name, begun);
  const tellFrom = monotonicMs() + LOOK_EVERY_MS;
  for (;;) {
    const isAlone = isTakenByAnother ? monotonicMs() > latest : !lives();
    const answer = takeAnswer(host.state, request);
    if (answer !== undefined) return answer;
    if (isAlone) return { kind: "nothing", why: "ended", daemon };
    const paths = [answerPath(host.state, request)];
    if (!isTold) {
      const how = describeBegun(program.name, asker, host);
      isTold = how !== undefined || monotonicMs() >= tellFrom; // a hook may take its time
      if (isTold)
        operation.onProgress(program.name, how === undefined ? begun : `${begun}: ${how}`);
      else paths.push(recordPath(host.state, program.name));
    }
    await files.next(paths, LOOK_EVERY_MS, signal);
    signal.throwIfAborted();
  }
}

/** What usrsvcd has begun since it was asked, by the record. */
function describeBegun(
  name: string,
  asker: ProcessRef,
  { state, proc }: Operation["host"],
): string | undefined {
  const { record } = readRecord(state, name, proc.bootId());
  const { process: one, launched = one } = record ?? {};
  if (record?.state === "stopping" && one !== undefined) return `pid ${one.pid} is ended first`;
  const isNew = launched !== undefined && launched.startTime >= asker.startTime;
  return isNew ? `pid ${launched.pid}` : undefined;
}

/** False when it was taken at the last moment. */
function withdraw(state: StateDir, request: Request): boolean {
  try {
    rmSync(requestPath(state, request));
    return true;
  } catch {
    return false;
  }
}

/** One watch of the folder for all waits in this process. */
class FileWatch implements Disposable {
  static #shared: { readonly watch: FileWatch; users: number } | undefined;
  readonly #waiting = new Map<string, Set<() => void>>();
  #watcher: FSWatcher | undefined;

  private constructor(dir: StateDir) {
    try {
      this.#watcher = watch(dir.programs, (_event, file) => {
        for (const wake of (file !== null && this.#waiting.get(file)) || []) wake();
      });
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      // no inotify watch is available: checked at intervals
    }
  }

  static of(dir: StateDir): FileWatch {
    FileWatch.#shared ??= { watch: new FileWatch(dir), users: 0 };
    FileWatch.#shared.users += 1;
    return FileWatch.#shared.watch;
  }

  /** Resolves when something happens to one of the files, after `ms`, or when aborted. */
  async next(paths: readonly string[], ms: number, signal: AbortSignal): Promise<void> {
    const files = paths.map((path) => basename(path));
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        for (const file of files) this.#leave(file, wake);
        resolve();
      };
      const mostMs = this.#watcher === undefined ? LOOK_BLINDLY_EVERY_MS : LOOK_EVERY_MS;
      const timer = setTimeout(wake, Math.min(ms, mostMs));
      signal.addEventListener("abort", wake, { once: true });
      for (const file of files) {
        const waiting = this.#waiting.get(file);
        if (waiting === undefined) this.#waiting.set(file, new Set([wake]));
        else waiting.add(wake);
      }
    });
  }

  #leave(file: string, wake: () => void): void {
    const waiting = this.#waiting.get(file);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiting.delete(file);
  }

  [Symbol.dispose](): void {
    const shared = FileWatch.#shared;
    if (shared === undefined) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    FileWatch.#shared = undefined;
    this.#watcher?.close();
  }
}
