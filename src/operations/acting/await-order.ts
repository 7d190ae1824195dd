import { type Dependencies, isOfStart } from "../../config/dependencies.ts";
import type { Check, ProgramSettings, Settings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import { findProgram, lookNow, type Program } from "../../identity/program.ts";
import { callAt, monotonicMs } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/format.ts";
import { ChecksBeforeStart } from "../../lifecycle/checks-before-start.ts";
import { isUnjudged } from "../../status/shown-state.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS } from "../operation.ts";
import { isToCome } from "../order.ts";

/** Time between two looks, in ms. */
const LOOK_EVERY_MS = 200;

/** How another program stands, for who starts after it. */
type Standing =
  | { readonly kind: "ready" }
  | { readonly kind: "not-yet"; readonly reason: string | undefined }
  /** Nobody is about to start it. */
  | { readonly kind: "down" };

/** Waits for what one program starts after, as far as that is none of the command itself. */
export class OrderWait implements Disposable {
  readonly #program: Program;
  readonly #settings: Settings;
  readonly #order: Dependencies;
  readonly #operation: Operation;
  readonly #checks: ChecksBeforeStart;
  readonly #notes: string[] = [];
  #wake = (): void => {};

  constructor(program: Program, settings: Settings, order: Dependencies, operation: Operation) {
    this.#program = program;
    this.#settings = settings;
    this.#order = order;
    this.#operation = operation;
    this.#checks = new ChecksBeforeStart(operation.host.env, () => this.#wake());
  }

  /**
   * @param among names of those on which the command acts as well: they are ready by now
   * @returns notes of what was not waited for; or the failure, where it was waited for in vain
   * @throws the reason of the signal
   */
  async wait(
    action: ActionResult["action"],
    among: ReadonlySet<string>,
  ): Promise<{ readonly notes: readonly string[] } | { readonly failure: ActionResult }> {
    const { name, settings } = this.#program;
    if (settings === undefined) return { notes: [] }; // refused with its errors
    const { signal, onProgress } = this.#operation;
    const end = monotonicMs() + settings.startTimeoutMs;
    const wake = (): void => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      for (;;) {
        const open = this.#next(settings, among);
        if (open === undefined) return { notes: this.#notes };
        const { what, reason } = open;
        const why = reason === undefined ? "" : ` (${reason})`;
        if (monotonicMs() >= end) {
          const after = `start_timeout (${formatDuration(settings.startTimeoutMs)})`;
          const message = `not ${action}ed: ${what}, which it starts after, was not ready within ${after}${why}`;
          const details = [`usrsvc ${action} --alone ${name} does not wait for that`];
          const base = {
            program: name,
            action,
            result: "failed",
            code: ExitCode.notReady,
          } as const;
          return { failure: { ...base, message, details } };
        }
        onProgress(name, `waits for ${what}${why}`);
        await new Promise<void>((resolve) => {
          const cancel = callAt(monotonicMs() + LOOK_EVERY_MS, () => this.#wake());
          this.#wake = () => {
            cancel();
            resolve();
          };
        });
        signal.throwIfAborted();
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  [Symbol.dispose](): void {
    this.#checks[Symbol.dispose]();
  }

  /** What is not ready yet; undefined: all is. */
  #next(
    settings: ProgramSettings,
    among: ReadonlySet<string>,
  ): { readonly what: string; readonly reason: string | undefined } | undefined {
    const needed = new Set(this.#order.needsOf(settings.name));
    this.#notes.length = 0;
    for (const what of this.#order.of(settings.name)) {
      if (among.has(what)) continue;
      const standing = this.#look(what);
      if (standing.kind === "not-yet") return { what, reason: standing.reason };
      if (standing.kind === "ready") continue;
      if (needed.has(what)) return { what, reason: "it does not run" };
      this.#notes.push(`${what}, which it starts after, does not run, and was not waited for`);
    }
    for (const check of settings.after) {
      if (check.kind === "program") continue;
      const { isReady, reason } = this.#checks.of(check.text, check, settings);
      if (!isReady) return { what: check.text, reason };
    }
    return undefined;
  }

  #look(name: string): Standing {
    const { host } = this.#operation;
    const program = findProgram(this.#settings, name, host);
    if (program === undefined) return { kind: "down" };
    const { record, found } = lookNow(program, host, { maxAgeMs: SHARED_LOOK_MS });
    const isJob = program.settings?.type === "job";
    if (isJob && found.kind === "running") return { kind: "not-yet", reason: "it is not done yet" };
    if (isJob && record?.state === "done") return { kind: "ready" };
    if (
      record?.state === "starting" &&
      (found.kind === "running" || record.launched !== undefined)
    ) {
      const uptimeSeconds = host.proc.uptime();
      if (!isUnjudged(program, record, { host, uptimeSeconds })) {
        return { kind: "not-yet", reason: "it is starting" };
      }
      return this.#askLate(program);
    }
    if (found.kind === "running") {
      const { ready } = program.settings ?? {};
      if (ready === undefined || program.settings === undefined) return { kind: "ready" };
      if (record?.launcher !== undefined || isOfStart(ready)) return { kind: "ready" };
      return this.#ask(name, ready, program.settings);
    }
    return program.enabled && isToCome(record, host)
      ? { kind: "not-yet", reason: record?.reason }
      : { kind: "down" };
  }

  /** Whoever started it was killed, and nobody looked until its window was over. */
  #askLate({ name, settings }: Program): Standing {
    const { ready } = settings ?? {};
    if (settings !== undefined && ready !== undefined && !isOfStart(ready)) {
      return this.#ask(name, ready, settings);
    }
    return { kind: "not-yet", reason: `nobody has seen it ready: usrsvc start ${name} looks` };
  }

  #ask(name: string, ready: Check, of: ProgramSettings): Standing {
    const { isReady, reason } = this.#checks.of(name, ready, of);
    return isReady ? { kind: "ready" } : { kind: "not-yet", reason };
  }
}
