import type { ProcessRef } from "../../proc/pid.ts";
import type { Pidfile } from "../state/pidfile.ts";
import type { Via } from "../state/record.ts";
import type { Relation } from "./lineage.ts";

/*
 * Why a process is a program, or is not, as the code that decides it says it: to whoever asks, and at no cost where
 * nobody does.
 */

/** What shows whose a process is. */
export type Kin =
  /** It is on record for a program, or was launched for it. */
  | { readonly by: "record"; readonly program: string }
  /** It stands in the session of a program, or descends from what does; `pid`: the one that shows it. */
  | { readonly by: "forebear"; readonly program: string; readonly pid: number }
  /** Its environment, or that of the forebear `pid`, bears the mark of a launch. */
  | { readonly by: "mark"; readonly program: string; readonly pid: number }
  /** That mark is of another usrsvc: another configuration file, or a container. */
  | { readonly by: "foreign-mark"; readonly program: string; readonly pid: number }
  /** Another state folder of this account has it. */
  | { readonly by: "neighbour"; readonly program: string; readonly config: string }
  /** It descends from another usrsvc or usrsvcd. */
  | { readonly by: "other-usrsvc"; readonly pid: number }
  /** It is this command, or the shell in which it was called. */
  | { readonly by: "ourselves" }
  /** It is a usrsvc or usrsvcd, or a shell that calls one. */
  | { readonly by: "usrsvc" }
  /** It is being launched just now. */
  | { readonly by: "launching" }
  /** It runs with the rights of several accounts. */
  | { readonly by: "setuid" }
  /** Nothing says whose it is, but that a trace of it leads to another program. */
  | { readonly by: "rival"; readonly trace: Trace; readonly programs: readonly string[] }
  /** It is left of a section that is gone, and the program has launches of its own. */
  | { readonly by: "retired" }
  /** A start was broken off, and this is a copy of what that had launched. */
  | { readonly by: "copy" };

/** What of a process leads to a program: what it writes to, who wrote its pid, its words, its folder. */
export type Trace = "log" | "pidfile" | "command" | "folder";

/** What a look says of one process. */
export type Verdict =
  /** How it stands to the program; undefined: nothing shows whose it is. */
  | { readonly kind: "kin"; readonly relation: Relation; readonly kin: Kin | undefined }
  // It is the program:
  | { readonly kind: "recorded"; readonly via: Via | undefined }
  /** What does the work of the shell that is the program. */
  | { readonly kind: "work" }
  | { readonly kind: "noted-launch" }
  | { readonly kind: "marked-launch" }
  | { readonly kind: "named"; readonly how: "matches" | "own" | "written" | "born" }
  | { readonly kind: "successor" }
  | { readonly kind: "free" }
  | { readonly kind: "writer" }
  // It is not:
  | { readonly kind: "ended"; readonly where: "record" | "pidfile" }
  /** Two records name it. */
  | { readonly kind: "claimed"; readonly program: string }
  /** Its start was broken off, and it does not match. */
  | { readonly kind: "unfinished" }
  /** The pidfile names it. */
  | { readonly kind: "not-ours"; readonly uid: number | undefined }
  | { readonly kind: "unlike" }
  | { readonly kind: "unproven" }
  | { readonly kind: "left-over" }
  | { readonly kind: "left-by-stop" }
  | { readonly kind: "runs-on" }
  | { readonly kind: "others" }
  | { readonly kind: "gone" }
  | { readonly kind: "elsewhere"; readonly folder: string }
  /** A command such as less or grep that has the program's name in its words. */
  | { readonly kind: "onlooker" }
  | { readonly kind: "worker" }
  | { readonly kind: "younger"; readonly than: number }
  | { readonly kind: "one-of-several" }
  // Both might be:
  /** It matches, and would be a candidate if the program had not been found before that. */
  | { readonly kind: "not-needed"; readonly relation: Relation };

/** What a look tells in passing. */
export type Finding =
  /** It begins anew: what was told before is void. */
  | { readonly about: "look"; readonly pidfile: Pidfile }
  /** The search through all processes: it was not made, why not, or how many were looked at. */
  | { readonly about: "search"; readonly how: "needless" | "off" | "none" | number }
  | {
      readonly about: "process";
      readonly process: Pick<ProcessRef, "pid"> & Partial<ProcessRef>;
      readonly verdict: Verdict;
    };

/** Called with each finding. Undefined wherever nobody asks for reasons. */
export type Tell = (finding: Finding) => void;

/** Tells of one process. */
export function tellOf(
  tell: Tell | undefined,
  process: Pick<ProcessRef, "pid"> & Partial<ProcessRef>,
  verdict: Verdict,
): void {
  tell?.({ about: "process", process, verdict });
}
