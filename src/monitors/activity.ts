import { callAt, monotonicMs } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import { Hangs, TimeoutPool } from "../lib/timeout-pool.ts";
import type { OnViolation } from "./violation.ts";

/** Pause before a watch that failed, or a file that could not be checked, is tried again, in ms. */
const RETRY_MS = 30_000;
/** Pause before a missing file is checked again, in ms: it may be about to be replaced (editors, logrotate). */
const MISSING_GRACE_MS = 1000;

/** What is reported about a watched file. */
export interface ActivityListener {
  touched(): void;
  deleted(): void;
  /** Nothing more will be reported. */
  failed(reason: string): void;
}

/** What a look at a folder shows. */
export interface FolderSight {
  /** As for a file, of the folder or an entry in it; undefined: the entries were not checked. */
  readonly newest: number | undefined;
  /** True if there are too many entries to check. */
  readonly isPartial: boolean;
}

/** What this monitor needs of the file system; tests replace it. */
export interface ActivityPorts {
  /**
   * Wall-clock time of the last change, in ms; undefined: there is no such file. It may be a folder,
   * whose entries are only looked at where `isThorough`.
   */
  modified(path: string, isThorough: boolean): Promise<number | FolderSight | undefined>;
  /** Listens to the file until the returned function is called. */
  subscribe(path: string, listener: ActivityListener): Promise<() => void>;
}

/** One activity file, or folder. */
export interface ActivityOptions {
  readonly path: string;
  readonly limitMs: number;
  /** Monotonic, in ms: no violation before. */
  readonly notBefore: number;
  /**
   * When the process began, monotonic, in ms: it is not to blame for an older file, so that a
   * program that was restarted for an old file is not restarted for it again.
   */
  readonly startedAt?: number;
  readonly onViolation: OnViolation;
  /** Called once when the file can only be checked when its time is up. */
  readonly onDegraded: (reason: string) => void;
  readonly ports: ActivityPorts;
  /** For a test that wants its own. */
  readonly patience?: TimeoutPool;
}

/** Limits checks for all programs together: they may hang on dead network file systems. */
const sharedTimeouts = new TimeoutPool();

/**
 * Watches that a program keeps touching a file. An inotify event moves the deadline; when that has
 * come, one stat decides. So a lost event (queue overflow, network file system, mmap, no watch
 * available) never harms a healthy program.
 *
 * A folder is touched when an entry is created, removed or written. At the deadline its entries are also
 * checked, unless there are too many: then only a silence that was observed counts.
 *
 * After an event nobody listens until the next check: one event is enough until then, and listening
 * to a file that is written 10,000 times a second took a fifth of a core.
 *
 * Times of files come from a clock that may jump, or be another machine's. They only show how old
 * the file was when it was first seen, and later whether it has changed.
 */
export class ActivityMonitor implements Disposable {
  readonly #options: ActivityOptions;
  /** Monotonic, as `#lookedAt` and `#missingSince`. */
  #touchedAt: number;
  #modified: number | undefined;
  #lookedAt: number | undefined;
  #missingSince: number | undefined;
  #cancelTimer: () => void = () => {};
  #unsubscribe: (() => void) | undefined;
  /** Since when all events are received, monotonic. */
  #listensSince: number | undefined;
  #isSubscribing = false;
  #subscribeAgainAt = 0;
  #toldDegraded = false;
  #isOver = false;
  #isLooking = false;

  constructor(options: ActivityOptions) {
    this.#options = options;
    this.#touchedAt = options.startedAt ?? Number.NEGATIVE_INFINITY;
    void this.#look();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#cancelTimer();
    this.#endListening();
  }

  #lookAt(at: number): void {
    if (this.#isOver) return;
    this.#cancelTimer();
    this.#cancelTimer = callAt(at, () => void this.#look());
  }

