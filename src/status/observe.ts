import { sameProcess } from "../../proc/pid.ts";
import { misnamed } from "../identity/foreign.ts";
import type { Found } from "../identity/found.ts";
import { type LaunchNote, lostRecord, unfinishedLaunch } from "../identity/mark.ts";
import { type OtherConfig, otherConfig, strangersRecord } from "../identity/other-config.ts";
import { lookFor, type Program } from "../identity/program.ts";
import { completedRecord } from "../identity/unfinished-launch.ts";
import { programLock } from "../state/lock.ts";
import { lockNote } from "../state/lock-text.ts";
import { readPidfile } from "../state/pidfile.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecord, type RecordFile, recordText } from "../state/record-file.ts";
import { withoutProcess } from "../state/record-facts.ts";
import type { Memory } from "./memory.ts";
import type { StatusContext } from "./status-context.ts";

/** One look through all processes serves all programs. */
const LOOK = { maxAgeMs: 1000 };

/** What was found of one program, all but its memory. */
export interface Observation {
  readonly program: Program;
  readonly file: RecordFile;
  readonly found: Found;
  /** A launch of which nobody has put on record what became of it. */
  readonly launch: LaunchNote | undefined;
  /** Another configuration file, which has a program of this name. */
  readonly other?: OtherConfig;
}

/** Number of looks at a program whose record changes while it is looked for. */
const MOST_LOOKS = 3;

/** Looks for one program by its record, and for a launch that nobody has put on record. */
export function observe(program: Program, around: StatusContext): Observation {
  let one = observeOnce(program, around);
  for (let looks = 1; looks < MOST_LOOKS && isOvertaken(one, around); looks += 1) {
    one = observeOnce(program, around);
  }
  return one;
}

/**
 * It was just being restarted: the process is another than the record has, which has been written since, and that knows how the
 * one before has ended.
 */
function isOvertaken(
  { program: { name }, file, found }: Observation,
  { host }: StatusContext,
): boolean {
  const known = file.record?.process;
  if (known === undefined || file.text === undefined) return false;
  if (found.kind === "running" && sameProcess(found.process, known)) return false;
  return recordText(host.state, name) !== file.text;
}

function observeOnce(program: Program, around: StatusContext): Observation {
  const { host, bootId, moved } = around;
  const look = { ...LOOK, tell: around.tell };
  if (moved?.has(program.name) === true) return lookMoved(program, moved.get(program.name), around);
  const known = readRecord(host.state, program.name, bootId);
  const other = otherConfig(program.name, known.record, host);
  if (other !== undefined) {
    const found = { kind: "absent", pidfile: readPidfile(program.pidfile ?? "") } as const;
    return { program, file: known, found, launch: undefined, other };
  }
  const isStrangers =
    known.record !== undefined && strangersRecord(known.record, host) !== undefined;
  const file = isStrangers ? { ...known, record: undefined } : known;
  const found = lookFor(program, file.record, host, look);
  if (found.kind === "running") return { program, file, found, launch: undefined };
  const note = lockNote(programLock(host.state, program.name));
  const launch = unfinishedLaunch(note, file.record, host);
  const noted = file.record ?? lostRecord(program.name, note, bootId);
  if (launch === undefined) {
    const isKnown = file.record !== undefined || (noted.desired !== "none" && !isStrangers);
    return { program, file: isKnown ? { ...file, record: noted } : file, found, launch };
  }
  // Somebody was killed just when launching it, or is launching it.
  const record = completedRecord(noted, launch, program.settings, host);
  if (record === undefined) return { program, file, found, launch };
  host.claim(program.name, record); // what stands in its session is its own
  return {
    program,
    file: { ...file, record },
    found: lookFor(program, record, host, look),
    launch: record.state === "starting" ? launch : undefined,
  };
}

/**
 * A record may name a process of another account: the program is searched for without it then. Asked only where the
 * memory is hidden, as that of others is: most are not.
 */
export function observeAgain(
  one: Observation,
  memory: Memory | undefined,
  { host, tell }: StatusContext,
): Observation {
  const { file, program } = one;
  const wrong = memory === "hidden" ? misnamed(file.record, host.proc) : undefined;
  if (file.record === undefined || wrong === undefined) return one;
  const record = withoutProcess(file.record);
  host.claim(program.name, record);
  const problem = `its record names ${wrong}; usrsvc start or stop repairs that`;
  const found = lookFor(program, record, host, { ...LOOK, tell });
  return { ...one, file: { ...file, record, problem }, found };
}

function lookMoved(
  program: Program,
  record: ProgramRecord | undefined,
  { host, tell }: StatusContext,
): Observation {
  const found = lookFor(program, record, host, { ...LOOK, tell });
  const file = { record, problem: undefined, text: undefined, isDamaged: false };
  return { program, file, found, launch: undefined };
}
