import { executables, searchPath } from "./executables.ts";
import { sameProcess, TICKS_PER_SECOND } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import type { IdentityPorts } from "./ports.ts";
import type { Found } from "./found.ts";
import { imageSeen } from "../state/record-facts.ts";
import { relation } from "./lineage.ts";
import { offspring } from "./offspring.ts";
import type { ProgramRecord } from "../state/record.ts";
import { lookFor, runsOneOf, type Program } from "./program.ts";

/*
 * What takes the place of a process that has ended: an upgrade of gunicorn or nginx, a daemon whose first
 * process has left. It is looked for among what the dead has left, before that is ended.
 */

/** Shortest life of a successor, in ms: a worker that its master's death ends is none. */
const HEIR_LIVES_MS = 250;
/** Time for a new process to set its title or write its pidfile, in ms. */
const HEIR_PATIENCE_MS = 2000;
const HEIR_LOOK_MS = 50;
/** Longest time between the start of a replacement and the end of what it replaces, in seconds. */
const REPLACED_WITHIN_S = 10;

/** The successor of a process. */
export type Heir = Found & { readonly kind: "running" };

/**
 * Looks for the successor of the process on record, which has ended. While something that it left runs
 * one of `executables` (real paths), and was executed again, it is waited for: titles come late.
 */
export async function findHeir(
  program: Program,
  record: ProgramRecord,
  files: readonly string[],
  host: IdentityPorts,
  signal: AbortSignal,
): Promise<Heir | undefined> {
  const end = monotonicMs() + HEIR_PATIENCE_MS;
  for (;;) {
    // Titles are set within the first seconds: the last ones that were seen do not count.
    const found = lookFor(program, record, host, { thorough: true });
    const heir = found.kind === "running" ? await ifItLasts(found, host, signal) : undefined;
    if (heir !== undefined) return heir;
    const mayCome = mayComeYet(record, files, host) || isBeingReplaced(program, files, host);
    if (monotonicMs() >= end || !mayCome) return undefined;
    await sleep(HEIR_LOOK_MS, signal);
  }
}

/** The same for a process whose end nobody has seen: what it executed is known by the settings only. */
export async function findHeirOfUnseen(
  program: Program,
  record: ProgramRecord | undefined,
  host: IdentityPorts,
  signal: AbortSignal,
): Promise<Heir | undefined> {
  const { settings } = program;
  if (settings === undefined || record?.process === undefined) return undefined;
  if (record.state !== "running") return undefined;
  const files = executables(settings, searchPath(settings, host.env));
  const bornAgo = host.proc.uptime() - record.process.startTime / TICKS_PER_SECOND;
  // What was adopted young, in the middle of its start perhaps, may have gone to the background: its copy, with the
  // same image, is the program then. After a start that was watched to its success, a copy is a worker.
  const isYoung = record.via !== "launch" && bornAgo < REPLACED_WITHIN_S;
  const known = isYoung ? imageSeen(record, undefined) : record;
  return await findHeir(program, known, files, host, signal);
}

async function ifItLasts(
  found: Heir,
  { proc }: Pick<IdentityPorts, "proc">,
  signal: AbortSignal,
): Promise<Heir | undefined> {
  const lives = (): boolean => sameProcess(proc.alive(found.process.pid), found.process);
  const end = monotonicMs() + HEIR_LIVES_MS;
  while (monotonicMs() < end) {
    if (!lives()) return undefined;
    await sleep(HEIR_LOOK_MS, signal);
  }
  return lives() ? found : undefined;
}

/**
 * Somebody has started another of a program that writes its own pidfile, and that one has told the first to
 * leave before it names itself there: `haproxy -D -p PIDFILE -sf OLD`.
 */
function isBeingReplaced(
  { name, settings }: Program,
  files: readonly string[],
  host: IdentityPorts,
): boolean {
  if (settings?.autopid !== false || files.length === 0) return false;
  const since = (host.proc.uptime() - REPLACED_WITHIN_S) * TICKS_PER_SECOND;
  return host.table.scan().some(({ ref, argv }) => {
    if (ref.startTime < since || !argv.some((word) => settings.argv.includes(word))) return false;
    return runsOneOf(files, ref, host) && relation(ref, name, host) === "free";
  });
}

/** Something left runs one of the executables, and was executed again. */
function mayComeYet(
  { launch, launched, process, image, session }: ProgramRecord,
  files: readonly string[],
  host: IdentityPorts,
): boolean {
  const leader = launched ?? process;
  if (leader === undefined || files.length === 0) return false;
  const { proc, table } = host;
  return offspring({ launch, launched: leader, session }, table.scan()).some(({ ref }) => {
    if (statIfAny(proc, ref.pid)?.image === image) return false;
    return runsOneOf(files, ref, host);
  });
}
