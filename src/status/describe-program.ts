import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, TICKS_PER_SECOND } from "../../proc/pid.ts";
import { ageMs } from "../../proc/uptime.ts";
import { showExit } from "../events/shown-exit.ts";
import { describeElsewhere } from "../identity/elsewhere.ts";
import type { IdentityPorts } from "../identity/ports.ts";
import type { Program } from "../identity/program.ts";
import { describeLeft, leftOfLast } from "../lifecycle/stragglers.ts";
import { describeCaller } from "../lib/caller.ts";
import { showHold } from "../state/hold.ts";
import { withCaller, workerOn } from "../state/at-work.ts";
import { olderKeys } from "../state/launch-parts.ts";
import type { ProgramRecord } from "../state/record.ts";
import { isHeard, readStatusText } from "../notify/status-text.ts";
import { windowLeftMs } from "../state/start-window.ts";
import { differences } from "./differences.ts";
import type { Memory } from "./memory.ts";
import type { Observation } from "./observe.ts";
import { describeDue, jobFacts } from "./job-outlook.ts";
import { hasEndedUnseen, outlook } from "./outlook.ts";
import { problems } from "./problems.ts";
import { isFresh, isUnderWay, isUnjudged, liveState } from "./shown-state.ts";
import type { ProgramStatus } from "./status.ts";
import type { StatusContext } from "./status-context.ts";
import { isWanted } from "./wanted.ts";

/** What was read of its process; undefined: there is none. */
export interface Measured {
  readonly memory: Memory | undefined;
  /** Processor time since its birth. */
  readonly cpuTicks: number | undefined;
}

/** What there is to tell of one program, as a value. */
export function describeProgram(
  { program, file, found, launch, other }: Observation,
  { memory, cpuTicks }: Measured,
  around: StatusContext,
): ProgramStatus {
  const { record } = file;
  const unseen =
    found.kind === "absent" && hasEndedUnseen(record) && !isUnderWay(program, record, around)
      ? record.process
      : undefined;
  // Then the run on record is the one before it.
  const known = unseen && record ? { ...record, lastExit: undefined } : record;
  const base = {
    program: program.name,
    enabled: program.enabled,
    wanted: isWanted(program, file, found.kind === "running", around),
    restarts: file.record?.restarts ?? 0,
    failures: file.record?.failures ?? 0,
    ...lastExit(record, unseen),
    ...jobFacts(program.settings, known, isLookedAfter(program, around), Date.now()),
    ...problems(program, found, file, memory, around),
    ...heldBy(program, around),
  };
  if (other !== undefined) {
    const reason = `${other.config} has a program of this name too, which ${other.how}`;
    const next = "nothing: give one of them another name, or another state_dir";
    return {
      program: base.program,
      enabled: base.enabled,
      wanted: base.enabled,
      restarts: 0,
      failures: 0,
      state: "stopped",
      reason,
      next,
    };
  }
  const living =
    found.kind === "running"
      ? describeProcess(found.main ?? found.process, { memory, cpuTicks }, around)
      : undefined;
  if (found.kind === "absent" && isFresh(program, launch, around.host))
    return { ...base, state: "starting" };
  if (found.kind === "absent" && isUnderWay(program, file.record, around)) {
    return { ...base, state: "starting" };
  }
  if (found.kind === "absent" || living === undefined) {
    const broken = launch === undefined ? {} : { reason: "its start was interrupted" };
    const down = { ...outlook(program, file, around, Date.now()), ...broken };
    const why = [down.reason ?? [], ...describeElsewhere(found, around.host)].flat();
    return {
      ...base,
      ...down,
      ...stoppedWith(program, around),
      ...leftBehind(base, file.record, around.host),
      ...(why.length === 0 ? {} : { reason: why.join("; ") }),
    };
  }
  const state = liveState(program, file.record, found.process, around);
  const otherwise = differences(program, file.record, found.process, around.host);
  return {
    ...base,
    state,
    ...(base.nextDueAt === undefined
      ? {}
      : { next: `due again at ${describeDue(new Date(base.nextDueAt), Date.now())}` }),
    ...(state === "starting" ? waitsFor(program, file.record, around) : {}),
    ...(state === "stopping" ? whyEnded(file.record) : {}),
    ...(state === "starting" || state === "stopping" ? workedOn(program, around) : {}),
    via: found.via,
    ...living,
    ...said(program, found.process, around),
    ...(found.others.length > 0 ? { otherPids: found.others.map(({ pid }) => pid) } : {}),
    ...older(program, file.record),
    ...(otherwise.length > 0 ? { differences: otherwise } : {}),
  };
}

function heldBy({ name }: Program, { holds }: StatusContext): Pick<ProgramStatus, "hold"> {
  const hold = holds?.get(name);
  return hold === undefined ? {} : { hold: showHold(hold) };
}

function stoppedWith(
  { name }: Program,
  { remembered }: StatusContext,
): Pick<ProgramStatus, "remembered"> {
  const one = remembered?.get(name);
  return one === undefined ? {} : { remembered: { at: one.at, by: describeCaller(one.by) } };
}

function isLookedAfter({ name }: Program, { daemon, looksAfter }: StatusContext): boolean {
  return daemon === "here" && (looksAfter?.has(name) ?? true);
}

