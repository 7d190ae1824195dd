import { realpathSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { callAt, monotonicMs, within } from "../clock.ts";
import { formatDuration } from "../format.ts";
import type { OnViolation } from "./violation.ts";

/** `stat` on a dead network file system may hang: given up after, in ms. */
const STAT_DEADLINE_MS = 3000;
/** After a stat that hung, or while a watch cannot be had, it is tried again after, in ms. */
const RETRY_MS = 30_000;
/** A deleted file may be about to be replaced (editors, logrotate): looked at after, in ms. */
const DELETED_GRACE_MS = 1000;

/** What this monitor asks of the file system; tests replace it. */
export interface ActivityPorts {
  /** Wall-clock time of the last change, in ms; undefined: there is no such file. */
  modified(path: string): Promise<number | "folder" | undefined>;
  /** Calls `onChange` when something happens to the file, until the returned function is called. */
  subscribe(path: string, onChange: (what: "touched" | "deleted") => void): Promise<() => void>;
}

/** One activity file. */
export interface ActivityOptions {
  readonly path: string;
  readonly limitMs: number;
  /** Monotonic, in ms: no check before. */
  readonly notBefore: number;
  readonly onViolation: OnViolation;
  /** Told once when the file can only be looked at when its time is up. */
  readonly onDegraded: (reason: string) => void;
  readonly ports: ActivityPorts;
}

/**
 * Watches that a program keeps touching a file. An inotify event moves the deadline; when it has
 * come, one stat decides. So a lost event (queue overflow, network file system, mmap, no watch to
 * be had) never harms a healthy program.
 */
export class ActivityMonitor implements Disposable {
  readonly #options: ActivityOptions;
  #deadline: number;
  /** Time of change when we last looked, by the file's clock: only its difference means anything. */
  #seen: number | undefined;
  #cancelTimer: () => void = () => {};
  #unsubscribe: (() => void) | undefined;
  #subscribing = false;
  #subscribeAgainAt = 0;
  #toldDegraded = false;
  #isOver = false;
  #isLooking = false;

  constructor(options: ActivityOptions) {
    this.#options = options;
    this.#deadline = Math.max(options.notBefore, monotonicMs() + options.limitMs);
    void this.#begin();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#cancelTimer();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  async #begin(): Promise<void> {
    this.#subscribe();
    const modified = await this.#modified();
    if (this.#isOver) return;
    if (typeof modified === "number") {
      this.#seen = modified;
      // A file that was already old when we came is not given the whole limit once more.
      const age = Math.max(0, Date.now() - modified);
      const rest = Math.max(0, this.#options.limitMs - age);
      this.#deadline = Math.max(this.#options.notBefore, monotonicMs() + rest);
    } else if (modified === undefined) {
      this.#deadline = Math.max(this.#options.notBefore, monotonicMs());
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#isOver) return;
    this.#cancelTimer();
    this.#cancelTimer = callAt(this.#deadline, () => void this.#decide());
  }

  /** A touch only notes the time: the timer that is set finds the deadline moved. */
  #onChange(what: "touched" | "deleted"): void {
    if (what === "deleted") {
      const soon = monotonicMs() + DELETED_GRACE_MS;
      this.#deadline = Math.max(this.#options.notBefore, Math.min(this.#deadline, soon));
      this.#arm();
      return;
    }
    this.#deadline = Math.max(this.#options.notBefore, monotonicMs() + this.#options.limitMs);
  }

  async #decide(): Promise<void> {
    if (this.#isOver || this.#isLooking) return;
    if (this.#deadline - monotonicMs() > 1) {
      this.#arm(); // something happened to the file meanwhile
      return;
    }
    this.#isLooking = true;
    const modified = await this.#modified();
    this.#isLooking = false;
    if (this.#isOver) return;
    this.#subscribe();
    const { limitMs, path } = this.#options;
    if (modified instanceof Error) {
      this.#degrade(`${path} cannot be looked at: ${modified.message}`);
      this.#deadline = monotonicMs() + RETRY_MS;
      this.#arm();
    } else if (modified === undefined || modified === "folder") {
      const what = modified === "folder" ? "is a folder" : "does not exist";
      this.#violate(undefined, `activity file ${path} ${what}`);
    } else {
      this.#judge(modified, limitMs);
    }
  }

  #judge(modified: number, limitMs: number): void {
    const age = Math.max(0, Date.now() - modified);
    const isChanged = modified !== this.#seen;
    this.#seen = modified;
    if (age < limitMs) {
      this.#deadline = monotonicMs() + (limitMs - age);
    } else if (isChanged) {
      // The clock jumped, or the file's clock is another: the change itself is sure.
      this.#deadline = monotonicMs() + limitMs;
    } else {
      const { path } = this.#options;
      const limit = formatDuration(limitMs);
      this.#violate(
        age,
        `activity file ${path} was not touched for ${formatDuration(age)} (activityfile_limit ${limit})`,
      );
      return;
    }
    this.#arm();
  }

  #violate(measured: number | undefined, reason: string): void {
    const { limitMs, onViolation } = this.#options;
    this[Symbol.dispose]();
    onViolation({ monitor: "activityfile", measured, limit: limitMs, reason });
  }

  async #modified(): Promise<number | "folder" | Error | undefined> {
    const reading = this.#options.ports.modified(this.#options.path).then(
      (value) => ({ value }),
      (error: unknown) => ({ value: error instanceof Error ? error : new Error(String(error)) }),
    );
    const found = await within(reading, STAT_DEADLINE_MS);
    if (found !== undefined) return found.value;
    return new Error("it hangs; is it on a network file system that is away?");
  }

  /** Begins to listen, unless we do. What cannot be had now (no such folder) is tried again later. */
  #subscribe(): void {
    if (this.#unsubscribe !== undefined || this.#subscribing) return;
    if (monotonicMs() < this.#subscribeAgainAt) return;
    this.#subscribing = true;
    this.#subscribeAgainAt = monotonicMs() + RETRY_MS;
    const { ports, path } = this.#options;
    ports
      .subscribe(path, (what) => this.#onChange(what))
      .then(
        (unsubscribe) => {
          if (this.#isOver) unsubscribe();
          else this.#unsubscribe = unsubscribe;
        },
        (error: unknown) => {
          this.#degrade(error instanceof Error ? error.message : String(error));
        },
      )
      .finally(() => {
        this.#subscribing = false;
      })
      .catch(() => {});
  }

  #degrade(reason: string): void {
    if (this.#toldDegraded || this.#isOver) return;
    this.#toldDegraded = true;
    this.#options.onDegraded(reason);
  }
}

/** The file system of this machine; one inotify watch a file, on the folder around it. */
export const fileActivity: ActivityPorts = {
  async modified(path) {
    try {
      const found = await stat(path);
      return found.isDirectory() ? "folder" : found.mtimeMs;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
      throw error;
    }
  },
  async subscribe(path, onChange) {
    const real = resolveLinks(path);
    const watcher = await import("@parcel/watcher");
    // The watcher takes folders and all below: everything but the one name is ignored.
    const subscription = await watcher.subscribe(
      dirname(real),
      (error, events) => {
        if (error !== null) return; // then the stat at the deadline is all there is
        onChange(events.every(({ type }) => type === "delete") ? "deleted" : "touched");
      },
      { ignore: [allBut(basename(real))] },
    );
    return () => void subscription.unsubscribe().catch(() => {});
  },
};

/** A link is watched where it leads to: writing to a file tells nothing to the folder of the link. */
function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there yet
  }
}

/** Matches each path below a folder but that of one name. */
export function allBut(name: string): RegExp {
  return new RegExp(`^(?!${name.replace(/[$()*+.?[\\\]^{|}/-]/g, "\\$&")}$)`);
}
