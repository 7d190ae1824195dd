import { parsePid, type ProcessRef } from "../../../proc/pid.ts";
import { statIfAny } from "../../../proc/reader.ts";
import type { Finding, Kin, Verdict } from "../../identity/finding.ts";
import type { Relation } from "../../identity/lineage.ts";
import type { Pidfile } from "../../state/pidfile.ts";
import { assertNever } from "../../lib/assert-never.ts";
import { nameOf } from "../../lib/accounts.ts";
import { enumerate } from "../../lib/format.ts";
import type { Host } from "../../host/host.ts";

/** What a look has told of one process. */
export interface Judged {
  readonly process: Pick<ProcessRef, "pid"> & Partial<ProcessRef>;
  /** What decides; undefined: only whose it is was asked. */
  verdict: Exclude<Verdict, { kind: "kin" }> | undefined;
  relation: Relation | undefined;
  kin: Kin | undefined;
}

/** Collects what a look tells of its reasons; a look that begins anew takes the place of the one before. */
export class Findings {
  readonly all = new Map<number, Judged>();
  pidfile: Pidfile = { kind: "none" };
  /** Undefined: it did not come to that. */
  search: Extract<Finding, { about: "search" }>["how"] | undefined;

  readonly tell = (finding: Finding): void => {
    switch (finding.about) {
      case "look":
        this.all.clear();
        this.search = undefined;
        this.pidfile = finding.pidfile;
        return;
      case "search":
        this.search = finding.how;
        return;
      case "process":
        return this.#note(finding);
      default:
        assertNever(finding);
    }
  };

  #note({ process, verdict }: Finding & { about: "process" }): void {
    const known = this.all.get(process.pid);
    const one = known ?? { process, verdict: undefined, relation: undefined, kin: undefined };
    this.all.set(process.pid, one);
    if (verdict.kind === "kin")
      Object.assign(one, { relation: verdict.relation, kin: verdict.kin });
    // What was found before a search was made stays what it is.
    else if (verdict.kind !== "not-needed" || one.verdict === undefined) one.verdict = verdict;
  }
}

/** True where a verdict says that the process is the program, or does its work. */
export function isFor(verdict: Judged["verdict"]): boolean {
  return verdict !== undefined && FOR.has(verdict.kind);
}

const FOR: ReadonlySet<Verdict["kind"]> = new Set([
  "recorded",
  "work",
  "noted-launch",
  "marked-launch",
  "named",
  "successor",
  "free",
  "writer",
] as const);

/** What the words of a reason need besides it. */
export interface ReasonScene {
  readonly program: string;
  /** The process that is the program, if one is. */
  readonly its: number | undefined;
  /** Of a command line that differs: where. */
  readonly difference: string | undefined;
  readonly folderOf: (pid: number) => string | undefined;
  readonly host: Pick<Host, "proc">;
}