/** What its start waits for, as whoever judges it saw it last. */
function waitsFor(
  program: Program,
  record: ProgramRecord | undefined,
  around: StatusContext,
): Pick<ProgramStatus, "reason" | "next"> {
  const { uptimeSeconds } = around;
  const { ready } = program.settings ?? {};
  if (ready !== undefined && isUnjudged(program, record, around)) {
    const reason = `whoever started it was gone before it was seen ready (ready = ${ready.text})`;
    const isLeft = !isLookedAfter(program, around) || around.holds?.has(program.name) === true;
    // READY=1 is said once.
    const act = ready.kind === "notify" ? "takes it as it is" : "looks whether it is ready";
    const next = `${isLeft ? `usrsvc start ${program.name}` : "usrsvcd"} ${act}`;
    return { reason, next };
  }
  if (record?.state !== "starting" || record.reason === undefined) return {};
  const { launched, windowEndsAt } = record;
  if (launched === undefined || windowEndsAt === undefined) return { reason: record.reason };
  const allMs = ((windowEndsAt - launched.startTime) / TICKS_PER_SECOND) * 1000;
  const passedMs = Math.max(0, allMs - windowLeftMs(record, uptimeSeconds));
  const [passed, all] = [passedMs, allMs].map((ms) => Math.round(ms / 1000));
  return { reason: `${record.reason}, ${passed} s of ${all} s` };
}

/** Two people may act at once. */
function workedOn({ name }: Program, { host }: StatusContext): Pick<ProgramStatus, "workedOnBy"> {
  const worker = workerOn(name, host);
  if (worker === undefined || worker.isDaemon) return {};
  return { workedOnBy: withCaller(worker.name, worker.pid) };
}

/** Why it is being ended, where that was not an operator's wish; or why it could not be. */
function whyEnded(record: ProgramRecord | undefined): Pick<ProgramStatus, "reason"> {
  return record?.state === "stopping" && record.reason !== undefined
    ? { reason: record.reason }
    : {};
}

/** Its workers, for example, which may keep its port. */
function leftBehind(
  { problems: known = [] }: Pick<ProgramStatus, "problems">,
  record: ProgramRecord | undefined,
  host: IdentityPorts,
): Pick<ProgramStatus, "problems"> {
  const left = record === undefined ? [] : describeLeft(leftOfLast(record, host));
  return left.length === 0 ? {} : { problems: [...known, ...left] };
}

function lastExit(
  record: ProgramRecord | undefined,
  unseen: ProcessRef | undefined,
): Pick<ProgramStatus, "lastExit"> {
  // It ran, and is gone without a word: the exit on record is that of a process before it.
  if (unseen !== undefined) return { lastExit: { pid: unseen.pid, unknown: true } };
  if (record?.lastExit === undefined) return {};
  const { exit, at, pid, by, wrote, tookMs } = record.lastExit;
  const more = {
    ...(by === undefined ? {} : { by }),
    ...(wrote === undefined ? {} : { wrote }),
    ...(tookMs === undefined ? {} : { tookSeconds: tookMs / 1000 }),
  };
  return { lastExit: { ...showExit(exit, at, pid), ...more } };
}

/** What it says of itself, if that was said since its birth. */
function said(
  { name, settings }: Program,
  { startTime }: ProcessRef,
  { host }: Pick<StatusContext, "host">,
): Pick<ProgramStatus, "statusText"> {
  if (settings === undefined || !isHeard(settings)) return {};
  const last = readStatusText(host.state, name);
  const bornAt = Date.now() - ageMs(startTime, host.proc.uptime()); // both as of now
  return last === undefined || last.at < bornAt - CLOCK_MS ? {} : { statusText: last.text };
}

/** Start times are counted in ticks, in ms. */
const CLOCK_MS = 50;

type Living = Required<Pick<ProgramStatus, "pid" | "uptimeSeconds">> &
  Pick<ProgramStatus, "privateBytes" | "cpuSeconds" | "cpuPercent" | "command">;

/** Undefined: it left while we looked. */
function describeProcess(
  ref: ProcessRef,
  { memory, cpuTicks }: Measured,
  { host, uptimeSeconds, withCommands }: StatusContext,
): Living | undefined {
  if (memory === "gone") return undefined;
  try {
    const age = Math.max(0, ageMs(ref.startTime, uptimeSeconds));
    return {
      pid: ref.pid,
      uptimeSeconds: Math.round(age / 100) / 10,
      ...(typeof memory === "number" ? { privateBytes: memory } : {}),
      ...shareOf(cpuTicks, age),
      // The command line waits for the memory lock as well, which was free just now, or never was.
      ...(withCommands && memory !== "hangs" ? commandOf(ref, host) : {}),
    };
  } catch (error) {
    if (error instanceof ProcError && error.code === "gone") return undefined;
    throw error;
  }
}

/** Over its life: a share of one processor. */
function shareOf(
  cpuTicks: number | undefined,
  ageMillis: number,
): Pick<ProgramStatus, "cpuSeconds" | "cpuPercent"> {
  if (cpuTicks === undefined) return {};
  const cpuSeconds = cpuTicks / TICKS_PER_SECOND;
  if (ageMillis === 0) return { cpuSeconds };
  return { cpuSeconds, cpuPercent: Math.round((cpuSeconds * 1e6) / ageMillis) / 10 };
}

/** Nothing where that is hidden, or cannot be understood: the process is there all the same. */
function commandOf(
  { pid }: ProcessRef,
  { proc }: Pick<IdentityPorts, "proc">,
): Pick<ProgramStatus, "command"> {
  try {
    return { command: proc.cmdline(pid).join(" ") };
  } catch (error) {
    if (error instanceof ProcError && error.code !== "gone") return {};
    throw error;
  }
}

/** Its process was launched with settings that have been changed since. */
function older(
  { settings }: Program,
  record: ProgramRecord | undefined,
): Pick<ProgramStatus, "olderSettings" | "olderKeys"> {
  const keys = olderKeys(settings, record);
  if (keys === undefined) return {};
  return { olderSettings: true, ...(keys.length > 0 ? { olderKeys: keys } : {}) };
}
