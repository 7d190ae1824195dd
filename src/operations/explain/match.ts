import { ConfigError } from "../../config/issue.ts";
import { translatePythonRegex } from "../../config/python-regex/python-regex.ts";
import type { Host } from "../../host/host.ts";
import type { Kin } from "../../identity/finding.ts";
import type { Pid } from "../../../proc/pid.ts";
import { line, relation } from "../../identity/lineage.ts";
import { pattern } from "../../identity/match.ts";
import type { TableEntry } from "../../identity/process-classifier.ts";
import { isOnlooker } from "../../identity/scan.ts";
import { topMatches } from "../../identity/top-matches.ts";
import { nameOf } from "../../lib/accounts.ts";
import { enumerate } from "../../lib/format.ts";
import { foreignProcesses, shown } from "./candidates.ts";
import { describeKin } from "./findings.ts";
import { describeSplit, nearestToExpression } from "./match-difference.ts";
import { openDaemonSite, openSite } from "../site.ts";

/** A process that an expression finds. */
export interface MatchedProcess {
  readonly pid: number;
  /** Its command line, secrets masked. */
  readonly command: string;
  /** The program that has it; absent: none. */
  readonly program?: string;
  /** The process that it descends from, and that is found as well: a worker of it. */
  readonly below?: number;
  /** It is what a program with this proctitle_re would take now, if no other has it on record. */
  readonly isMeant?: true;
  /** What shows whose it is, or why no program would take it: what follows "it". */
  readonly why?: string;
  /** It belongs to nobody yet, but this leads to a program that would take it: what follows "it". */
  readonly trace?: string;
}

/** What an expression finds now. */
export interface MatchReport {
  readonly processes: readonly MatchedProcess[];
  /** How many of other accounts it finds besides, by account. They are never a program's. */
  readonly otherAccounts: Readonly<Record<string, number>>;
  /** What speaks against it as the proctitle_re of a program. */
  readonly warnings: readonly string[];
  /** Where it finds nothing: what comes nearest, and where it fails. */
  readonly nearest?: string;
}

/** An expression that cannot be used, and why. */
export interface BadExpression {
  readonly problem: string;
}

/** Where processes are looked for: also with a configuration that cannot be used. Dispose of it at the end. */
export interface MatchSite extends Disposable {
  readonly host: Host;
  /** Names of its programs; empty where the configuration cannot be used. */
  readonly programs: ReadonlySet<string>;
  /** What is wrong with the configuration. */
  readonly hints: readonly string[];
}

/**
 * An expression is tried before the configuration is right: then only what is on record tells whose a process is.
 *
 * @throws {HomeError}
 */
export function openMatchSite(file: string | undefined): MatchSite {
  try {
    const site = openSite(file);
    const { programs, faulty } = site.settings;
    const names = new Set([...programs.keys(), ...faulty.keys()]);
    const end = (): void => site[Symbol.dispose]();
    return { host: site.host, programs: names, hints: [], [Symbol.dispose]: end };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...openDaemonSite(file), programs: new Set() };
  }
}

/** `usrsvc match`: the processes that an expression finds now, as proctitle_re would. Writes nothing. */
export function findMatches(
  { host }: Pick<MatchSite, "host">,
  source: string,
): MatchReport | BadExpression {
  if (source === "") return { problem: "it is empty, and would be found everywhere" };
  const translated = translatePythonRegex(source);
  if ("problem" in translated) return translated;
  const rule = { kind: "title", source, ...translated } as const;
  const its = pattern(rule, { directory: "/", useshell: false, command: "" }, undefined);
  const all = host.table.scan();
  const us = new Set([...line(process.pid as Pid, host.proc)].map(({ pid }) => Number(pid)));
  // The command has the expression for a word, and so may the shell that has called it.
  const found = all.filter(({ ref, argv }) => its.matches(argv) && !us.has(ref.pid));
  const tops = topMatches(found, all);
  const matched = found.map((one) => ({ one, ...ownerOf(one, host) }));
  const meant = tops.find((one) => matched.some((row) => row.one === one && row.isFree));
  const processes = matched.map(({ one, told }) => {
    const top = tops.includes(one) ? undefined : topOf(one, tops, all);
    return {
      pid: one.ref.pid,
      command: shown(one.argv),
      ...told,
      ...(top !== undefined && { below: top }),
      ...(one === meant && { isMeant: true as const }),
    };
  });
  const foreign = foreignProcesses(host).filter(
    ({ pid, argv }) => its.matches(argv) && !us.has(pid),
  );
  const trouble = its.takeTrouble?.();
  return {
    processes: processes.toSorted(
      (a, b) => (a.below ?? a.pid) - (b.below ?? b.pid) || a.pid - b.pid,
    ),
    otherAccounts: countBy(foreign.map(({ uid }) => nameOf(uid))),
    warnings: [
      ...(trouble === undefined ? [] : [trouble]),
      ...posixWarning(source),
      ...warningsOf(matched, tops, all.length),
    ],
    ...(found.length === 0 && nearestTo(source, all, host)),
  };
}

