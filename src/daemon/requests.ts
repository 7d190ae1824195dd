import { setMaxListeners } from "node:events";
import { readdirSync } from "node:fs";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProgramSettings, Settings } from "../config/settings.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import type { Emitter } from "../events/event.ts";
import { restartProgram, startProgram } from "../operations/one-program/operate.ts";
import { type ActionResult, type Operation } from "../operations/operation.ts";
import {
  isRequestFile,
  type Request,
  takeRequest,
  writeAnswer,
} from "../operations/requests/request.ts";
import type { HookFailure } from "../lifecycle/hook.ts";
import type { JobEnd } from "../lifecycle/job-end.ts";
import { jobFinished } from "../supervisor/job-finished.ts";
import { FEW } from "../lifecycle/stragglers.ts";
import { settingsFingerprint } from "../state/digest.ts";
import type { Host } from "../host/host.ts";
import { programOf } from "../identity/program.ts";

/** What answering takes. */
export interface RequestsPorts {
  readonly host: Host;
  readonly events: Emitter;
  readonly settings: () => Settings;
  /** Resolves when it is known what belongs to the program (waiting-moves.ts), or when told to leave. */
  readonly settled: (name: string, signal: AbortSignal) => Promise<void>;
  /** Called when a program was acted on. */
  readonly onDone: (name: string) => void;
}

/** Results of a start that an operator, or the end of usrsvcd, has broken off. */
const CALLED_OFF: ReadonlySet<string> = new Set(["interrupted", "overtaken"]);

const nothing = (): void => {};

/** Does what people ask for (operations/request.ts), as their own command would. */
export class Requests implements Disposable {
  readonly #ports: RequestsPorts;
  readonly #leaving = new AbortController();
  /** The programs that are acted on, and how many have asked for that. */
  readonly #underWay = new Map<string, number>();

  constructor(ports: RequestsPorts) {
    this.#ports = ports;
    setMaxListeners(0, this.#leaving.signal); // with -P, all programs listen
  }

  /** Something happened to this file of the folder. */
  notice(file: string): void {
    if (this.#leaving.signal.aborted) return;
    const request = takeRequest(this.#ports.host.state, file);
    if (request !== undefined) void this.#answer(request);
  }

  /** Looks at all that lie there. */
  noticeAll(): void {
    let files: readonly string[] = [];
    try {
      files = readdirSync(this.#ports.host.state.programs);
    } catch {
      // no folder, no requests
    }
    for (const file of files) if (isRequestFile(file)) this.notice(file);
  }

  /** True while a program is acted on; `onDone` is called after that. */
  isActedOn(name: string): boolean {
    return this.#underWay.has(name);
  }

  #count(name: string, more: number): void {
    const count = (this.#underWay.get(name) ?? 0) + more;
    if (count === 0) this.#underWay.delete(name);
    else this.#underWay.set(name, count);
  }

  /** What is under way is left as it is. */
  [Symbol.dispose](): void {
    this.#leaving.abort(new Error("usrsvcd leaves"));
  }

  async #answer(request: Request): Promise<void> {
    const { host, events, settings, settled, onDone } = this.#ports;
    const { program, action, asker } = request;
    await settled(program, this.#leaving.signal);
    if (this.#leaving.signal.aborted) return;
    const known = settings().programs.get(program);
    const why =
      known === undefined
        ? "unknown"
        : settingsFingerprint(known) === request.fingerprint
          ? undefined
          : "older";
    try {
      if (known === undefined || why !== undefined) {
        writeAnswer(host.state, request, { kind: "declined", why: why ?? "unknown" });
        return;
      }
      events.emit({
        kind: "program.requested",
        program,
        action,
        by: asker.pid,
        result: undefined,
        message: undefined,
      });
      this.#count(program, 1);
      let isTold = false;
      const onJobEnded = (end: JobEnd): void => {
        isTold = true;
        events.emit({ program, ...jobFinished(end, known) });
      };
      const acting = this.#act(known, request, onJobEnded);
      const result = await acting.finally(() => this.#count(program, -1));
      // The asking command sees that we have ended, and does the rest itself.
      if (this.#leaving.signal.aborted && result.code !== ExitCode.ok) return;
      // What runs is reported once it is held, and whoever calls a start off knows it.
      if (CALLED_OFF.has(result.result)) this.#tellCalledOff(result, asker);
      else if (result.code !== ExitCode.ok && !isTold) this.#tellFailure(result);
      const waits = sameProcess(host.proc.alive(asker.pid), asker);
      if (waits) writeAnswer(host.state, request, { kind: "done", result });
    } catch (error) {
      const reason = (error as Error).message;
      events.emit({ kind: "program.error", program, what: "unanswered", action, reason });
    } finally {
      onDone(program);
    }
  }

  async #act(
    settings: ProgramSettings,
    { action, asker, unlessBornSince }: Request,
    onJobEnded: (end: JobEnd) => void,
  ): Promise<ActionResult> {
    const { host, events } = this.#ports;
    const program = programOf(settings, host);
    const { signal } = this.#leaving;
    const onLaunched = ({ pid }: ProcessRef): void => {
      events.emit({
        kind: "program.starting",
        program: settings.name,
        pid,
        reason: undefined,
        by: asker.pid,
        action,
        command: settings.command,
        isRestart: false,
      });
    };
    const onFailedHook = (failure: HookFailure): void =>
      events.emit({ kind: "program.hook-failed", program: settings.name, ...failure });
    const looksBehind = this.#underWay.size <= FEW;
    const plain = { host, signal, onProgress: nothing, debug: nothing };
    const isAbandoned = (): boolean => !sameProcess(host.proc.alive(asker.pid), asker);
    const beganAt = asker.startTime;
    const asked = { looksBehind, isAbandoned, beganAt, unlessBornSince };
    const ends = { onFailedHook, onJobEnded };
    const operation: Operation = { ...plain, onLaunched, ...ends, ...asked };
    try {
      return action === "start"
        ? await startProgram(program, operation)
        : await restartProgram(program, operation);
    } catch (error) {
      const message = `${action} failed: ${(error as Error).message}`;
      return { program: program.name, action, result: "failed", code: exitCodeOf(error), message };
    }
  }

  #tellCalledOff({ program, action, result, message }: ActionResult, asker: ProcessRef): void {
    const by = asker.pid;
    this.#ports.events.emit({ kind: "program.requested", program, action, by, result, message });
  }

  #tellFailure({ program, action, code, message, details = [] }: ActionResult): void {
    this.#ports.events.emit({
      kind: "program.start-failed",
      program,
      pid: undefined,
      reason: message,
      code,
      exit: undefined,
      details,
      output: [],
      action,
    });
  }
}
