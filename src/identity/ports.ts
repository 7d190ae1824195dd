import type { ProcReader } from "../../proc/reader.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Spawner } from "../../proc/system/spawner.ts";
import type { ProgramSettings, Standing } from "../config/settings.ts";
import type { StateDir } from "../state/state-dir.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Owners } from "./owners.ts";
import type { ProcessTable } from "./process-table.ts";

/** What it takes to decide which process a program is. */
export interface IdentityPorts {
  readonly proc: ProcReader;
  /** Made at first use: `status` never needs it. */
  readonly watcher: () => ProcessWatcher;
  /** Made at first use. */
  readonly spawner: () => Spawner;
  readonly table: ProcessTable;
  /** Programs that are being launched: children of ours that nobody has claimed yet are theirs. */
  readonly launching: Set<string>;
  readonly state: StateDir;
  /** The environment that programs inherit, ours already taken out. */
  readonly env: Readonly<Record<string, string>>;
  /** What this usrsvc puts into its marks (mark.ts), to know them again. */
  readonly home: string;
  /** The main configuration file, as it was named. */
  readonly config: string;
  /** How a program of this name stands in another main configuration file; undefined: nobody can tell. */
  readonly standingIn?: ((config: string, name: string) => Standing) | undefined;
  /** The main configuration file of the usrsvcd of the state folder, if one runs. */
  readonly daemonConfig?: (() => string | undefined) | undefined;
  /** The program that has this process on record, if any. */
  readonly ownerOf: Owners["ownerOf"];
  /** The program that has this session on record, if any. */
  readonly ownerOfSession: Owners["ownerOfSession"];
  /** The program that has this launch on record, if any. */
  readonly ownerOfLaunch?: Owners["ownerOfLaunch"];
  /** Notes what a program has by now, or that it has nothing; false: another has it. */
  readonly claim: Owners["claim"];
  /** True for a program that is no longer in the configuration: what it had is nobody's. */
  readonly isRetired: (name: string) => boolean;
  /** Other usrsvcs of the account; undefined: nobody knows where they would be. */
  readonly neighbours?: Neighbours | undefined;
  /** The programs of the configuration, which may be taken for each other; undefined: nobody knows. */
  readonly programs?: (() => Iterable<ProgramSettings>) | undefined;
}
