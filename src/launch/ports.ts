import type { IdentityPorts } from "../identity/ports.ts";

/** What it takes to execute a program; what was launched is distinguished from what runs, too. */
export interface LaunchPorts extends IdentityPorts {
  /** Soft limit of open files that programs get back; undefined: what we have. */
  readonly openFiles: number | undefined;
}
