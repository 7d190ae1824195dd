import type { Host } from "../../host/host.ts";
import { type Program, removedProgram } from "../../identity/program.ts";
import { hasHistory } from "../../state/history-tail.ts";
import { readRecord } from "../../state/record-file.ts";
import type { ProgramStatus } from "../../status/status.ts";
import type { UnknownProgram } from "../choose.ts";

/** A name that no configuration file has, and of which something is on record all the same. */
export function formerProgram(
  unknown: UnknownProgram,
  { state, proc, config, standingIn }: Host,
): { readonly program: Program | undefined; readonly unknown: UnknownProgram } {
  const { program: name, message } = unknown;
  const { record } = readRecord(state, name, proc.bootId());
  const theirs = record?.config;
  if (theirs !== undefined && theirs !== config && standingIn?.(theirs, name) === "here") {
    const hint = `it is a program of ${theirs}: usrsvc -c ${theirs} explain ${name}`;
    return { program: undefined, unknown: { program: name, message: `no such program; ${hint}` } };
  }
  if (record !== undefined) return { program: removedProgram(record), unknown };
  if (!hasHistory(state, name)) return { program: undefined, unknown };
  const hint = `it is gone, and what happened to it is still there: usrsvc events ${name}`;
  return { program: undefined, unknown: { program: name, message: `${message}; ${hint}` } };
}

/** Of a program that is in no configuration file any more, and does not run either. */
export function ofFormer(status: ProgramStatus): ProgramStatus {
  return {
    ...status,
    next: "nothing: no configuration file has it any more",
    problems: [],
  };
}