/** Why a process is the program, or is not, as a sentence without a subject: "is on record …". */
export function describeVerdict(one: Judged, scene: ReasonScene): string {
  const { verdict, process, kin } = one;
  const { difference, host, program } = scene;
  const whose = kin === undefined ? undefined : describeKin(kin, process, scene);
  switch (verdict?.kind) {
    case undefined:
      return whose ?? "belongs to nobody";
    case "recorded":
      return `is the process on record (${vias[verdict.via ?? "launch"]}), and lives`;
    case "work":
      return "does the work of the shell line, below the shell";
    case "noted-launch":
      return "was launched for it last, as its lock notes; the record names another";
    case "marked-launch":
      return "was launched for it, as USRSVC_LAUNCH in its environment says; no record has that launch";
    case "named":
      return `is named by the pidfile, and ${hows[verdict.how]}`;
    case "successor":
      return `matches, and has taken the place of the process before it${whose === undefined ? "" : `: it ${whose}`}`;
    case "free":
      return "has the command line that is looked for, and belongs to nobody else";
    case "writer":
      return "runs a file that the command names, and writes to the program's log";
    case "ended":
      return describeEnd(verdict.where, process.pid, host);
    case "claimed":
      return `is on its record, but belongs to ${verdict.program}, whose record names it as well`;
    case "unfinished":
      return `is on its record, of a start that was broken off, and does not match${because(difference)}`;
    case "not-ours":
      return verdict.uid === undefined
        ? "is named by the pidfile, but has ended, or is hidden"
        : `is named by the pidfile, but belongs to another account: ${nameOf(verdict.uid)}`;
    case "unlike":
      return `is named by the pidfile, but its command line is another${because(difference)}`;
    case "unproven":
      return `is named by the pidfile, but does not match${because(difference)}, and does not run the program's file (autopid = False)`;
    case "left-over":
      return "is a worker that a process before has left behind: it is ended before the next start";
    case "left-by-stop":
      return "is left of what an operator has stopped";
    case "runs-on":
      return "was named by usrsvc stop as what runs on, and is not the program since";
    case "others":
      return `matches, but ${whose ?? "is another's"}`;
    case "gone":
      return "matched, and has ended just now";
    case "elsewhere": {
      const at = scene.folderOf(process.pid);
      return `matches, but works in ${at ?? "another folder"}; the command means files in ${verdict.folder}`;
    }
    case "onlooker":
      return "only has the program's words in its own: a pager, grep or the like";
    case "worker":
      return "matches, but descends from another match: a worker";
    case "younger":
      return `matches, and belongs to nobody; process ${verdict.than} is older, and the oldest is meant`;
    case "one-of-several":
      return "stems from the program, and stands beside others like it: a worker";
    case "not-needed":
      if (verdict.relation === "own") {
        const shown = whose === undefined ? "" : `: it ${whose}`;
        return `matches, but ${program} is process ${scene.its}, and this is a part of it${shown}`;
      }
      return `matches, and belongs to nobody; but ${program} is process ${scene.its}, found before any search`;
    default:
      return assertNever(verdict);
  }
}

const vias = {
  launch: "launched for it",
  pidfile: "found by its pidfile once",
  scan: "found by its command line once",
} as const;

const hows = {
  matches: "has the command line that is looked for",
  own: "stems from this program",
  written: "that was written since it began, by the program itself (autopid = False)",
  born: "was born of the start that was broken off",
} as const;

function because(difference: string | undefined): string {
  return difference === undefined ? "" : ` (${difference})`;
}

function describeEnd(where: "record" | "pidfile", pid: number, host: ReasonScene["host"]): string {
  const which = where === "record" ? "is on record" : "is named by the pidfile";
  const ref = parsePid(String(pid));
  const stat = ref && statIfAny(host.proc, ref);
  if (stat === undefined) return `${which}, and has ended`;
  if (stat.state !== "Z") return `${which}, and has ended: this is another process with its number`;
  return `${which}, and has ended: its parent, process ${stat.ppid}, has not asked how (a zombie)`;
}

/** Whose a process is, and what shows that. */
export function describeKin(
  kin: Kin,
  { pid }: Judged["process"],
  { program }: Pick<ReasonScene, "program">,
): string {
  const whose = (name: string): string => (name === program ? "this program" : name);
  switch (kin.by) {
    case "record":
      return `is on record for ${whose(kin.program)}`;
    case "forebear":
      return `descends from process ${kin.pid}, or stands in its session: that belongs to ${whose(kin.program)}`;
    case "mark":
      return kin.pid === pid
        ? `was launched for ${whose(kin.program)}, as its environment says`
        : `descends from process ${kin.pid}, which was launched for ${whose(kin.program)}`;
    case "foreign-mark":
      return `was launched by another usrsvc (another configuration file, or a container), as ${kin.program}`;
    case "neighbour":
      return `is ${kin.program} of ${kin.config}`;
    case "other-usrsvc":
      return `descends from process ${kin.pid}, another usrsvc`;
    case "ourselves":
      return "is this command, or a shell that runs it";
    case "usrsvc":
      return "is a usrsvc, or a shell that calls one";
    case "launching":
      return "is being launched just now";
    case "setuid":
      return "runs with the rights of several accounts";
    case "rival":
      return `${traces[kin.trace]} ${enumerate(kin.programs)}`;
    case "retired":
      return "is left of a section that is gone";
    case "copy":
      return "is a copy of what its start had launched";
    default:
      return assertNever(kin);
  }
}

const traces = {
  log: "writes to the log of",
  pidfile: "is named by the pidfile of",
  command: "has the command, word for word, of",
  folder: "works in the folder of",
} as const;
