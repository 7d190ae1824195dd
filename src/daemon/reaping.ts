import { type Libc, libc, libcFailure } from "../../proc/system/libc.ts";
import { tellsEnds } from "../../proc/system/pidfd.ts";
import { Reaper } from "../../proc/system/reaper.ts";
import type { MainSettings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";

/** What usrsvcd says of it. */
export interface ReapingListener {
  /** From now on it reaps, and why. */
  began(reason: string): void;
  degraded(reason: string): void;
}

/**
 * Usrsvcd as a parent of what it did not start. As PID 1 it gets all that loses its parent; as a child
 * subreaper, which it is where the kernel tells only a parent how a process ended, what is below
 * it. All of these it reaps. When it ends, the kernel hands them to init.
 */
export class Reaping implements Disposable {
  readonly #host: Pick<Host, "watcher" | "spawner">;
  readonly #listener: ReapingListener;
  #reaper: Reaper | undefined;
  #isSubreaper: boolean | undefined;

  constructor(host: Pick<Host, "watcher" | "spawner">, listener: ReapingListener) {
    this.#host = host;
    this.#listener = listener;
  }

  /** Begins, or follows a setting that has changed. */
  follow({ subreaper }: Pick<MainSettings, "subreaper">): void {
    const c = libc();
    const isInit = process.pid === 1;
    if (c === undefined) {
      if (isInit || subreaper === true) this.#tellNoLibc(isInit);
      this.#isSubreaper = false;
      return;
    }
    // What executed us may have had children of its own, which are ours by now.
    const hasChildren = this.#isSubreaper === undefined && c.peekDead() >= 0;
    if (!isInit) this.#become(c, subreaper);
    else if (this.#reaper === undefined) this.#begin(c, "usrsvcd is PID 1");
    if (this.#reaper === undefined && hasChildren) {
      this.#begin(c, "there were children when usrsvcd was executed");
    }
  }

  [Symbol.dispose](): void {
    this.#reaper?.[Symbol.dispose]();
  }

  #tellNoLibc(isInit: boolean): void {
    if (this.#isSubreaper !== undefined) return; // once
    const what = isInit
      ? "usrsvcd is PID 1, but cannot reap what loses its parent; use an init (docker run --init)"
      : "subreaper = yes, but what loses its parent cannot be adopted";
    this.#listener.degraded(`${what}: ${libcFailure()}`);
  }

  /** Set in any case: who executed us may have been one. */
  #become(c: Libc, wanted: boolean | undefined): void {
    const isWanted = wanted ?? !tellsEnds(c);
    if (isWanted === this.#isSubreaper) return;
    this.#isSubreaper = isWanted;
    if (c.setSubreaper(isWanted) !== 0) {
      const why = `prctl(PR_SET_CHILD_SUBREAPER): errno ${c.errno()}`;
      if (isWanted) this.#listener.degraded(`what loses its parent is not adopted: ${why}`);
      return;
    }
    if (!isWanted) return; // what it has by now it goes on reaping
    const why =
      wanted === undefined
        ? "this kernel (before Linux 6.15) tells only a parent how a process ended"
        : "subreaper = yes";
    this.#begin(c, why);
  }

  #begin(c: Libc, reason: string): void {
    if (this.#reaper === undefined) {
      this.#reaper = new Reaper(c, this.#host.watcher(), this.#host.spawner());
      this.#reaper.look();
    }
    this.#listener.began(reason);
  }
}
