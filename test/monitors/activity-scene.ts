import type { TestContext } from "node:test";
import {
  type ActivityListener,
  ActivityMonitor,
  type ActivityOptions,
  type FolderSight,
} from "../../src/monitors/activity.ts";
import { TimeoutPool } from "../../src/lib/timeout-pool.ts";
import type { Violation } from "../../src/monitors/violation.ts";
import { cleanUp } from "../support/clean-up.ts";
import { FakeTime } from "./fake-time.ts";

export const LIMIT = 120_000;

/** A file system, a clock and a monitor. */
export class Scene {
  readonly time: FakeTime;
  readonly violations: Violation[] = [];
  readonly degraded: string[] = [];
  readonly listeners: ActivityListener[] = [];
  looks = 0;
  thoroughLooks = 0;
  unsubscribed = 0;
  /** What a look yields; a function may throw or hang. */
  file: number | FolderSight | undefined | (() => Promise<number | FolderSight | undefined>);
  /** What a subscription meets. */
  refusal: Error | undefined;
  readonly #t: TestContext;

  constructor(t: TestContext) {
    this.#t = t;
    this.time = new FakeTime(t);
    this.file = this.time.wall;
  }

  get told(): number {
    return this.violations.length;
  }

  monitor(options: Partial<ActivityOptions> = {}): ActivityMonitor {
    const monitor = new ActivityMonitor({
      path: "/fake/file",
      limitMs: LIMIT,
      notBefore: this.time.now,
      onViolation: (violation) => this.violations.push(violation),
      onDegraded: (reason) => this.degraded.push(reason),
      patience: new TimeoutPool(),
      ports: {
        modified: async (_path, isThorough) => {
          this.looks += 1;
          if (isThorough) this.thoroughLooks += 1;
          const sight = typeof this.file === "function" ? await this.file() : this.file;
          if (typeof sight !== "object" || isThorough) return sight;
          return { newest: undefined, isPartial: false };
        },
        subscribe: async (_path, listener) => {
          if (this.refusal !== undefined) throw this.refusal;
          this.listeners.push(listener);
          return await Promise.resolve(() => {
            this.unsubscribed += 1;
          });
        },
      },
      ...options,
    });
    cleanUp(this.#t, () => monitor[Symbol.dispose]());
    return monitor;
  }

  /** The program touches the file; `isHeard`: inotify tells so. */
  touch(isHeard = true): void {
    this.file = this.time.wall;
    if (isHeard) this.listeners.at(-1)?.touched();
  }
}
