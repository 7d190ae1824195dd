import { ProcError } from "../../../proc/error.ts";
import type { Pid } from "../../../proc/pid.ts";
import type { SmapsRollup } from "../../../proc/smaps_rollup.ts";
import type { ConfigIssue } from "../../config/issue.ts";
import { monotonicMs } from "../../lib/clock.ts";
import type { HistoryLine } from "../../state/history.ts";
import { stateTraits } from "../../state/states.ts";
import type { ProgramStatus } from "../../status/status.ts";
import { dependenciesOf } from "../order.ts";
import type { UnknownProgram } from "../choose.ts";
import { errorsOf } from "../configuration.ts";
import type { LogLine } from "../logs/line.ts";
import { findLogs, type LogsFound } from "../logs/logs.ts";
import { findEvents } from "./events.ts";
import { look } from "./look.ts";
import { planOf } from "../order-plan.ts";
import { openSite } from "../site.ts";

/** What one of many looks has found. */
export interface Sighting {
  /** Their `cpuPercent` is that since the look before; none where there was none. */
  readonly programs: readonly ProgramStatus[];
  readonly notes: readonly string[];
  readonly unknown: readonly UnknownProgram[];
  /** Errors in the configuration of these programs. */
  readonly issues: readonly ConfigIssue[];
  /** Who else would be stopped, or restarted, with this program. */
  readonly along: (action: "stop" | "restart", name: string) => readonly string[];
}

/** What a program wrote last, and what is to be said of its logs. */
export interface LastLogs {
  readonly programs: LogsFound["programs"];
  readonly lines: readonly LogLine[];
  readonly notes: readonly string[];
}

/** `usrsvc top`: looks at programs again and again, with the configuration as it is then. Writes nothing. */
export class ProgramWatch {
  readonly #names: readonly string[];
  readonly #config: string | undefined;
  readonly #shares = new CpuShares();
  readonly #reads = new MemoryReads();

  /** `names`: empty means all. */
  constructor(names: readonly string[], config: string | undefined) {
    this.#names = names;
    this.#config = config;
  }

  /**
   * @throws {ConfigError}
   * @throws {HomeError}
   */
  async look(): Promise<Sighting> {
    using site = openSite(this.#config);
    const { settings, host } = site;
    const smapsRollup = this.#reads.reader(async (pid) => await host.proc.smapsRollup(pid));
    const asked = { names: this.#names, withCommands: false, smapsRollup };
    const { unknown, report } = look(site, asked);
    const atMs = monotonicMs(); // before a read of memory that may hang
    const { programs, notes } = await report();
    const up = new Set(
      programs
        .filter(({ state }) => stateTraits[state].isToCome || stateTraits[state].isUp)
        .map(({ program }) => program),
    );
    const named = this.#names.length > 0 ? new Set(this.#names) : undefined;
    return {
      programs: this.#shares.since(programs, atMs),
      notes,
      unknown,
      issues: errorsOf(settings, named),
      along(action, name) {
        const facts = { isUp: (one: string) => up.has(one), stoppedFor: () => undefined };
        const steps = planOf(action, [name], dependenciesOf(settings), facts);
        return steps
          .filter((step) => step.action === action && step.name !== name)
          .map((step) => step.name);
      },
    };
  }

  /** What a program wrote last, as `usrsvc logs` finds it. */
  async logs(name: string): Promise<LastLogs> {
    using site = openSite(this.#config);
    const found = findLogs(site, {
      names: [name],
      most: MOST_LINES,
      sinceMs: undefined,
      regex: undefined,
      onlyErrors: false,
      isFollowed: false,
      onProgress() {},
    });
    const lines: LogLine[] = [];
    for await (const some of found.lines) lines.push(...some);
    const notes = [
      ...found.unknown.map(({ message }) => message),
      ...found.notes.map(({ text }) => text),
    ];
    return { programs: found.programs, lines, notes };
  }

  /** The latest of what happened to a program. */
  events(name: string): readonly HistoryLine[] {
    using site = openSite(this.#config);
    return findEvents(site, [name], { most: MOST_LINES, sinceMs: undefined }).lines;
  }
}

/** So many lines of logs and events are shown. */
const MOST_LINES = 500;

/** Processor time between two looks. */
class CpuShares {
  #before = new Map<string, Sample>();

  since(all: readonly ProgramStatus[], atMs: number): readonly ProgramStatus[] {
    const before = this.#before;
    this.#before = new Map();
    return all.map((one) => {
      const { program, pid, cpuSeconds, cpuPercent: _, ...rest } = one;
      if (pid === undefined || cpuSeconds === undefined) return one;
      this.#before.set(program, { pid, cpuSeconds, atMs });
      const last = before.get(program);
      if (last === undefined) return { ...rest, program, pid, cpuSeconds };
      // One that was born since has used all of it since.
      const used = last.pid === pid ? cpuSeconds - last.cpuSeconds : cpuSeconds;
      const cpuPercent = Math.max(0, (used * 1000 * 100) / (atMs - last.atMs));
      return { ...rest, program, pid, cpuSeconds, cpuPercent };
    });
  }
}

interface Sample {
  readonly pid: number;
  readonly cpuSeconds: number;
  readonly atMs: number;
}

/**
 * Reads of memory, which may hang with the process's memory lock: each then keeps a thread, of which there are few. What
 * has hung for a whole look is not read a second time until it is back.
 */
class MemoryReads {
  readonly #pending = new Set<Pid>();

  reader(read: (pid: Pid) => Promise<SmapsRollup>): (pid: Pid) => Promise<SmapsRollup> {
    const hung = new Set(this.#pending);
    return async (pid) => {
      if (hung.has(pid)) throw new ProcError("denied", `/proc/${pid}/smaps_rollup`, "hangs");
      this.#pending.add(pid);
      try {
        return await read(pid);
      } finally {
        this.#pending.delete(pid);
      }
    };
  }
}
