import type { Exit } from "../../proc/exit.ts";
import { type Pid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { isGroup } from "../../proc/system/polling.ts";
import { monotonicMs } from "../lib/clock.ts";
import { findHeir, findHeirOfUnseen, type Heir } from "../identity/heir.ts";
import type { Host } from "../host/host.ts";
import type { ProgramRecord } from "../state/record.ts";
import type { StopSettings } from "../config/settings.ts";
import { stop } from "../lifecycle/stop.ts";
import type { Target } from "../lifecycle/stop-plan.ts";
import { imageSeen } from "../state/record-facts.ts";
import type { Program } from "../identity/program.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent } from "./program-state.ts";

/**
 * What an earlier process of a program leaves behind: a wrapper, which would be doubled by the next
 * start; or workers, which hold its port and look like the program.
 */
export class Leftovers {
  readonly #host: Host;
  readonly #mailbox: Pick<Mailbox<ProgramEvent>, "signal">;
  /** Whose groups they were: the program's itself, and of what was launched to become it. */
  #left: Target | undefined;
  #launch: string | undefined;
  /** When their end was noted, on our clock. */
  #since = Number.NEGATIVE_INFINITY;
  constructor(host: Host, mailbox: Pick<Mailbox<ProgramEvent>, "signal">) {
    this.#host = host;
    this.#mailbox = mailbox;
  }

  /** How long ago the last death was noted, in ms; infinite before the first one. */
  get ageMs(): number {
    return monotonicMs() - this.#since;
  }

  /** The launch of what died last; undefined: it was none of ours. */
  get launch(): string | undefined {
    return this.#launch;
  }

  /** This process of the program has died. */
  note(process: ProcessRef, record: ProgramRecord | undefined): void {
    this.#since = monotonicMs();
    // The record may be that of a process which somebody else has started meanwhile.
    const known = sameProcess(record?.process, process) ? record : undefined;
    this.#left = {
      process,
      launched: known?.launched,
      session: known?.session,
      record: known,
    };
    this.#launch = known?.launch;
  }

  /** Ends what is left in its sessions. Yields how many processes that were. */
  async end(settings: StopSettings): Promise<number> {
    const left = this.#left;
    this.#left = undefined;
    if (left === undefined) return 0;
    const { launched = left.process, session, record } = left;
    const { signal } = this.#mailbox;
    const target = { process: undefined, launched, session, record };
    const outcome = await stop(target, settings, this.#host, { signal, since: this.#since });
    return outcome.kind === "stuck" ? 0 : outcome.leftBehind;
  }

  /**
   * What took the place of a process that has ended: an upgrade of gunicorn or nginx, a daemon whose
   * first process has left. Mostly nothing is left, which one system call tells.
   */
  async heir(
    program: Program,
    record: ProgramRecord,
    { exe, exit }: Dead,
  ): Promise<Heir | undefined> {
    // Whose first process left with 0 went to the background: its copy is the daemon, in any session.
    const hasLeft = exit?.kind === "code" && exit.code === 0;
    // The work of a shell line, or of setsid, may have a session of its own.
    const mayBeReplaced = program.settings?.autopid === false;
    if (!hasLeft && !mayBeReplaced && !program.pattern.isShell && !hasGroup(record))
      return undefined;
    const known = hasLeft ? imageSeen(record, undefined) : record;
    return await findHeir(
      program,
      known,
      exe === undefined ? [] : [exe],
      this.#host,
      this.#mailbox.signal,
    );
  }

  /** The same for a process whose end nobody has seen. */
  async heirOfUnseen(
    program: Program,
    record: ProgramRecord | undefined,
  ): Promise<Heir | undefined> {
    return await findHeirOfUnseen(program, record, this.#host, this.#mailbox.signal);
  }
}

/** What is known of a process that has ended. */
export interface Dead {
  readonly exe: string | undefined;
  readonly exit: Exit | undefined;
}

function hasGroup({ process, launched, session }: Target): boolean {
  return [process?.pid, launched?.pid, session].some(
    (pid) => pid !== undefined && isGroup(pid as Pid),
  );
}
