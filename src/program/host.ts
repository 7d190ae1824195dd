import type { ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { ProcessWatcher } from "../../proc/watch.ts";
import type { Launchers } from "./launchers.ts";
import type { ProcessTable } from "./process-table.ts";
import type { StateDir } from "./state-dir.ts";

/** What acting on programs asks of the machine. */
export interface Host {
  readonly proc: ProcReader;
  /** Made at first use: `status` never needs it. */
  readonly watcher: () => ProcessWatcher;
  readonly table: ProcessTable;
  readonly launchers: Launchers;
  readonly state: StateDir;
  /** Who writes the records. */
  readonly by: "usrsvc" | "usrsvcd";
  /** The environment that programs inherit, ours already taken out. */
  readonly env: Readonly<Record<string, string>>;
  /** The program that has this process on record, if any. */
  readonly ownerOf: (process: ProcessRef) => string | undefined;
  /** Notes which process a program has by now, or that it has none. */
  readonly claim: (name: string, process: ProcessRef | undefined) => void;
  /** Soft limit of open files that programs get back; undefined: what we have. */
  readonly openFiles: number | undefined;
}
