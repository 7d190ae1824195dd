import type { ProcessRef } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { shorten } from "../lib/format.ts";
import { isSameFile } from "../lib/same-file.ts";
import type { IdentityPorts } from "./ports.ts";
import type { Found } from "./found.ts";
import { line } from "./lineage.ts";
import { markOf } from "./mark.ts";
import { readRecord } from "../state/record-file.ts";

/** A process that matches a program, and is that of another configuration file. */
interface Elsewhere {
  readonly process: ProcessRef;
  /** What it is called there. */
  readonly name: string;
  /** That file; undefined: it bears a mark that no record of ours knows. */
  readonly config: string | undefined;
}

/** Whose a process is that is not ours, where that is another configuration file's. */
function findElsewhere(process: ProcessRef, host: IdentityPorts): Elsewhere | undefined {
  const known = onRecord(process, host);
  if (known !== undefined) {
    return isSameFile(known.config, host.config) ? undefined : { process, ...known };
  }
  const mark = markOf(host.proc, process.pid);
  if (mark === undefined || mark.home === host.home) return undefined;
  return { process, name: mark.program, config: undefined };
}

/** By its own record, or that of an ancestor. */
function onRecord(
  process: ProcessRef,
  { proc, state, ownerOf, neighbours }: IdentityPorts,
): { readonly name: string; readonly config: string } | undefined {
  for (const { pid, startTime, session } of line(process.pid, proc)) {
    const ref = { pid, startTime };
    const name = ownerOf(ref);
    const config = name && readRecord(state, name, proc.bootId()).record?.config;
    if (name !== undefined && config !== undefined) return { name, config };
    const away = neighbours?.ownerOf(ref) ?? neighbours?.ownerOfSession(session);
    if (away !== undefined) return away;
  }
  return undefined;
}

/** Number of processes that are named. */
const MOST_TOLD = 3;

/**
 * What matches a program that does not run, and is another configuration file's: in words, one line
 * each.
 */
export function describeElsewhere(found: Found, host: IdentityPorts): readonly string[] {
  const taken = found.kind === "absent" ? (found.taken ?? []) : [];
  const pids = new Set(taken.map(({ pid }) => Number(pid)));
  const isWorker = ({ pid }: ProcessRef): boolean => pids.has(statIfAny(host.proc, pid)?.ppid ?? 0);
  const all = taken
    .filter((process) => !isWorker(process))
    .flatMap((process) => findElsewhere(process, host) ?? []);
  return all.slice(0, MOST_TOLD).map(({ process: { pid }, name, config }) => {
    let words = "";
    try {
      words = ` (${shorten(host.proc.cmdline(pid).join(" ").trim(), 60)})`;
    } catch {
      // gone meanwhile, or hidden
    }
    const whose = config === undefined ? "another usrsvc of yours" : config;
    return `process ${pid}${words} matches, but is ${name} of ${whose}: left alone`;
  });
}
