import { type ProcessRef, sameProcess } from "../../../proc/pid.ts";
import type { Host } from "../../host/host.ts";
import { ranOn } from "../../identity/recorded.ts";
import { relation } from "../../identity/lineage.ts";
import { knownMark } from "../../identity/mark.ts";
import { offspring } from "../../identity/offspring.ts";
import { isOnlyLogOf } from "../../identity/log-owners.ts";
import type { TableEntry } from "../../identity/process-classifier.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { describeRunOn, stragglers } from "../../lifecycle/stragglers.ts";
import { SHARED_LOOK_MS } from "../operation.ts";

/** Maximum number of processes that are remembered. */
const MOST_KEPT = 8;

/** What keeps running after a stop. */
export interface LeftRunning {
  /** For the record: none of it is the program. */
  readonly runsOn: readonly ProcessRef[] | undefined;
  /** One line each. */
  readonly words: readonly string[];
}

/**
 * What descends from a stopped program and keeps running, because it has left the program's session: of this
 * start, and of earlier ones. It takes some reads for each process that was created since.
 */
export function leftRunning(record: ProgramRecord, host: Host): LeftRunning {
  const all = host.table.scan({ thorough: true });
  const own = ofThisStart(record, all, host);
  const known = all.filter((one) => !own.includes(one) && ranOn(one.ref, record));
  const but = new Set([...own, ...known].map(({ ref }) => Number(ref.pid)));
  const marked = stragglers(record.name, host, { but, launch: record.launch });
  const earlier = [...known, ...marked];
  const refs = [...own, ...earlier].map(({ ref }) => ref).slice(0, MOST_KEPT);
  return {
    runsOn: refs.length === 0 ? undefined : refs,
    words: [...describeRunOn(own, "it"), ...describeRunOn(earlier, "an earlier start of it")],
  };
}

/**
 * The same for one of many that are stopped: by the marks alone, which one look shows for all. What has
 * overwritten its mark is not seen.
 */
export function markedRunning(record: ProgramRecord, host: Host): LeftRunning {
  const all = host.table.scan({ thorough: true, maxAgeMs: SHARED_LOOK_MS });
  const marked = all.filter((one) => {
    const mark = knownMark(one.ref, host);
    const isOfIt = mark !== undefined && mark.launch === record.launch;
    const isIts =
      isOfIt ||
      (mark?.home === host.home &&
        (host.ownerOfLaunch?.(mark.launch) ?? mark.program) === record.name);
    if (!isIts && !ranOn(one.ref, record)) return false;
    if (!sameProcess(host.proc.alive(one.ref.pid), one.ref)) return false; // the look may be an older one
    if (host.ownerOf(one.ref) !== undefined) return false;
    return isOfIt || !isIts || relation(one.ref, record.name, host) === "own";
  });
  const refs = marked.map(({ ref }) => ref).slice(0, MOST_KEPT);
  return {
    runsOn: refs.length === 0 ? undefined : refs,
    words: describeRunOn(marked, "it or an earlier start of it"),
  };
}

function ofThisStart(
  { name, launch, launched, image }: ProgramRecord,
  all: readonly TableEntry[],
  host: Host,
): readonly TableEntry[] {
  if (launched === undefined) return [];
  const stems = new Set(offspring({ launch, launched, image }, all, host));
  const { programs } = host;
  const itself = programs && [...programs()].find((one) => one.name === name);
  const isItsLog = ({ pid }: ProcessRef): boolean =>
    programs !== undefined && itself !== undefined && isOnlyLogOf(itself, pid, programs);
  return all
    .filter((one) => one.ref.startTime >= launched.startTime && host.ownerOf(one.ref) === undefined)
    .filter((one) => stems.has(one) || isItsLog(one.ref))
    .filter(({ ref }) => relation(ref, name, host) !== "other");
}
