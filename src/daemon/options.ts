import type { Settings } from "../config/settings.ts";

/** What usrsvcd is started with. */
export interface DaemonOptions {
  /** The main configuration file. */
  readonly config: string;
  readonly home: string;
  readonly uid: number;
  readonly version: string;
  readonly debug: boolean;
  /** Nobody reads our standard output: without `usrsvcd_stdout`, the log goes to state_dir. */
  readonly background: boolean;
  /** Called when the configuration was read. */
  readonly onLoaded: (settings: Settings) => void;
  /** Called when programs are supervised. `crashes`: a file for what Node itself prints. */
  readonly onReady: (log: string, crashes: string) => void;
}
