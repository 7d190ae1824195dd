import { existsSync } from "node:fs";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Standing } from "../config/settings.ts";
import { isSameFile } from "../lib/same-file.ts";
import type { IdentityPorts } from "./ports.ts";
import type { ProgramRecord } from "../state/record.ts";
import { stateTraits } from "../state/states.ts";

/*
 * The same name in two configuration files that share a state folder: two programs, and one record. It
 * is the one's whose process lives, or whose usrsvcd looks after it, whether it runs just now or not. A
 * state folder may be a copy, too, of one that another file has for itself: its records say nothing here.
 */

/** The other file whose program has the record. */
export interface OtherConfig {
  readonly config: string;
  /** Its process; undefined: it does not run just now. */
  readonly process: ProcessRef | undefined;
  /** How it is there, for people. */
  readonly how: string;
}

type OtherHost = Pick<IdentityPorts, "proc" | "config" | "standingIn" | "daemonConfig">;

/** The other configuration file to which the program of this name belongs at the moment, if any. */
export function otherConfig(
  name: string,
  record: ProgramRecord | undefined,
  host: OtherHost,
): OtherConfig | undefined {
  const process = record?.process;
  const theirs = standing(name, record?.config, host) === "here" ? record?.config : undefined;
  if (theirs !== undefined && process !== undefined && lives(process, host)) {
    return { config: theirs, process, how: `runs there as pid ${process.pid}` };
  }
  const config = host.daemonConfig?.();
  if (config === undefined || standing(name, config, host) === "none") return undefined;
  if (theirs === undefined && process !== undefined && lives(process, host)) return undefined;
  const isItsRecord = record?.config !== undefined && isSameFile(record.config, config);
  return { config, process: undefined, how: describe(isItsRecord ? record : undefined) };
}

/**
 * The other configuration file whose program has left the record, which says nothing of ours: it does not
 * run, or has its state folder elsewhere.
 */
export function strangersRecord(
  { name, process, config }: ProgramRecord,
  host: OtherHost,
): string | undefined {
  const how = standing(name, config, host);
  if (how !== "here") return how === "apart" ? config : undefined;
  return process !== undefined && lives(process, host) ? undefined : config;
}

function lives(process: ProcessRef, { proc }: OtherHost): boolean {
  return sameProcess(proc.alive(process.pid), process);
}

/** A file that was moved or removed has no program, nor has one from which the section was taken out. */
function standing(name: string, config: string | undefined, host: OtherHost): Standing {
  if (config === undefined || isSameFile(config, host.config) || !existsSync(config)) return "none";
  return host.standingIn?.(config, name) ?? "here";
}

function describe(record: ProgramRecord | undefined): string {
  if (record?.desired === "down") return "is stopped there";
  const told = record && stateTraits[record.state].elsewhere;
  return told ?? "is looked after there by usrsvcd";
}
