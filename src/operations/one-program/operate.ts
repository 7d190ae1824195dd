import { ExitCode } from "../../exit-code.ts";
import { checkBeforeStart } from "../../lifecycle/preflight.ts";
import { describeElsewhere } from "../../identity/elsewhere.ts";
import { findHeirOfUnseen } from "../../identity/heir.ts";
import { describeStrays, markedProcesses } from "../../lifecycle/stragglers.ts";
import { lookFor, type Program } from "../../identity/program.ts";
import { counted } from "../../state/record-facts.ts";
import { endIt } from "./end-process.ts";
import { finishStart } from "./finish-start.ts";
import { brokenOff, failedStart, launchIt, takeUp } from "./launch-process.ts";
import { locked } from "./locked.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS, withDetails } from "../operation.ts";
import { Overtaken } from "./start-window.ts";
import { describeFound } from "./words.ts";

/** `usrsvc start`: makes sure that the program runs. */
export async function startProgram(program: Program, operation: Operation): Promise<ActionResult> {
  const refused = refuseUnstartable(program, "start");
  if (refused !== undefined) return refused;
  return await locked(program, "start", operation, async (record, held) => {
    const { host, signal } = operation;
    const seen = lookFor(program, record, host, { maxAgeMs: SHARED_LOOK_MS });
    const heir =
      seen.kind === "running" ? seen : await findHeirOfUnseen(program, record, host, signal);
    const found = heir ?? seen;
    operation.debug(`${program.name}: ${describeFound(found)}`);
    if (found.kind === "running") {
      const isBegun = record.state === "starting" && program.settings?.ready !== undefined;
      const rest = isBegun
        ? await finishStart(program, record, found.process, operation)
        : undefined;
      if (rest === undefined) return takeUp(program, record, found, held, operation);
      if (rest !== "gone" && "note" in rest) {
        return withDetails(takeUp(program, record, found, held, operation), [rest.note]);
      }
      if (rest instanceof Overtaken) {
        return {
          program: program.name,
          action: "start",
          ...brokenOff(rest),
          message: rest.message,
        };
      }
      if (rest !== "gone") return await failedStart(program, rest, record, held, operation);
    }
    const isUnknown = record.launch === undefined && record.process === undefined;
    const strays =
      isUnknown && operation.looksBehind === true
        ? describeStrays(program.name, markedProcesses(host), host)
        : [];
    const fresh = counted(record, { restarts: 0, failures: 0 });
    const result = await launchIt(program, fresh, "start", held, operation, []);
    const others = found.kind === "absent" ? describeElsewhere(found, host) : [];
    return withDetails(result, [...strays, ...others]);
  });
}

/** `usrsvc stop`: makes sure that the program does not run, and that usrsvcd leaves it so. */
export async function stopProgram(program: Program, operation: Operation): Promise<ActionResult> {
  return await locked(program, "stop", operation, async (record, held, strangers) => {
    const { host } = operation;
    const found = strangers === undefined ? undefined : lookFor(program, record, host);
    if (found?.kind === "absent") return leftToStrangers(program, `${strangers}`);
    const ended = await endIt(
      program,
      record,
      { desired: "down", action: "stop" },
      held,
      operation,
    );
    return ended.result;
  });
}

/** The record is that of another file's program, and is left unchanged. */
function leftToStrangers({ name: program }: Program, config: string): ActionResult {
  const details = [`its record is that of ${program} of ${config} and is left unchanged`];
  const message = "was not running";
  return { program, action: "stop", result: "down", code: ExitCode.ok, message, details };
}

/** `usrsvc restart`: stops and starts, but not before it is sure that a start is possible. */
export async function restartProgram(
  program: Program,
  operation: Operation,
): Promise<ActionResult> {
  const refused = refuseUnstartable(program, "restart");
  if (refused !== undefined) return refused;
  const { settings, name } = program;
  const obstacle = settings && checkBeforeStart(settings, operation.host);
  if (obstacle !== undefined) {
    const message = `not restarted, nothing was stopped: ${obstacle.reason}`;
    return { program: name, action: "restart", result: "failed", code: obstacle.code, message };
  }
  const { host, unlessBornSince: since } = operation;
  // Whoever restarts it already is waited for, to the end.
  const patient = since === undefined ? "restart" : "start";
  return await locked(program, patient, operation, async (record, held) => {
    const found = since === undefined ? undefined : lookFor(program, record, host, { maxAgeMs: 0 });
    if (since !== undefined && found?.kind === "running" && found.process.startTime >= since) {
      const { pid } = found.main ?? found.process;
      const message = `restarted already, pid ${pid}`;
      const result = takeUp(program, record, found, held, operation);
      return { ...result, action: "restart", result: "started", message };
    }
    held.lock.tryNote(); // else nothing could be started after the end
    const aim = { desired: "up", action: "restart" } as const;
    const ended = await endIt(program, record, aim, held, operation);
    if (ended.result.code !== ExitCode.ok) return ended.result;
    const fresh = counted(ended.record, { restarts: 0, failures: 0 });
    const { message, details = [] } = ended.result;
    const result = await launchIt(program, fresh, "restart", held, operation, [message]);
    return withDetails(result, details);
  });
}

/** What is never started: why not. */
export function refuseUnstartable(
  { name, enabled, settings, isRemoved }: Program,
  action: "start" | "restart",
): ActionResult | undefined {
  const base = { program: name, action };
  if (isRemoved === true) {
    const message = `not ${action}ed: it is still running, but is no longer in any configuration file`;
    return { ...base, result: "failed", code: ExitCode.undefinedProgram, message };
  }
  if (settings === undefined) {
    const message = `not ${action}ed: its settings have errors, see above`;
    return { ...base, result: "failed", code: ExitCode.invalidConfig, message };
  }
  if (!enabled) {
    const message = `not ${action}ed: it is disabled (enabled = False in ${settings.place.file})`;
    return { ...base, result: "disabled", code: ExitCode.disabled, message };
  }
  return undefined;
}