/** What is known of the owner of a process. */
interface Owner {
  /** It belongs to nobody, and could be taken. */
  readonly isFree: boolean;
  readonly told: Pick<MatchedProcess, "program" | "why" | "trace">;
}

/** Whose a process is: the program, or why none would take it. */
function ownerOf({ ref, argv }: TableEntry, host: Host): Owner {
  let kin: Kin | undefined;
  const whose = relation(ref, NOBODY, host, (one) => (kin = one));
  if (whose === "free") {
    const why = "only has the words in its own: a pager, grep or the like";
    return isOnlooker(argv) ? { isFree: false, told: { why } } : { isFree: true, told: {} };
  }
  if (kin === undefined) return { isFree: false, told: {} };
  const why = describeKin(kin, ref, { program: NOBODY });
  if (kin.by === "rival") return { isFree: true, told: { trace: why } };
  return { isFree: false, told: { ...("program" in kin && { program: kin.program }), why } };
}

/** The name of no program. */
const NOBODY = "";

function topOf(
  { ref }: TableEntry,
  tops: readonly TableEntry[],
  all: readonly TableEntry[],
): number | undefined {
  const parents = new Map(all.map((one) => [Number(one.ref.pid), one.ppid]));
  const pids = new Set(tops.map((one) => Number(one.ref.pid)));
  let pid: number | undefined = parents.get(ref.pid);
  for (let steps = 0; pid !== undefined && pid > 1 && steps < 100; steps += 1) {
    if (pids.has(pid)) return pid;
    pid = parents.get(pid);
  }
  return undefined;
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** grep and pgrep have them. */
function posixWarning(source: string): readonly string[] {
  const [found] = /\[:[a-z]+:\]/.exec(source) ?? [];
  return found === undefined
    ? []
    : [`${found} means these letters, in Python's syntax: write \\s, \\d or \\w`];
}

type Row = Owner & { readonly one: TableEntry };

function warningsOf(
  matched: readonly Row[],
  tops: readonly TableEntry[],
  processes: number,
): readonly string[] {
  const all: string[] = [];
  if (tops.length > FEW && matched.length > processes / 2) {
    all.push(
      `it finds ${matched.length} of the ${processes} processes of this account: it tells hardly any of them apart`,
    );
  }
  const free = tops.filter((top) => matched.some(({ one, isFree }) => one === top && isFree));
  if (free.length > 1) {
    const pids = free.map(({ ref }) => String(ref.pid));
    all.push(
      `it finds ${free.length} processes that belong to nobody and are no workers of each other (${listed(pids)}): the oldest would be taken`,
    );
  }
  const programs = [...new Set(matched.flatMap(({ told }) => told.program ?? []))];
  if (programs.length > 1) all.push(`it finds processes of several programs: ${listed(programs)}`);
  else if (programs.length === 1 && free.length > 0) {
    all.push(`it finds a process of ${programs[0]}, and others that belong to nobody`);
  }
  if (matched.some(({ told }) => told.why?.startsWith("is a usrsvc") === true)) {
    all.push("it finds usrsvc itself, which is never taken for a program");
  }
  return all;
}

/** So few processes, with their workers, may be most of those that there are. */
const FEW = 4;
/** Number of names in a list. */
const MOST_LISTED = 8;

function listed(names: readonly string[]): string {
  const left = names.length - MOST_LISTED;
  return left > 0 ? `${names.slice(0, MOST_LISTED).join(", ")} and ${left} more` : enumerate(names);
}

function nearestTo(
  source: string,
  all: readonly TableEntry[],
  host: Host,
): Pick<MatchReport, "nearest"> {
  const found = nearestToExpression(source, all, host);
  if (found === undefined) return {};
  const { entry, length } = found;
  const where = describeSplit(source, length);
  return { nearest: `process ${entry.ref.pid} comes nearest: ${where} (${shown(entry.argv)})` };
}
