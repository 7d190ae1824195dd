import type { Attributes } from "./attributes.ts";
import type { Pid } from "../pid.ts";
import type { ProcessHandle } from "./process-handle.ts";

/** What a child of ours is executed with. */
export interface SpawnOrder {
  /** Path of the executable; a relative one counts from `directory`. */
  readonly file: string;
  readonly argv: readonly [string, ...string[]];
  /** All of its environment, as `NAME=value`. */
  readonly env: readonly string[];
  /** Working directory; undefined: ours. */
  readonly directory: string | undefined;
  /** Descriptors of ours that become 1 and 2. */
  readonly stdout: number;
  readonly stderr: number;
  /** Soft limit of open files; undefined: ours. */
  readonly openFiles: number | undefined;
  /**
   * What is set on the process before it goes on: `file` is a shell then, which waits for a line on
   * descriptor HELD_FD, and ends where there comes none.
   */
  readonly held?: Attributes | undefined;
}

/** Where what is held waits for a line. */
export const HELD_FD = 3;

/**
 * Creates clean children: each leads a session of its own, no signal is blocked or ignored,
 * descriptor 0 is /dev/null, and there are none but 0, 1 and 2.
 *
 * A child is ours while we live, and reaped when it ends; if we end first, init gets it.
 */
export interface Spawner {
  /**
   * Resolves when the file has been executed. Its arguments and environment show in /proc some µs later
   * (the kernel resumes us as soon as the child has left our memory).
   *
   * @throws an error with a `code` (ENOENT, EACCES …) when no process can be created, when the folder
   * cannot be entered or when the file cannot be executed; ETIMEDOUT when that hangs, with a promise
   * `over` if it still hangs and may yet use the descriptors: it resolves when it no longer does
   */
  spawn(order: SpawnOrder): Promise<ProcessHandle>;
  /** True if `directory` can be asked for. */
  readonly entersFolders: boolean;
  /**
   * A call in progress that may have created this child of ours, which is then still unknown:
   * resolves when it is over. Undefined if there is none.
   */
  underway(pid: Pid): Promise<void> | undefined;
  /** True if that `openFiles` can be asked for; `fd`: a descriptor that was opened just now. */
  limitsOpenFiles(openFiles: number, fd: number): boolean;
}
