import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { candidates } from "./candidates.ts";
import { type Tell, tellOf, type Verdict } from "./finding.ts";
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
  const { tell } = ports;
  const lost = isLost(record) ? lostLaunch(pattern, ports, all) : undefined;
  if (lost !== undefined) {
    tellOf(tell, lost.process, { kind: "marked-launch" });
    return { ...running(lost.process, undefined, "launch", pidfile), ...lost };
  }
  const { own, free, others } = candidatesIn(pattern, record, ports, all);
  const heir = successor(topsOf(own, all, tell), record, ports);
  if (heir !== undefined) {
    tellOf(tell, heir, { kind: "successor" });
    for (const { ref } of tell === undefined ? [] : free) {
      tellOf(tell, ref, { kind: "not-needed", relation: "free" });
    }
    return running(heir, undefined, "scan", pidfile);
  }
  const [first, ...more] = topsOf(free, all, tell).map((one) => one.ref);
  if (first !== undefined) {
    tellOf(tell, first, { kind: "free" });
    for (const one of more) tellOf(tell, one, { kind: "younger", than: first.pid });
    return { ...running(first, undefined, "scan", pidfile), others: more, isFree: true };
  }
  const writer = isLost(record) ? lostWriter(pattern, ports, all) : undefined;
  if (writer !== undefined) {
    tellOf(tell, writer, { kind: "writer" });
    return running(writer, undefined, "scan", pidfile);
  }
  if (others.length === 0) return { kind: "absent", pidfile };
  return { kind: "absent", pidfile, taken: others };
}

/** What a search has found that matches, by whose it is. */
interface Candidates {
  /** By their lineage the program's own. */
  readonly own: readonly TableEntry[];
  readonly free: readonly TableEntry[];
  /** Another's, in the program's folder. */
  readonly others: readonly ProcessRef[];
}

/** Of all processes those that may be the program, or would be if they were nobody else's. */
function candidatesIn(
  pattern: Pattern,
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): Candidates {
  const own: TableEntry[] = [];
  const free: TableEntry[] = [];
  const others: ProcessRef[] = [];
  const title = record?.title;
  for (const one of title === undefined ? candidates(pattern, all) : all) {
    const isMatch = pattern.matches(one.argv);
    if (!isMatch && !isNamesake(one, record, ports)) continue;
    if (!sameProcess(ports.proc.alive(one.ref.pid), one.ref)) {
      tellOf(ports.tell, one.ref, { kind: "gone" }); // the look may be an older one
      continue;
    }
    if (ranOn(one.ref, record)) {
      tellOf(ports.tell, one.ref, { kind: "runs-on" });
      continue;
    }
    const relation = ports.relation(one.ref);
    if (relation === "own") own.push(one);
    // What descends from its own is no candidate, but is not free either.
    else if (!isMatch) continue;
    else if (relation === "free" && isFreeMatch(one, pattern, ports)) free.push(one);
    else if (relation === "other") {
      const isHere = isInPlaceNow(one.ref.pid, pattern, ports.proc);
      tellOf(ports.tell, one.ref, isHere ? { kind: "others" } : elsewhere(pattern));
      if (isHere) others.push(one.ref);
    }
  }
  return { own, free, others };
}

/**
 * What else matches a program that was found before a search was made, for who asks: whether it would have been a
 * candidate.
 */
export function tellOthers(
  pattern: Pattern,
  record: ProgramRecord | undefined,
  ports: IdentifyPorts,
  all: readonly TableEntry[],
): void {
  const { own, free } = candidatesIn(pattern, record, ports, all);
  for (const [some, relation] of [[own, "own"] as const, [free, "free"] as const]) {
    for (const { ref } of some) tellOf(ports.tell, ref, { kind: "not-needed", relation });
  }
}

/** The same as `topMatches`, and tells which of them are workers. */
function topsOf(
  matching: readonly TableEntry[],
  all: readonly TableEntry[],
  tell: Tell | undefined,
): readonly TableEntry[] {
  const tops = topMatches(matching, all);
  if (tell === undefined || tops.length === matching.length) return tops;
  for (const one of matching) if (!tops.includes(one)) tellOf(tell, one.ref, { kind: "worker" });
  return tops;
}

function elsewhere({ folder = "" }: Pattern): Verdict {
  return { kind: "elsewhere", folder };
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

function isFreeMatch({ ref, argv }: TableEntry, pattern: Pattern, ports: IdentifyPorts): boolean {
  const { proc, tell } = ports;
  if (pattern.endings === undefined && isOnlooker(argv)) {
    tellOf(tell, ref, { kind: "onlooker" });
    return false;
  }
  try {
    // One that is just about to end has no memory any more: neither a mark nor a command line.
    const isMatch = pattern.matches(proc.cmdline(ref.pid));
    const isIt = isMatch && isInPlace(ref.pid, pattern, proc, undefined);
    if (!isIt) tellOf(tell, ref, isMatch ? elsewhere(pattern) : { kind: "gone" });
    return isIt;
  } catch (error) {
    if (!(error instanceof ProcError)) throw error;
    tellOf(tell, ref, { kind: "gone" });
    return false;
  }
}

/** True for a command that is no program for an expression, whatever it finds in its words. */
export function isOnlooker(argv: readonly string[]): boolean {
  return LOOKERS.test(argv[0] ?? "");
}

/** A command that looks at a program, or at its log, has the program's name in its words, and so an expression finds it. */
const LOOKERS =
  /(^|\/)(cat|emacs|gdb|grep|egrep|head|journalctl|less|lsof|man|more|nano|nvim|pgrep|ps|sed|strace|tail|tee|vi|view|vim|watch)$/;
