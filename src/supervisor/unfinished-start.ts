import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import type { Found } from "../identity/found.ts";
import { isLaunchAlive } from "../identity/offspring.ts";
import { endLeftOvers } from "../lifecycle/end-launch.ts";
import { ResumedWait } from "../lifecycle/resumed-wait.ts";
import type { StartFailure } from "../lifecycle/start-outcome.ts";
import type { ProgramRecord } from "../state/record.ts";
import { windowLeftMs } from "../state/start-window.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent } from "./program-state.ts";

/** A start that somebody else began is looked at so often, in ms. */
const UNFINISHED_LOOK_MS = 250;

/**
 * What has become of it: it is to be judged again in so many ms; it is over, and so many processes of it were ended;
 * or it failed, because it was not ready in time. A `note` is for the log.
 */
export type Judgement =
  | { readonly pendingMs: number }
  | { readonly ended: number; readonly note?: string }
  | { readonly unready: StartFailure };

/** A start of a program that somebody else began, and did not live to judge. */
export class UnfinishedStart {
  readonly #host: Host;
  readonly #mailbox: Mailbox<ProgramEvent>;
  /** Its process is there, and is not ready yet. */
  #wait: ResumedWait | undefined;

  constructor(host: Host, mailbox: Mailbox<ProgramEvent>) {
    this.#host = host;
    this.#mailbox = mailbox;
  }

  /** Whoever began it was killed in the start window, and what was launched may not match yet, or not be ready. */
  async judge(
    settings: ProgramSettings,
    record: ProgramRecord | undefined,
    found: Found,
  ): Promise<Judgement> {
    const host = this.#host;
    const isBegun = found.kind === "running" && record?.state === "starting";
    if (isBegun && settings.ready !== undefined) {
      const judged = await this.#judgeReady(settings, record, found.process);
      if (judged !== undefined) return judged;
    } else {
      this.#endWait();
    }
    if (found.kind === "running" || record?.state !== "starting") return { ended: 0 };
    const { launched } = record;
    if (launched === undefined || !isLaunchAlive({ ...record, launched }, host))
      return { ended: 0 };
    const left = windowLeftMs(record, host.proc.uptime());
    if (left > 0) return { pendingMs: Math.min(left, UNFINISHED_LOOK_MS) };
    return { ended: await endLeftOvers(record, settings, host, this.#mailbox.signal) };
  }

  /** One that is the program already, but not ready; undefined: nothing is to be waited for. */
  async #judgeReady(
    settings: ProgramSettings,
    record: ProgramRecord,
    process: ProcessRef,
  ): Promise<Judgement | undefined> {
    const { signal } = this.#mailbox;
    if (this.#wait !== undefined && !sameProcess(this.#wait.launched, record.launched)) {
      this.#endWait();
    }
    if (record.desired === "down") this.#endWait();
    else this.#wait ??= ResumedWait.of(settings, record, this.#host, signal, () => {});
    const wait = this.#wait;
    if (wait === undefined) return undefined;
    const { leftMs, isReady } = wait;
    if (!isReady && leftMs > 0) return { pendingMs: Math.min(leftMs, UNFINISHED_LOOK_MS) };
    this.#endWait();
    if (isReady) return undefined;
    if (wait.unheard !== undefined) return { ended: 0, note: wait.unheard };
    return { unready: await wait.fail(process, signal) };
  }

  #endWait(): void {
    this.#wait?.[Symbol.dispose]();
    this.#wait = undefined;
  }
}