  /** A check that hangs is the only one until it returns: checks do not pile up. */
  async #look(): Promise<void> {
    if (this.#isOver || this.#isLooking) return;
    this.#isLooking = true;
    const { path, ports, patience = sharedTimeouts } = this.#options;
    let isLate = false;
    try {
      const modified = await patience.run(
        async () => await ports.modified(path, this.#needsThoroughLook()),
        () => {
          this.#isLooking = false;
          if (isLate) void this.#look();
        },
      );
      if (!this.#isOver) this.#judge(modified);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#degrade(`${path} cannot be checked: ${reason}`);
      if (error instanceof Hangs) isLate = true;
      else this.#lookAt(monotonicMs() + RETRY_MS);
    }
  }

  /** Unless an event has shown that a folder is active; later checks are compared with the first one. */
  #needsThoroughLook(): boolean {
    return this.#lookedAt === undefined || monotonicMs() >= this.#due();
  }

  #due(): number {
    const { notBefore, limitMs } = this.#options;
    return Math.max(notBefore, this.#touchedAt + limitMs);
  }

  #judge(sight: number | FolderSight | undefined): void {
    const { path, limitMs, notBefore } = this.#options;
    const now = monotonicMs();
    if (sight === undefined) {
      this.#missingSince ??= now;
      const due = Math.max(notBefore, this.#missingSince + MISSING_GRACE_MS);
      if (now < due) return this.#lookAt(due);
      return this.#violate(undefined, `activity file ${path} does not exist`);
    }
    this.#missingSince = undefined;
    const isFolder = typeof sight !== "number";
    const modified = isFolder ? sight.newest : sight;
    const isNews = modified !== undefined && this.#note(modified, now);
    if (isFolder && isNews) this.#endListening(); // no event came: another folder is there by now
    if (isFolder && sight.isPartial) {
      this.#touchedAt = Math.max(this.#touchedAt, this.#listensSince ?? now);
    }
    const due = this.#due();
    if (now < due) {
      this.#listen();
      return this.#lookAt(due);
    }
    if (modified === undefined) return this.#lookAt(now); // the time is up by now: check thoroughly
    const age = now - this.#touchedAt;
    const what = isFolder
      ? `nothing was created, removed or written in activity folder ${path}`
      : `activity file ${path} has not been touched`;
    const limit = `activityfile_limit ${formatDuration(limitMs)}`;
    this.#violate(Math.round(age), `${what} for ${formatDuration(age)} (${limit})`);
  }

  /** A change that claims to be older than the last look shows that the clocks differ: it is new. */
  #note(modified: number, now: number): boolean {
    const isNews = modified !== this.#modified;
    if (isNews) {
      const age = Math.max(0, Date.now() - modified);
      const sinceLook = now - (this.#lookedAt ?? Number.NEGATIVE_INFINITY);
      this.#touchedAt = Math.max(this.#touchedAt, age > sinceLook ? now : now - age);
    }
    this.#modified = modified;
    this.#lookedAt = now;
    return isNews;
  }

  #violate(measured: number | undefined, reason: string): void {
    const { limitMs, onViolation } = this.#options;
    this[Symbol.dispose]();
    onViolation({ monitor: "activityfile", measured, limit: limitMs, reason });
  }

  /** Begins to listen, unless we already do. What is not available now is tried again later. */
  #listen(): void {
    if (this.#unsubscribe !== undefined || this.#isSubscribing) return;
    if (monotonicMs() < this.#subscribeAgainAt) return;
    this.#isSubscribing = true;
    // Something may already be reported between the call and its outcome.
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.#endListening();
    };
    const { ports, path } = this.#options;
    const fail = (reason: string): void => {
      end();
      this.#subscribeAgainAt = monotonicMs() + RETRY_MS;
      this.#degrade(reason);
    };
    const listener: ActivityListener = {
      touched: () => {
        if (this.#isOver || isOver) return;
        end();
        this.#touchedAt = monotonicMs();
      },
      deleted: () => {
        if (this.#isOver || isOver) return;
        end();
        void this.#look();
      },
      failed: fail,
    };
    ports.subscribe(path, listener).then(
      (unsubscribe) => {
        this.#isSubscribing = false;
        if (this.#isOver || isOver) return unsubscribe();
        this.#unsubscribe = unsubscribe;
        this.#listensSince = monotonicMs();
      },
      (error: unknown) => {
        this.#isSubscribing = false;
        fail(error instanceof Error ? error.message : String(error));
      },
    );
  }

  #endListening(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#listensSince = undefined;
  }

  #degrade(reason: string): void {
    if (this.#toldDegraded || this.#isOver) return;
    this.#toldDegraded = true;
    this.#options.onDegraded(reason);
  }
}
