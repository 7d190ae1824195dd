import type { ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { LivingLaunch } from "./launch-of.ts";
import type { Relation } from "./lineage.ts";
import type { Owners } from "./owners.ts";
import type { Tell } from "./finding.ts";
import type { TableEntry } from "./process-classifier.ts";

/** What looking asks of the host. */
export interface IdentifyPorts {
  readonly proc: ProcReader;
  readonly uid: number;
  /** All own processes; undefined where that is not worth it. */
  readonly processes: (() => readonly TableEntry[]) | undefined;
  /** Whose a process is, apart from its words. */
  readonly relation: (process: ProcessRef) => Relation;
  /** The launch that has made this process for the program, if that is on nobody's record. */
  readonly launchOf: (process: ProcessRef) => string | undefined;
  /** What was launched for the program last, as it is noted at its lock, if it lives. */
  readonly lastLaunch: () => LivingLaunch | undefined;
  /** The program that has this process on record. */
  readonly ownerOf: Owners["ownerOf"];
  /** True where a process runs the file that the program's command executes, whatever its title. */
  readonly executes: (process: ProcessRef) => boolean;
  /**
   * True where a process that bears no mark runs a file that the command names (`nice redis-server`), and writes
   * to the program's log, and to no other's.
   */
  readonly writesItsLog: (process: ProcessRef) => boolean;
  /** Told the reasons; undefined: nobody asks for them. */
  readonly tell?: Tell | undefined;
}
