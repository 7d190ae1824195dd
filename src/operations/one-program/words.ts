import type { ProcessRef } from "../../../proc/pid.ts";
import type { Host } from "../../host/host.ts";
import { type Found, isByMark } from "../../identity/found.ts";
import type { ProgramRecord, Via } from "../../state/record.ts";

/** What a result says about a process. */
export function processFacts(
  process: ProcessRef,
  via: Via,
  host: Host,
): { pid: number; via: Via; command?: string } {
  try {
    const command = host.proc.cmdline(process.pid).join(" ");
    return { pid: process.pid, via, ...(command === "" ? {} : { command }) };
  } catch {
    return { pid: process.pid, via };
  }
}

/** How the process of a start was found, in words. */
export function describeVia(via: Via, by: Host["by"]): string {
  return via === "launch" ? `launched by ${by}` : describeFoundVia(via);
}

/** How a process that was already running was found, in words. `record`: as it was before. */
export function describeHow(
  { via, launch }: Found & { kind: "running" },
  record: ProgramRecord | undefined,
): string {
  return isByMark(launch, record) ? "known by its mark" : describeFoundVia(via);
}

/** The same for one that is on record, if it was launched. */
export function describeFoundVia(via: Via): string {
  switch (via) {
    case "launch":
      return "known from its record";
    case "pidfile":
      return "found by its pidfile";
    case "scan":
      return "found among all processes";
  }
}

/** The result of a look, for `--debug`. */
export function describeFound(found: Found): string {
  return found.kind === "running"
    ? `is running as pid ${found.process.pid}, ${describeFoundVia(found.via)}`
    : `is not running (pidfile: ${found.pidfile.kind})`;
}
