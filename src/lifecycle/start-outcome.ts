import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type { ReadyWhen } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { describeExit } from "../lib/describe-exit.ts";
import type { LogEnds } from "../launch/output.ts";
import type { ProgramRecord, Via } from "../state/record.ts";

/** What became of a start. */
export type StartOutcome =
  | {
      readonly kind: "started";
      readonly process: ProcessRef;
      /** What does the work of a shell line, if it runs already. */
      readonly main: ProcessRef | undefined;
      readonly via: Via;
      readonly record: ProgramRecord;
      /** How far its logs went before; undefined where it was not launched from here. */
      readonly logged?: LogEnds;
      /** What an operator should know although it runs. */
      readonly notes: readonly string[];
    }
  /** We were asked to exit in the middle; what was launched keeps running. */
  | { readonly kind: "interrupted"; readonly process: ProcessRef; readonly record: ProgramRecord }
  | StartFailure;

/** The program does not run. */
export interface StartFailure {
  readonly kind: "failed";
  readonly code: ExitCode;
  /** One line: what happened. */
  readonly reason: string;
  /** The error of the system, where it is none of the program's (fault.ts); nothing was launched. */
  readonly trouble?: string | undefined;
  /** How the launched process ended, if it did. */
  readonly exit: Exit | undefined;
  readonly pid: number | undefined;
  /** How long it ran before that, in ms. */
  readonly tookMs?: number | undefined;
  /** Something of it lived on, and was ended: it went to the background, most likely. */
  readonly hasLeft?: boolean;
  /** Further lines: what was looked for, what was there instead. */
  readonly details: readonly string[];
  /** Last lines that the program wrote in this start. */
  readonly output: readonly string[];
}

/** A start that did not get so far that anything was launched. */
export function failure(code: ExitCode, reason: string, trouble?: string): StartFailure {
  return {
    kind: "failed",
    code,
    reason,
    trouble,
    exit: undefined,
    pid: undefined,
    details: [],
    output: [],
  };
}

/** What the end of a launched process within the window means. */
export function describeEarlyExit(
  exit: Exit,
  successMs: number,
  ready?: ReadyWhen,
): Pick<StartFailure, "code" | "reason"> {
  const cannotExecute = exit.kind === "code" && (exit.code === 126 || exit.code === 127);
  const when =
    ready === undefined
      ? `within success_seconds (${successMs / 1000})`
      : `before it was ready (${ready.text})`;
  return {
    code: cannotExecute ? ExitCode.failedToLaunch : ExitCode.exitedUnexpectedly,
    reason: `${describeExit(exit)} ${when}${hint(exit)}`,
  };
}

function hint(exit: Exit): string {
  if (exit.kind !== "code") return "";
  if (exit.code === 127) return ": 127 usually means that there is no such command";
  if (exit.code === 126) return ": 126 usually means that a file is not executable";
  return "";
}
