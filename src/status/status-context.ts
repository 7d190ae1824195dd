import type { Tell } from "../identity/finding.ts";
import type { IdentityPorts } from "../identity/ports.ts";
import type { Hold } from "../state/hold.ts";
import type { Remembered } from "../state/remembered.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { ProgramRecord } from "../state/record.ts";

/** Facts about the machine that are read once for all programs. */
export interface StatusContext {
  readonly host: IdentityPorts;
  readonly bootId: string;
  readonly uptimeSeconds: number;
  /** Whether a usrsvcd runs, and has this configuration file. */
  readonly daemon: "none" | "elsewhere" | "here";
  /** The programs that it looks after, where it tells. */
  readonly looksAfter?: ReadonlySet<string> | undefined;
  /** True where a program that is started by itself needs it; undefined: none does. */
  readonly isNeeded?: ((name: string) => boolean) | undefined;
  /** The programs with which one is restarted; undefined: it is not known. */
  readonly restartsWith?: ((name: string) => readonly string[]) | undefined;
  /** Who holds which program, by its name. */
  readonly holds?: ReadonlyMap<string, Hold> | undefined;
  /** What `stop --remember` has stopped, by the name of the program. */
  readonly remembered?: ReadonlyMap<string, Remembered> | undefined;
  /** The state folder is not ours alone: what stands there says nothing. */
  readonly isForeign?: boolean;
  /** Whether command lines are wanted as well, which takes one read more a program. */
  readonly withCommands: boolean;
  /** Reads memory in place of the host. */
  readonly smapsRollup?: ProcReader["smapsRollup"] | undefined;
  /** Records as they will be once the sections that were renamed are dealt with. */
  readonly moved?: ReadonlyMap<string, ProgramRecord | undefined>;
  /** Told why a process is a program or not; undefined: nobody asks. */
  readonly tell?: Tell | undefined;
}
