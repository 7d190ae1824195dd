import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { candidates } from "./candidates.ts";
import { type Found, running } from "./found.ts";
import type { IdentifyPorts } from "./identify-ports.ts";
import { lostLaunch, lostWriter } from "./lost-launch.ts";
import type { Pattern } from "./match.ts";
import { isInPlace, isInPlaceNow } from "./matching.ts";
import type { TableEntry } from "./process-classifier.ts";
import { isLost, ranOn } from "./recorded.ts";
import { successor } from "./successor.ts";
import { topMatches } from "./top-matches.ts";
import type { Pidfile } from "../state/pidfile.ts";
import type { ProgramRecord } from "../state/record.ts";

/** Several matches: workers are left out; of several tops the oldest is meant, the others are reported. */
export function scan(
  pattern: Pattern,
  record: ProgramRecord | undefined,
  pidfile: Pidfile,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): Found {
  const lost = isLost(record) ? lostLaunch(pattern, ports, all) : undefined;
  if (lost !== undefined)
    return { ...running(lost.process, undefined, "launch", pidfile), ...lost };
  const own: TableEntry[] = [];
  const free: TableEntry[] = [];
  const others: ProcessRef[] = [];
  const title = record?.title;
  for (const one of title === undefined ? candidates(pattern, all) : all) {
    const isMatch = pattern.matches(one.argv);
    if (!isMatch && !isNamesake(one, record, ports)) continue;
    if (!sameProcess(ports.proc.alive(one.ref.pid), one.ref)) continue; // the look may be an older one
    if (ranOn(one.ref, record)) continue;
    const relation = ports.relation(one.ref);
    if (relation === "own") own.push(one);
    // What descends from its own is no candidate, but is not free either.
    else if (!isMatch) continue;
    else if (relation === "free" && isFreeMatch(one, pattern, ports)) free.push(one);
    else if (relation === "other" && isInPlaceNow(one.ref.pid, pattern, ports.proc)) {
      others.push(one.ref);
    }
  }
  const heir = successor(topMatches(own, all), record, ports);
  if (heir !== undefined) return running(heir, undefined, "scan", pidfile);
  const [first, ...more] = topMatches(free, all).map((one) => one.ref);
  if (first !== undefined) {
    return { ...running(first, undefined, "scan", pidfile), others: more, isFree: true };
  }
  const writer = isLost(record) ? lostWriter(pattern, ports, all) : undefined;
  if (writer !== undefined) return running(writer, undefined, "scan", pidfile);
  if (others.length === 0) return { kind: "absent", pidfile };
  return { kind: "absent", pidfile, taken: others };
}

/** Of a program that gave itself a title: what has the same one, and was executed again. */
function isNamesake(
  { ref, argv }: TableEntry,
  record: ProgramRecord | undefined,
  { proc }: IdentifyPorts,
): boolean {
  const title = record?.title;
  if (title === undefined || title.length !== argv.length) return false;
  if (!title.every((word, index) => word === argv[index])) return false;
  return statIfAny(proc, ref.pid)?.image !== record?.image;
}

function isFreeMatch(
  { ref, argv }: TableEntry,
  pattern: Pattern,
  { proc }: IdentifyPorts,
): boolean {
  if (pattern.endings === undefined && LOOKERS.test(argv[0] ?? "")) return false;
  try {
    // One that is just about to end has no memory any more: neither a mark nor a command line.
    return pattern.matches(proc.cmdline(ref.pid)) && isInPlace(ref.pid, pattern, proc, undefined);
  } catch (error) {
    if (error instanceof ProcError) return false;
    throw error;
  }
}

/** A command that looks at a program, or at its log, has the program's name in its words, and so an expression finds it. */
const LOOKERS =
  /(^|\/)(cat|emacs|gdb|grep|egrep|head|journalctl|less|lsof|man|more|nano|nvim|pgrep|ps|sed|strace|tail|tee|vi|view|vim|watch)$/;
