import type { CheckLoop } from "../checks/check-loop.ts";
import type { Check, ProgramSettings } from "../config/settings.ts";
import { programEnvironment } from "../launch/environment.ts";
import { type LogEnds, NO_LOG } from "../launch/output.ts";
import { formatDuration } from "../lib/format.ts";

/** Of which start a check is about. */
export interface ReadinessFacts {
  readonly program: ProgramSettings;
  /** The ends of its logs before it; undefined: not known, all that is in them counts. */
  readonly logged: LogEnds | undefined;
  /** What programs inherit. */
  readonly env: Readonly<Record<string, string>>;
}

/** Whether a program that is being started is ready yet, as its check says. Loads what looks when that begins. */
export class Readiness implements Disposable {
  readonly #check: Check;
  readonly #facts: ReadinessFacts;
  readonly #onLook: () => void;
  #loop: CheckLoop | undefined;
  #hasBegun = false;
  #isOver = false;
  #isReady = false;
  #reason: string | undefined;

  /** `onLook`: called after each look. */
  constructor(check: Check, facts: ReadinessFacts, onLook: () => void) {
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
    void this.#begin();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#loop?.[Symbol.dispose]();
  }

  async #begin(): Promise<void> {
    const { CheckLoop: Loop } = await import("../checks/check-loop.ts");
    const { LogCheck } = await import("../checks/log-check.ts");
    if (this.#isOver) return;
    const { program, env, logged } = this.#facts;
    const context = {
      env: programEnvironment(program, env),
      directory: program.directory,
      log: new LogCheck(program, logged ?? { stdout: NO_LOG, stderr: NO_LOG }),
    };
    this.#loop = new Loop(this.#check, context, (result) => {
      this.#isReady = result.ok;
      if (!result.ok) this.#reason = result.reason;
      this.#onLook();
    });
  }
}

/** What a start waits for, for people. */
export function describeWait({ text }: Check, reason: string | undefined): string {
  return reason === undefined ? `waits for ${text}` : `waits for ${text} (${reason})`;
}
