import type { HostTarget } from "../../config/hosts.ts";
import { ExitCode } from "../../exit-code.ts";
import { callAt, monotonicMs, within } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/format.ts";
import type { HostEnd } from "../../operations/hosts/ask-host.ts";
import { type Resume, resumeOf } from "../../operations/hosts/resume.ts";
import type { AskOnce, Asked, Call } from "./ask-and-show.ts";

/** Before it is tried again, in ms; doubled each time. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** A connection that has lasted for so long, in ms, is a good one: the pauses begin anew. */
const GOOD_AFTER_MS = 60_000;
/** A connection that is up for so long, in ms, is told to be there again, and has not been refused by usrsvc there. */
const UP_AFTER_MS = 1000;
const KNOWN_AFTER_MS = 10_000;

/** Codes of usrsvc there that somebody has ended, or of its shell; its own are others, but for what -f has when it is left. */
const ENDED_BY_OTHERS: ReadonlySet<number> = new Set([0, 129, 137, 143]);

/** Follows one host until Ctrl-C: where its connection is lost, it is made again, and goes on with what was not shown. */
export async function followHost(target: HostTarget, call: Call, ask: AskOnce): Promise<ExitCode> {
  return await new Follower(target, call, ask).follow();
}

class Follower {
  readonly #target: HostTarget;
  readonly #call: Call;
  readonly #ask: AskOnce;
  readonly #resume: Resume;
  /** It was followed once: what ends that is a loss. */
  #isKnown = false;
  #pauseMs = FIRST_PAUSE_MS;
  /** Since when it is lost; undefined: it is not. */
  #lostAt: number | undefined;
  #told: string | undefined;

  constructor(target: HostTarget, call: Call, ask: AskOnce) {
    this.#target = target;
    this.#call = call;
    this.#ask = ask;
    this.#resume = resumeOf(call.command.name, call.words);
  }

  async follow(): Promise<ExitCode> {
    const { signal, screen } = this.#call;
    for (;;) {
      const { asked, lastedMs } = await this.#once();
      if (asked.end.kind === "interrupted") return ExitCode.ok;
      if (!this.#isKnown && !isLoss(asked.end)) return asked.tell();
      this.#isKnown = true;
      if (lastedMs >= GOOD_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
      this.#tellLoss(asked);
      screen.progress(`${this.#target.name}: trying again in ${formatDuration(this.#pauseMs)}`);
      try {
        await within(new Promise(() => {}), this.#pauseMs, signal);
      } catch {
        return ExitCode.ok; // Ctrl-C
      }
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs);
      this.#resume.lose();
    }
  }

  async #once(): Promise<{ readonly asked: Asked; readonly lastedMs: number }> {
    let cancel = (): void => {};
    let upAt: number | undefined;
    const up = (): void => {
      cancel();
      this.#tellBack();
    };
    const call = { ...this.#call, words: this.#resume.words() };
    const asked = await this.#ask(this.#target, call, {
      onConnected: () => {
        upAt = monotonicMs();
        cancel = callAt(upAt + UP_AFTER_MS, up);
      },
      hears: (line) => {
        this.#isKnown = true;
        up();
        return this.#resume.hear(line);
      },
    });
    cancel();
    const lastedMs = upAt === undefined ? 0 : monotonicMs() - upAt;
    this.#isKnown ||= lastedMs >= KNOWN_AFTER_MS;
    return { asked, lastedMs };
  }

  /** Once, and again when the reason is another. */
  #tellLoss({ problem }: Asked): void {
    this.#lostAt ??= monotonicMs();
    const message = problem?.message ?? "usrsvc there was ended";
    if (message === this.#told) return;
    this.#told = message;
    const again = formatDuration(this.#pauseMs);
    const next = `trying again in ${again}, then with pauses that grow to ${formatDuration(LONGEST_PAUSE_MS)}; Ctrl-C ends it`;
    const lost = { result: "lost", message, next } as const;
    this.#call.view.tellProblem(this.#target, lost, ExitCode.failure);
  }

  #tellBack(): void {
    if (this.#lostAt === undefined) return;
    const lasted = formatDuration(monotonicMs() - this.#lostAt);
    this.#lostAt = undefined;
    this.#told = undefined;
    this.#call.view.tellBack(this.#target, `connected again, after ${lasted}`);
  }
}

/** Of a first call: it was up, and has ended other than usrsvc there ends by itself. */
function isLoss(end: HostEnd): boolean {
  if (end.kind === "cut-off") return end.isConnected;
  return end.kind === "ended" && ENDED_BY_OTHERS.has(end.code);
}
