import { existsSync } from "node:fs";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { isSameFile } from "../same-file.ts";
import type { Host } from "./host.ts";
import type { ProgramRecord } from "./record.ts";

/*
 * The same name in two configuration files that share a state folder: two programs, and one record. It
 * is the one's whose process lives, or whose usrsvcd looks after it, whether it runs just now or not.
 */

/** The other file whose program has the record. */
export interface OtherConfig {
  readonly config: string;
  /** Its process; undefined: it does not run just now. */
  readonly process: ProcessRef | undefined;
  /** How it is there, for people. */
  readonly how: string;
}

type OtherHost = Pick<Host, "proc" | "config" | "isConfiguredIn" | "daemonConfig">;

/** The other configuration file to which the program of this name belongs at the moment, if any. */
export function otherConfig(
  name: string,
  record: ProgramRecord | undefined,
  host: OtherHost,
): OtherConfig | undefined {
  const process = record?.process;
  const theirs = isOthers(name, record?.config, host) ? record?.config : undefined;
  if (theirs !== undefined && process !== undefined && lives(process, host)) {
    return { config: theirs, process, how: `runs there as pid ${process.pid}` };
  }
  const config = host.daemonConfig?.();
  if (!isOthers(name, config, host)) return undefined;
  if (theirs === undefined && process !== undefined && lives(process, host)) return undefined;
  const isItsRecord = record?.config !== undefined && isSameFile(record.config, config);
  return { config, process: undefined, how: describe(isItsRecord ? record : undefined) };
}

/** The other configuration file whose program, which does not run, has left the record: it says nothing of ours. */
export function strangersRecord(
  { name, process, config }: ProgramRecord,
  host: OtherHost,
): string | undefined {
  if (!isOthers(name, config, host)) return undefined;
  return process !== undefined && lives(process, host) ? undefined : config;
}

function lives(process: ProcessRef, { proc }: OtherHost): boolean {
  return sameProcess(proc.alive(process.pid), process);
}

/** A file that was moved or removed has no program, nor has one from which the section was taken out. */
function isOthers(name: string, config: string | undefined, host: OtherHost): config is string {
  if (config === undefined || isSameFile(config, host.config) || !existsSync(config)) return false;
  return host.isConfiguredIn?.(config, name) ?? true;
}

function describe(record: ProgramRecord | undefined): string {
  if (record?.wish === "down") return "is stopped there";
  if (record?.phase === "backoff") return "waits there for its next start";
  if (record?.phase === "fatal") return "was given up there";
  return "is looked after there by usrsvcd";
}
