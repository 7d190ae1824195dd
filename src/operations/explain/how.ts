import type { Found } from "../../identity/found.ts";
import { sameProcess } from "../../../proc/pid.ts";
import { formatDuration, localSecond } from "../../lib/format.ts";
import type { ProgramRecord } from "../../state/record.ts";
import type { Observed } from "../../status/observe-all.ts";
import type { Findings } from "./findings.ts";

/** How it was decided which process a program is: the record, the pidfile, the search, in this order. */
export function howItWasFound(findings: Findings, seen: Observed): readonly string[] {
  const { program, file, found, other, launch } = seen;
  if (other !== undefined) {
    return [
      `its record is that of the program of this name in ${other.config}, which ${other.how}`,
    ];
  }
  const record = describeRecord(file, found, findings);
  const pidfile = describePidfile(findings, found, program);
  const search = program.isRemoved === true ? [] : describeSearch(findings);
  const started =
    launch === undefined
      ? []
      : [
          `its lock notes a launch at ${localSecond(launch.at)}, which nobody has put on record yet`,
        ];
  return [record, ...started, ...pidfile, ...search];
}

function describeRecord(
  { record, problem, isOfEarlierBoot }: Observed["file"],
  found: Found,
  { all }: Findings,
): string {
  if (record === undefined) {
    return problem === undefined
      ? "nothing is on record: usrsvc never had it running, or its record is gone"
      : `its record does not help: ${problem}`;
  }
  if (isOfEarlierBoot === true) return "its record is from before the machine was booted";
  const { process } = record;
  if (process === undefined) return `its record names no process${stateOf(record)}`;
  const isIt = found.kind === "running" && sameProcess(found.process, process);
  const how = describeLauncher(record);
  const names = `its record names process ${process.pid}${how}`;
  if (isIt) return `${names}; that lives, and is the program`;
  const hasEnded = all.get(process.pid)?.verdict?.kind === "ended";
  return `${names}; that ${hasEnded ? "has ended" : "is not the program"}`;
}

function stateOf({ state, desired, at, by }: ProgramRecord): string {
  const wish = desired === "down" ? ", since an operator has stopped it" : "";
  const agoMs = Date.now() - Date.parse(at);
  const when = Number.isNaN(agoMs) || agoMs < 0 ? "" : `, ${formatDuration(agoMs)} ago`;
  return `${wish} (${state}, written by ${by}${when})`;
}

function describeLauncher({ launcher, via }: ProgramRecord): string {
  if (launcher !== undefined) return ` (launched by ${launcher})`;
  return via === "pidfile" || via === "scan" ? " (found running)" : "";
}

function describePidfile(
  { pidfile, all }: Findings,
  found: Found,
  { pidfile: path, autopid }: Observed["program"],
): readonly string[] {
  if (path === undefined) return [];
  const whose = autopid ? "" : ", which the program writes itself (autopid = False)";
  switch (pidfile.kind) {
    case "none":
      return [`there is no pidfile ${path}${whose}`];
    case "garbage":
      return [`pidfile ${path}${whose} contains no pid but ${JSON.stringify(pidfile.text)}`];
    case "unreadable":
      return [`pidfile ${pidfile.message}`];
    case "pid": {
      const isIt = found.kind === "running" && (found.main ?? found.process).pid === pidfile.pid;
      const isTold = all.get(pidfile.pid)?.verdict !== undefined;
      const which = isIt ? "that process" : `process ${pidfile.pid}${isTold ? " (see below)" : ""}`;
      return [`pidfile ${path}${whose} names ${which}`];
    }
  }
}

function describeSearch({ search }: Findings): readonly string[] {
  switch (search) {
    case undefined:
      return [];
    case "needless":
      return ["so no search was needed"];
    case "off":
      return ["command lines are not searched: scan_for_process = False"];
    case "none":
      return ["command lines were not searched"];
    default:
      return [`the command lines of ${search} processes of this account were searched`];
  }
}
