import type { LaunchPorts } from "../launch/ports.ts";
import type { Sight } from "./sight.ts";

/** What it takes to start and stop programs. */
export interface LifecyclePorts extends LaunchPorts {
  /**
   * A turn to launch; call what it yields when that is done. So that a thousand do not begin at once.
   * Rejects when the signal is aborted.
   */
  readonly launchTurn: (signal?: AbortSignal) => Promise<() => void>;
  /** Launches that nobody has seen anything of yet. */
  readonly sight: Sight;
  /** Who writes the records. */
  readonly by: "usrsvc" | "usrsvcd";
}
