import { startWindowMs } from "../../state/start-window.ts";
import { TICKS_PER_SECOND } from "../../../proc/pid.ts";
import { ageMs } from "../../../proc/uptime.ts";
import { within } from "../../lib/clock.ts";
import { livingDaemon, daemonInCharge } from "../../state/daemon-alive.ts";
import type { DaemonInfo } from "../../state/daemon-info.ts";
import { inheritedEnvironment } from "../../launch/environment.ts";
import { lookNow, type Program } from "../../identity/program.ts";
import { askDaemon, type Said } from "./ask.ts";
import { startProgram } from "../one-program/operate.ts";
import { type ActionResult, type Operation, withDetails } from "../operation.ts";
import type { Request } from "./request.ts";

type Act = (program: Program, operation: Operation) => Promise<ActionResult>;

/** Number of times that another usrsvcd is asked, if the one before has ended in the middle. */
const MOST_ROUNDS = 2;

/**
 * A start or restart, carried out by usrsvcd if one is running for this configuration file, else by `act`, here.
 * So a manual start and an automatic one give the same result.
 *
 * @param isHere this shell's environment is wanted
 */
export async function throughDaemon(
  program: Program,
  action: Request["action"],
  isHere: boolean,
  operation: Operation,
  act: Act,
): Promise<ActionResult> {
  const { settings, enabled, name } = program;
  // What cannot be started is refused here, and what nobody supervises is started here.
  if (settings === undefined || !enabled) return await act(program, operation);
  let env: Record<string, string> | undefined;
  let notes: readonly string[] = [];
  let left = action;
  let isOlderInDaemon = false;
  const asked = now(operation);
  const outcome = (result: ActionResult, more: readonly string[] = notes): ActionResult =>
    withNotes(left === action ? result : inOtherWords(result, action), more);
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const daemon = daemonInCharge(operation.host);
    if (daemon === undefined) break;
    if (isHere) {
      const note =
        "started with this shell's environment (--here); usrsvcd would start it with its own";
      return withNotes(await act(program, operation), [note]);
    }
    env = environmentOf(daemon, operation) ?? env; // read now: it may end in the middle
    const said = await askDaemon(settings, left, operation);
    if (said.kind === "done") return outcome(said.result);
    notes = [describe(said, name)];
    isOlderInDaemon = said.kind === "declined" && said.why === "older";
    if (said.kind === "declined" || said.why !== "ended") break;
    if (await isStartAllThatIsLeft(program, asked, operation)) left = "start";
  }
  const host = { ...operation.host, env: env ?? operation.host.env };
  const here = { ...operation, host, isOlderInDaemon };
  const result = await (left === action ? act(program, here) : startProgram(program, here));
  if (notes.length === 0) return outcome(result, otherDaemon(operation));
  const isGone = daemonInCharge(operation.host) === undefined;
  return outcome(
    result,
    isGone ? [...notes, "usrsvcd is no longer running; start it: usrsvcd start"] : notes,
  );
}

/** With the environment that a program has from usrsvcd, if one runs, for the commands that are run beside it. */
export function inDaemonsEnvironment({ settings }: Program, operation: Operation): Operation {
  const { stopCommand, beforeStop, afterExit, reload } = settings ?? {};
  const commands = [stopCommand, beforeStop, afterExit];
  const hasCommand = commands.some((one) => one !== undefined) || reload?.kind === "command";
  const daemon = hasCommand ? daemonInCharge(operation.host) : undefined;
  const env = daemon && environmentOf(daemon, operation);
  return env === undefined ? operation : { ...operation, host: { ...operation.host, env } };
}

/** Why usrsvcd has not carried it out. */
function describe(said: Exclude<Said, { kind: "done" }>, name: string): string {
  const who = "daemon" in said && said.daemon ? `usrsvcd, pid ${said.daemon.pid},` : "usrsvcd";
  switch (said.why) {
    case "unknown":
      return `usrsvcd does not know ${name} yet and will not start it again; run usrsvcd reread`;
    case "older":
      return (
        `usrsvcd has older settings of ${name} than the file and would use those when it restarts ` +
        `it; run usrsvcd reread (next time: usrsvc restart --reread ${name})`
      );
    case "unasked":
      return `usrsvcd could not be asked, so this was done without it: ${said.reason}`;
    case "silent":
      return `${who} did not take the request in time, so this was done without it`;
    case "gone":
      return `${who} ended before it took the request, so this was done without it`;
    case "ended":
      return `${who} ended in the middle of it`;
  }
}

/**
 * usrsvcd has ended in the middle. What was born since we asked is what we asked for, and what ran before
 * may have ended: then nothing is to be stopped any more, and nothing is started twice.
 */
async function isStartAllThatIsLeft(
  program: Program,
  asked: number,
  { host, signal }: Operation,
): Promise<boolean> {
  const { found } = lookNow(program, host, { maxAgeMs: 0 });
  if (found.kind === "absent") return true;
  const { process } = found;
  if (process.startTime < asked) return false;
  if (program.settings?.ready !== undefined) return true; // the start itself waits for that
  using watch = host.watcher().open(process);
  const rest = startWindowMs(program.settings) - ageMs(process.startTime, host.proc.uptime());
  if (watch !== undefined && rest > 0) await within(watch.exited, rest, signal);
  return true;
}

/** The result as an answer to the action that was asked for, of which only the start was left. */
function inOtherWords(result: ActionResult, action: Request["action"]): ActionResult {
  if (result.result !== "running") return { ...result, action };
  const message = `started after you asked, pid ${result.pid}`;
  return { ...result, action, result: "started", message };
}

/** The time now, counted like start times of processes. */
function now({ host }: Operation): number {
  return Math.floor(host.proc.uptime() * TICKS_PER_SECOND);
}

/** Reported only if something was started: otherwise nothing follows from it. */
function withNotes(result: ActionResult, notes: readonly string[]): ActionResult {
  return result.result === "started" ? withDetails(result, notes) : result;
}

/** Looked at again: ours may have begun in the meantime, and adopts what was started. */
function otherDaemon(operation: Operation): readonly string[] {
  const { host } = operation;
  const other = livingDaemon(host.state, host.proc);
  if (other === undefined || daemonInCharge(operation.host) !== undefined) return [];
  return [
    `usrsvcd is running with another configuration file (${other.config}) and does not look after this program`,
  ];
}

/** The environment that usrsvcd was started with, which its programs get. */
function environmentOf(
  { process }: DaemonInfo,
  { host }: Operation,
): Record<string, string> | undefined {
  try {
    return inheritedEnvironment(Object.fromEntries(host.proc.environ(process.pid)));
  } catch {
    return undefined; // gone in the meantime
  }
}
