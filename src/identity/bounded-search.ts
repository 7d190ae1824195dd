import { Script } from "node:vm";
import type { MatchRule } from "../config/settings.ts";
import { monotonicMs } from "../lib/clock.ts";
import { shorten } from "../lib/format.ts";
import { textHash } from "../lib/text-hash.ts";

type Title = Pick<MatchRule & { kind: "title" }, "source" | "regex" | "ways">;

/** Longest time per second that an expression may hold the main thread, in ms: all other programs wait. */
const MOST_MS = 30;
const WINDOW_MS = 1000;
/** Time for each further text once that is spent, in ms; a search that is over by then costs next to nothing. */
const PROBE_MS = 2;
const MOST_PROBES = 10;
/** Number of tries with a text: at the first, the machine may have been busy with other work. */
const MOST_LATE = 2;
/** Number of steps that take next to no time: a command line of ordinary length. */
const FEW_STEPS = 20_000;
/** Number of steps that take a few ms. */
const MANY_STEPS = 2_000_000;
/** Number of expensive texts whose outcome is remembered. */
const KNOWN = 500;

/** Number of expressions remembered as expensive. */
const BUDGETS = 500;

/**
 * Searches command lines for an expression, within bounds: V8 tries all ways there are, and a process
 * chooses its title itself. A search that is too expensive finds nothing, and is reported.
 */
export class BoundedSearch {
  readonly #title: Title;
  /** Made when it is first needed: ordinary expressions need none. */
  #budget: Budget | undefined;
  /** Texts that were too expensive and have been reported. */
  readonly #told = new Set<string>();
  #trouble: string | undefined;
  /** Of the window that began then. */
  #lateProbes = 0;
  #windowAt = 0;

  constructor(title: Title) {
    this.#title = title;
  }

  /** True where the expression is found in `text`, as far as that can be told. */
  isIn(text: string): boolean {
    const { regex, ways } = this.#title;
    const steps = ways === undefined ? Infinity : mostSteps(ways, text.length);
    if (steps <= FEW_STEPS) return regex.test(text);
    this.#budget ??= budgetOf(regex);
    const windowAt = this.#budget.windowAt();
    if (windowAt !== this.#windowAt) this.#lateProbes = 0;
    this.#windowAt = windowAt;
    const key = `${text.length} ${textHash(text)}`;
    const found = this.#budget.find(key, text, steps, this.#lateProbes < MOST_PROBES);
    if (found === "late") this.#lateProbes += 1;
    if (found === "dear") this.#tell(key, text);
    return found === true;
  }

  /** What was too expensive since the last call, reported once; undefined: nothing. */
  takeTrouble(): string | undefined {
    const trouble = this.#trouble;
    this.#trouble = undefined;
    return trouble;
  }

  #tell(key: string, text: string): void {
    if (this.#told.has(key)) return;
    if (this.#told.size >= KNOWN) this.#told.clear();
    this.#told.add(key);
    const whose = `a command line of ${text.length} characters (${shorten(text, 60)})`;
    this.#trouble = `proctitle_re ${shorten(this.#title.source)} takes more than ${MOST_MS} ms to be looked for in ${whose}, which is taken for another's; write it without a repeat within a repeat, and with fewer of .* and .+`;
  }
}

/**
 * The time of one expression, and what came of it. Many programs may have the same, from their defaults:
 * what is too expensive for one is so for all.
 */
class Budget {
  readonly #regex: RegExp;
  readonly #known = new Map<string, boolean | "dear">();
  /** Texts that took too long in this window, when the time was spent, and how often. */
  readonly #late = new Map<string, number>();
  #windowAt = Number.NEGATIVE_INFINITY;
  #spentMs = 0;

  constructor(regex: RegExp) {
    this.#regex = regex;
  }

  /** When the window began in which we are. */
  windowAt(): number {
    const now = monotonicMs();
    if (now - this.#windowAt > WINDOW_MS) {
      this.#windowAt = now;
      this.#spentMs = 0;
      this.#late.clear();
    }
    return this.#windowAt;
  }

  /** `late`: a probe took too long; undefined: there was no time to tell. */
  find(
    key: string,
    text: string,
    steps: number,
    mayProbe: boolean,
  ): boolean | "dear" | "late" | undefined {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const leftMs = Math.floor(MOST_MS - this.#spentMs);
    const isProbe = leftMs < MOST_MS / 2;
    // What was expensive to find is known to the next look: it must not hold up everything else in this one.
    const late = this.#late.get(key) ?? 0;
    if (isProbe && (!mayProbe || late >= MOST_LATE)) return undefined;
    const found = this.#search(text, steps, isProbe ? PROBE_MS : leftMs);
    if (found === undefined && isProbe) {
      this.#late.set(key, late + 1);
      return "late";
    }
    this.#note(key, found ?? "dear");
    return found ?? "dear";
  }

  /** Undefined where it would take longer than `ms`. */
  #search(text: string, steps: number, ms: number): boolean | undefined {
    const start = cpuMs();
    try {
      return steps <= MANY_STEPS ? this.#regex.test(text) : testWithin(this.#regex, text, ms);
    } finally {
      this.#spentMs += cpuMs() - start;
    }
  }

  #note(key: string, found: boolean | "dear"): void {
    if (this.#known.size >= KNOWN) this.#known.clear();
    this.#known.set(key, found);
  }
}

const budgets = new Map<string, Budget>();

function budgetOf(regex: RegExp): Budget {
  const key = String(regex);
  const known = budgets.get(key);
  if (known !== undefined) return known;
  if (budgets.size >= BUDGETS) budgets.clear();
  const budget = new Budget(regex);
  budgets.set(key, budget);
  return budget;
}

/** How often a character is looked at, at most. */
function mostSteps({ factor, degree }: NonNullable<Title["ways"]>, length: number): number {
  const steps = factor * (length + 1) ** (degree + 1);
  return Number.isNaN(steps) ? Infinity : steps;
}

let job: (() => boolean) | undefined;
const JOB = Symbol.for("usrsvc.search");
let script: Script | undefined;

/**
 * On a busy machine the time may be over before the search has had half of it: then it is tried again, each
 * time for twice as long, since it starts from the beginning.
 */
const MOST_TRIES = 5;

function testWithin(regex: RegExp, text: string, ms: number): boolean | undefined {
  for (let tries = 0; ; tries += 1) {
    const before = cpuMs();
    const found = testOnce(regex, text, ms * 2 ** tries);
    if (found !== undefined || tries === MOST_TRIES || cpuMs() - before >= ms / 2) return found;
  }
}

/** What this process has had of the processors: what others had meanwhile is not its own doing. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** V8 breaks a search off, but only for a script with a timeout; that takes a thread, and 60 µs. */
function testOnce(regex: RegExp, text: string, ms: number): boolean | undefined {
  if (script === undefined) {
    Object.defineProperty(globalThis, JOB, { value: () => job?.() });
    script = new Script("globalThis[Symbol.for('usrsvc.search')]()");
  }
  job = () => regex.test(text);
  try {
    return script.runInThisContext({ timeout: ms }) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  } finally {
    job = undefined;
  }
}
