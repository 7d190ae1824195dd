import type { CheckLoop } from "../checks/check-loop.ts";
import type { Check, ProgramSettings, ReadyWhen } from "../config/settings.ts";
import { programEnvironment } from "../launch/environment.ts";
import { type LogEnds, NO_LOG } from "../launch/output.ts";
import { monotonicMs } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import type { Notices } from "../notify/notices.ts";

/** Of which start a check is about. */
export interface ReadinessFacts {
  readonly program: ProgramSettings;
  /** The ends of its logs before it; undefined: not known, all that is in them counts. */
  readonly logged: LogEnds | undefined;
  /** What programs inherit. */
  readonly env: Readonly<Record<string, string>>;
  /** Where programs are heard; undefined: nowhere. */
  readonly notices?: (() => Pick<Notices, "listen" | "isReady">) | undefined;
}

/** Whether a program that is being started is ready yet, as its check says, or itself. Loads what looks when that begins. */
export class Readiness implements Disposable {
  readonly #check: ReadyWhen;
  readonly #facts: ReadinessFacts;
  readonly #onLook: () => void;
  #loop: CheckLoop | undefined;
  #endListening = (): void => {};
  #hasBegun = false;
  #isOver = false;
  #isReady = false;
  #reason: string | undefined;
  #extendedTo = Number.NEGATIVE_INFINITY;

  /** `onLook`: called after each look. */
  constructor(check: ReadyWhen, facts: ReadinessFacts, onLook: () => void) {
    this.#check = check;
    this.#facts = facts;
    this.#onLook = onLook;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Why not, when it was looked at last. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** The program asks for time until then, on our clock. */
  get extendedTo(): number {
    return this.#extendedTo;
  }

  /** Why the start has failed, if it has; undefined: it was ready. */
  get failure(): string | undefined {
    if (this.#isReady) return undefined;
    const { startTimeoutMs } = this.#facts.program;
    const after = `not ready within start_timeout (${formatDuration(startTimeoutMs)})`;
    return `${after}: ${this.#reason ?? "it was not looked at"} (ready = ${this.#check.text})`;
  }

  /** Begins to look; a second call does nothing. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const check = this.#check;
    if (check.kind === "notify") this.#listen();
    else void this.#look(check);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#loop?.[Symbol.dispose]();
    this.#endListening();
  }

  /** What it has said already counts as well. */
  #listen(): void {
    const { notices, program } = this.#facts;
    this.#reason = "it has not said READY=1 yet";
    try {
      const heard = notices?.();
      this.#isReady = heard?.isReady(program.name) === true;
      const end = heard?.listen(program.name, ({ isReady, status, extendMs }) => {
        this.#isReady ||= isReady;
        if (status !== undefined && status !== "") this.#reason = `it says: ${status}`;
        if (extendMs !== undefined) this.#extendedTo = monotonicMs() + extendMs;
        this.#onLook();
      });
      if (end !== undefined) this.#endListening = end;
    } catch (error) {
      this.#reason = `it cannot be heard: ${(error as Error).message}`;
    }
    // As after a look: never before this call has returned.
    setImmediate(() => {
      if (!this.#isOver) this.#onLook();
    });
  }

  async #look(check: Check): Promise<void> {
    const { CheckLoop: Loop } = await import("../checks/check-loop.ts");
    const { LogCheck } = await import("../checks/log-check.ts");
    if (this.#isOver) return;
    const { program, env, logged } = this.#facts;
    const context = {
      env: programEnvironment(program, env),
      directory: program.directory,
      log: new LogCheck(program, logged ?? { stdout: NO_LOG, stderr: NO_LOG }),
    };
    this.#loop = new Loop(check, context, (result) => {
      this.#isReady = result.ok;
      if (!result.ok) this.#reason = result.reason;
      this.#onLook();
    });
  }
}

/** What a start waits for, for people. */
export function describeWait({ kind, text }: ReadyWhen, reason: string | undefined): string {
  const what = kind === "notify" ? "its notice (ready = notify)" : text;
  return reason === undefined ? `waits for ${what}` : `waits for ${what} (${reason})`;
}
