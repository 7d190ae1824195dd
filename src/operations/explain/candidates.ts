import type { ProcessRef } from "../../../proc/pid.ts";
import { ProcError } from "../../../proc/error.ts";
import { isDead } from "../../../proc/stat.ts";
import { offspring } from "../../identity/offspring.ts";
import { lookAlikes } from "../../identity/nearest-process.ts";
import type { TableEntry } from "../../identity/process-classifier.ts";
import type { Program } from "../../identity/program.ts";
import { nameOf } from "../../lib/accounts.ts";
import { maskWords } from "../../lib/secrets.ts";
import type { Host } from "../../host/host.ts";
import type { Observed } from "../../status/observe-all.ts";
import { describeVerdict, type Findings, isFor, type Judged } from "./findings.ts";
import { describeDifference, nearestToExpression } from "./match-difference.ts";

/** A process, and why it is the program or is not. */
export interface Candidate {
  readonly pid: number;
  readonly isProgram: boolean;
  /** A word for scripts. */
  readonly reason: string;
  /** For people: what follows "process 12". */
  readonly why: string;
  /** Its command line, secrets masked; absent where it has ended, or hides it. */
  readonly command?: string;
}

/** The candidates of one program. */
export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** How many more there are of which the same can be said. */
  readonly candidatesLeftOut?: number;
  /** Pids of what belongs to the program besides: children, helpers. */
  readonly belongings?: readonly number[];
  readonly belongingsLeftOut?: number;
}

/** Number of processes that are told of, and of those that only look alike, and of belongings. */
const MOST = 40;
const MOST_ALIKE = 3;
const MOST_BELONGINGS = 20;

/** All processes that were judged, that only look like the program, or are another account's. */
export function candidatesOf(
  findings: Findings,
  seen: Observed,
  host: Host,
  others: () => readonly ForeignProcess[],
): Candidates {
  const { program, found } = seen;
  const its = found.kind === "running" ? (found.main ?? found.process).pid : undefined;
  const judged = [...findings.all.values()].toSorted(
    (a, b) => Number(isFor(b.verdict)) - Number(isFor(a.verdict)),
  );
  // Only whose it is was asked of it: what the search has passed over.
  const rows = judged
    .filter(({ verdict, process }) => verdict !== undefined || process.pid === its)
    .map((one) => rowOf(one, program, its, host));
  const told = new Set(rows.map(({ pid }) => pid));
  const all = host.table.scan({ maxAgeMs: 1000 });
  const mine = belongings(seen, all, host).filter(({ ref }) => !told.has(ref.pid));
  for (const { ref } of mine) told.add(ref.pid);
  const alike = its === undefined ? alikeRows(program, all, told, host) : [];
  for (const { pid } of alike) told.add(pid);
  const foreign = foreignMatches(program, others()).filter(({ pid }) => !told.has(pid));
  const rest = [...rows, ...alike, ...foreign];
  const left = rest.length - MOST;
  return {
    candidates: rest.slice(0, MOST),
    ...(left > 0 && { candidatesLeftOut: left }),
    ...(mine.length > 0 && {
      belongings: mine.slice(0, MOST_BELONGINGS).map(({ ref }) => ref.pid),
    }),
    ...(mine.length > MOST_BELONGINGS && { belongingsLeftOut: mine.length - MOST_BELONGINGS }),
  };
}

function rowOf(one: Judged, program: Program, its: number | undefined, host: Host): Candidate {
  const { pid } = one.process;
  const argv = cmdlineOf(one.process, host);
  const why = describeVerdict(one, {
    program: program.name,
    its,
    difference: argv && describeDifference(argv, program),
    folderOf: () => folderOf(one.process, host),
    host,
  });
  return {
    pid,
    isProgram: isFor(one.verdict) || pid === its,
    reason: one.verdict?.kind ?? "own",
    why,
    ...(argv !== undefined && { command: shown(argv) }),
  };
}

/** What comes nearest, where nothing is the program: one for an expression, a few for a command. */
function alikeRows(
  program: Program,
  all: readonly TableEntry[],
  told: ReadonlySet<number>,
  host: Host,
): readonly Candidate[] {
  const match = program.settings?.match;
  const left = all.filter(({ ref, argv }) => !told.has(ref.pid) && argv.length > 0);
  const some = lookAlikes(program, left, host).slice(0, MOST_ALIKE);
  if (match?.kind !== "title") return some.map((one) => unlikeRow(one, program, host));
  const near = nearestToExpression(match.source, left, host);
  return [...new Set([...(near === undefined ? [] : [near.entry]), ...some])]
    .slice(0, MOST_ALIKE)
    .map((one) => unlikeRow(one, program, host));
}

function unlikeRow({ ref, argv }: TableEntry, program: Program, host: Host): Candidate {
  const difference = describeDifference(argv, program);
  const how = difference === undefined ? "its command line does not match" : difference;
  return {
    pid: ref.pid,
    isProgram: false,
    reason: "looks-alike",
    why: `looks alike, but is ${host.ownerOf(ref) ?? "another"}: ${how}`,
    command: shown(argv),
  };
}

/** What stems from its launch. */
function belongings(
  { found, file }: Observed,
  all: readonly TableEntry[],
  host: Host,
): readonly TableEntry[] {
  if (found.kind === "absent") return [];
  const { launch, launched = found.process, image, session } = file.record ?? {};
  return offspring({ launch, launched, image, session }, all, host).filter(
    ({ ref }) => ref.pid !== found.process.pid,
  );
}

/** What matches, and is another account's: looked for only where somebody asks. */
function foreignMatches(
  { pattern }: Program,
  others: readonly ForeignProcess[],
): readonly Candidate[] {
  return others.flatMap(({ pid, uid, argv }) =>
    pattern.matches(argv)
      ? [
          {
            pid,
            isProgram: false,
            reason: "not-ours",
            why: `matches, but belongs to another account: ${nameOf(uid)}`,
            command: shown(argv),
          },
        ]
      : [],
  );
}

/** A process of another account, as far as the kernel shows it. */
export interface ForeignProcess {
  readonly pid: number;
  readonly uid: number;
  readonly argv: readonly string[];
}

/** The living processes of other accounts whose command line can be seen. */
export function foreignProcesses({ proc }: Pick<Host, "proc">): readonly ForeignProcess[] {
  const us = process.getuid?.() ?? 0;
  return proc.pids().flatMap((pid) => {
    try {
      const uid = proc.uid(pid);
      if (uid === us) return [];
      const argv = proc.cmdline(pid);
      return argv.length === 0 || isDead(proc.stat(pid)) ? [] : [{ pid, uid, argv }];
    } catch (error) {
      if (error instanceof ProcError) return []; // gone, or hidden
      throw error;
    }
  });
}

function cmdlineOf(ref: Judged["process"], { proc }: Host): readonly string[] | undefined {
  try {
    // A number that another process has got is not what was judged.
    if (ref.startTime !== undefined && proc.stat(ref.pid).startTime !== ref.startTime)
      return undefined;
    const argv = proc.cmdline(ref.pid);
    return argv.length === 0 ? undefined : argv;
  } catch (error) {
    if (error instanceof ProcError) return undefined;
    throw error;
  }
}

function folderOf({ pid }: Pick<ProcessRef, "pid">, { proc }: Host): string | undefined {
  try {
    return proc.cwd(pid);
  } catch (error) {
    if (error instanceof ProcError) return undefined;
    throw error;
  }
}

/** A command line for people. */
export function shown(argv: readonly string[]): string {
  return maskWords(argv).join(" ").trim();
}
