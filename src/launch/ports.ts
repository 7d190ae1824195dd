import type { IdentityPorts } from "../identity/ports.ts";
import type { Notices } from "../notify/notices.ts";

/** What it takes to execute a program; what was launched is distinguished from what runs, too. */
export interface LaunchPorts extends IdentityPorts {
  /** Soft limit of open files that programs get back; undefined: what we have. */
  readonly openFiles: number | undefined;
  /** Where programs are heard (sd_notify(3)), made at first use; undefined: nowhere. */
  readonly notices?: (() => Notices) | undefined;
}
