import type { Exit } from "../../proc/exit.ts";
import { type Pid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { isGroup } from "../../proc/polling.ts";
import { statIfAny } from "../../proc/reader.ts";
import { monotonicMs, sleep } from "../clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "../program/host.ts";
import { type Found, topMatches } from "../program/identify.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { ProgramRecord } from "../program/record.ts";
import { isLaunchAlive, offspring } from "../program/lineage.ts";
import { endLeftOvers, stop, type Target } from "../program/stop.ts";
import { lookFor, type Subject } from "../program/subject.ts";

/** A start that somebody else began is looked at so often, in ms. */
const UNFINISHED_LOOK_MS = 250;

/** A successor lives for so long at least, in ms: a worker that its master's death ends is none. */
const HEIR_LIVES_MS = 250;
/** One that was executed just now gets so long for its title, or for its pidfile. */
const HEIR_PATIENCE_MS = 2000;
const HEIR_LOOK_MS = 50;

/**
 * What an earlier process of a program leaves behind: a wrapper, which would be doubled by the next
 * start; workers, which hold its port and look like the program; or a start that was broken off.
 */
export class Remains {
  readonly #host: Host;
  readonly #signal: () => AbortSignal;
  /** Whose groups they were: the program's itself, and of what was launched to become it. */
  #left: Target | undefined;
  #isNoted = false;
  /** When their end was noted, on our clock. */
  #since = Number.NEGATIVE_INFINITY;

  constructor(host: Host, signal: () => AbortSignal) {
    this.#host = host;
    this.#signal = signal;
  }

  /** True between a death and the start that answers it. */
  get isNoted(): boolean {
    return this.#isNoted;
  }

  /** A start answers the death. */
  answered(): void {
    this.#isNoted = false;
  }

  /** How long ago the last death was noted, in ms; infinite before the first one. */
  get ageMs(): number {
    return monotonicMs() - this.#since;
  }

  /** This process of the program has died. */
  note(process: ProcessRef, record: ProgramRecord | undefined): void {
    this.#since = monotonicMs();
    this.#isNoted = true;
    // The record may be that of a process which somebody else has started meanwhile.
    const known = sameProcess(record?.process, process) ? record : undefined;
    this.#left = { process, launched: known?.launched, session: known?.session };
  }

  /** Ends what is left in its sessions. Yields how many processes that were. */
  async end(termToKillMs: number): Promise<number> {
    const left = this.#left;
    this.#left = undefined;
    if (left === undefined) return 0;
    const { launched = left.process, session } = left;
    const signal = this.#signal();
    const target = { process: undefined, launched, session };
    const outcome = await stop(target, termToKillMs, this.#host, { signal, since: this.#since });
    return outcome.kind === "stuck" ? 0 : outcome.leftBehind;
  }

  /**
   * What took the place of a process that has ended: an upgrade of gunicorn or nginx, a daemon whose
   * first process has left. Mostly nothing is left, which one system call tells.
   */
  async heir(
    subject: Subject,
    record: ProgramRecord,
    { exe, exit, title }: Dead,
  ): Promise<(Found & { kind: "running" }) | undefined> {
    // Whose first process left with 0 went to the background: its copy is the daemon, in any session.
    const hasLeft = exit?.kind === "code" && exit.code === 0;
    // The work of a shell line, or of setsid, may have a session of its own.
    if (!hasLeft && !subject.pattern.isShell && !hasGroup(record)) return undefined;
    const known = hasLeft ? { ...record, image: undefined } : record;
    const end = monotonicMs() + HEIR_PATIENCE_MS;
    for (;;) {
      // Titles are set within the first seconds: the last ones that were seen do not count.
      const found = lookFor(subject, known, this.#host, { thorough: true });
      if (found.kind === "running") return await this.#ifItLasts(found);
      const namesake = this.#namesake(known, title);
      if (namesake !== undefined) return await this.#ifItLasts(namesake);
      if (monotonicMs() >= end || !this.#mayComeYet(known, exe)) return undefined;
      await sleep(HEIR_LOOK_MS, this.#signal());
    }
  }

  async #ifItLasts(
    found: Found & { kind: "running" },
  ): Promise<(Found & { kind: "running" }) | undefined> {
    const { proc } = this.#host;
    const lives = (): boolean => sameProcess(proc.alive(found.process.pid), found.process);
    const end = monotonicMs() + HEIR_LIVES_MS;
    while (monotonicMs() < end) {
      if (!lives()) return undefined;
      await sleep(HEIR_LOOK_MS, this.#signal());
    }
    return found;
  }

  /** Of a program that gave itself a title: what has the same one, and was executed anew. */
  #namesake(
    { launch, launched, process, image, session }: ProgramRecord,
    title: string | undefined,
  ): (Found & { kind: "running" }) | undefined {
    const leader = launched ?? process;
    if (title === undefined || leader === undefined) return undefined;
    const { proc, table } = this.#host;
    const all = table.sweep({ thorough: true });
    const same = offspring({ launch, launched: leader, session }, all, this.#host).filter(
      ({ ref, argv }) => argv.join("\0") === title && statIfAny(proc, ref.pid)?.image !== image,
    );
    const [heir, ...others] = topMatches(same, all);
    if (heir === undefined || others.length > 0) return undefined;
    const pidfile = { kind: "none" } as const;
    return {
      kind: "running",
      process: heir.ref,
      main: undefined,
      via: "scan",
      pidfile,
      others: [],
    };
  }

  /** Something left runs the same executable, and was executed anew. */
  #mayComeYet(
    { launch, launched, process, image, session }: ProgramRecord,
    exe: string | undefined,
  ): boolean {
    const leader = launched ?? process;
    if (leader === undefined || exe === undefined) return false;
    const { proc, table } = this.#host;
    return offspring({ launch, launched: leader, session }, table.sweep()).some(({ ref }) => {
      if (statIfAny(proc, ref.pid)?.image === image) return false;
      try {
        return proc.exe(ref.pid) === exe;
      } catch {
        return false; // gone, or hidden
      }
    });
  }

  /**
   * Somebody was killed in the start window of the program, and what he launched did not match
   * yet: it goes on being judged. Yields for how long, in ms; after that, it is ended.
   */
  async judgeUnfinished(
    { successMs, termToKillMs }: Pick<ProgramSettings, "successMs" | "termToKillMs">,
    record: ProgramRecord | undefined,
    found: Found,
  ): Promise<number> {
    const host = this.#host;
    if (found.kind === "running" || record?.phase !== "starting") return 0;
    const { launched } = record;
    if (launched === undefined || !isLaunchAlive({ ...record, launched }, host)) return 0;
    const left = successMs - ageMs(launched.startTime, host.proc.uptime());
    if (left > 0) return Math.min(left, UNFINISHED_LOOK_MS);
    await endLeftOvers(record, termToKillMs, host, this.#signal());
    return 0;
  }
}

/** What is known of a process that has ended. */
export interface Dead {
  readonly exe: string | undefined;
  readonly exit: Exit | undefined;
  /** Its command line, joined by NUL, where that was not what was executed. */
  readonly title: string | undefined;
}

function hasGroup({ process, launched, session }: Target): boolean {
  return [process?.pid, launched?.pid, session].some(
    (pid) => pid !== undefined && isGroup(pid as Pid),
  );
}
