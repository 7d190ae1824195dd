import type { Pid, ProcessRef } from "../../../proc/pid.ts";
import { showExit } from "../../events/shown-exit.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import type { Found } from "../../identity/found.ts";
import { nearestProcess } from "../../identity/nearest-process.ts";
import type { Program } from "../../identity/program.ts";
import { nameOf as nameOfAccount } from "../../lib/accounts.ts";
import { formatDuration, shorten } from "../../lib/format.ts";
import { describeExit } from "../../lib/describe-exit.ts";
import { describeIgnored } from "../../lifecycle/ignored.ts";
import type { StopOutcome } from "../../lifecycle/stop.ts";
import type { ActionResult } from "../operation.ts";

/** What it took to end a process, for people and JSON. */
export function describeStop(
  outcome: Exclude<StopOutcome, { readonly kind: "stuck" }>,
  target: ProcessRef | undefined,
  found: Found,
  complaints: readonly string[],
): Omit<ActionResult, "program" | "action"> {
  const others = found.kind === "running" ? found.others : [];
  const details = others.map(({ pid }) => `process ${pid} also matches and was left alone`);
  details.push(...new Set(complaints));
  const more = details.length > 0 ? { details } : {};
  const { leftBehind } = outcome;
  const rest =
    leftBehind === 0 ? "" : `; ${leftBehind} left-over process${leftBehind > 1 ? "es" : ""} ended`;
  if (outcome.kind === "not-running" || target === undefined) {
    return { result: "down", code: ExitCode.ok, message: `was not running${rest}`, ...more };
  }
  const { kind, exit } = outcome;
  return {
    result: kind === "terminated" ? "stopped" : "killed",
    code: ExitCode.ok,
    pid: target.pid,
    exit: showExit(exit),
    message: `stopped, pid ${target.pid}: ${describeEnd(outcome)} (${describeExit(exit)})${rest}`,
    ...more,
  };
}

type StopDone = Extract<StopOutcome, { readonly kind: "terminated" | "killed" }>;

function describeEnd({ kind, sent, tookMs }: StopDone): string {
  const took = formatDuration(tookMs);
  const last = sent.at(-1)?.signal;
  if (last === undefined) return `ended by stop_command in ${took}`;
  if (sent.length < 2) return `${kind} in ${took}`;
  const how = kind === "killed" ? "killed" : `terminated by ${last} in ${took}`;
  return `${how}, because ${describeIgnored(sent)}`;
}

/** It has become another account (sudo, a setuid file). That it is to be down counts from its end on. */
export function leftToOwner(
  { name }: Program,
  action: "stop" | "restart",
  { pid }: ProcessRef,
  owner: number,
): ActionResult {
  const then = action === "stop" ? "; once it has ended, it stays down" : "";
  const message =
    `not ${action === "stop" ? "stopped" : "restarted"}: process ${pid} belongs to ${nameOfAccount(owner)}, ` +
    `and this account cannot end it; ${nameOfAccount(owner)} can: kill ${pid}${then}`;
  return { program: name, action, result: "failed", code: ExitCode.permission, message };
}

/** Whoever stops a program believes that it runs: what was looked for, and what was there instead. */
export function describeSearch(
  program: Program,
  { pidfile }: Found,
  host: Host,
): readonly string[] {
  const { pattern, pidfile: path, scanForProcess } = program;
  const where = scanForProcess ? "" : " (scan_for_process = False: by its pidfile only)";
  const said = {
    none: "which does not exist",
    pid: "pid" in pidfile ? `which names ${nameOf(pidfile.pid, host)}` : "",
    garbage: "which contains no pid",
    unreadable: "which cannot be read",
  }[pidfile.kind];
  const file = path === undefined ? "" : `, and its pidfile ${path}, ${said}`;
  return [
    `looked for ${pattern.description}${where}${file}`,
    ...[nearestProcess(program, host)].filter((text) => text !== undefined),
  ];
}

function nameOf(pid: Pid, { proc }: Host): string {
  if (proc.alive(pid) === undefined) return `process ${pid}, which has ended`;
  try {
    return `process ${pid}: ${shorten(proc.cmdline(pid).join(" "))}`;
  } catch {
    return `process ${pid}, of another account`;
  }
}
