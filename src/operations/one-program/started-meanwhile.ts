import { type ProcessRef, TICKS_PER_SECOND } from "../../../proc/pid.ts";
import type { Host } from "../../host/host.ts";
import { relation } from "../../identity/lineage.ts";
import { offspring } from "../../identity/offspring.ts";
import { lookFor, type Program } from "../../identity/program.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { unfinished } from "../../state/transitions.ts";

/** The program's process, should there be another than was told to end at `uptime`: a wrapper may have started one. */
export function startedMeanwhile(
  program: Program,
  record: ProgramRecord,
  uptime: number,
  host: Host,
): ProcessRef | undefined {
  return ownProcess(program, record, host) ?? bornSince(uptime, record, host);
}

/** What the program has by now, after all was ended. */
function ownProcess(program: Program, record: ProgramRecord, host: Host): ProcessRef | undefined {
  const found = lookFor(program, unfinished(record), host);
  if (found.kind !== "running") return undefined;
  return relation(found.process, program.name, host) === "own" ? found.process : undefined;
}

/** What a wrapper has made since, as its last act: it may not have executed yet what it is to be. */
function bornSince(
  uptime: number,
  { launch, launched, session }: ProgramRecord,
  host: Host,
): ProcessRef | undefined {
  if (launched === undefined) return undefined;
  const all = offspring({ launch, launched, session }, host.table.scan({ thorough: true }), host);
  const since = uptime * TICKS_PER_SECOND - 1;
  return all.find(({ ref }) => ref.startTime >= since && ref.pid !== launched.pid)?.ref;
}
