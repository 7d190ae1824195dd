import { shortSignal } from "../../../proc/signal.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import { lookNow, type Program } from "../../identity/program.ts";
import { formatDuration } from "../../lib/format.ts";
import { checkBeforeStart } from "../../lifecycle/preflight.ts";
import { stopSteps } from "../../lifecycle/stop-plan.ts";
import { withCaller, workerOn } from "../../state/at-work.ts";
import type { Act } from "./act.ts";
import { refuseUnstartable } from "../one-program/operate.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS, withDetails } from "../operation.ts";
import type { PlannedStep } from "../order-plan.ts";
import type { Starter } from "./who-starts.ts";

interface Asked extends Pick<Act, "isHere" | "isRemembered" | "isReread" | "names"> {
  /** It is held, as it was when it was stopped with --remember: it is only no longer stopped. */
  readonly wasDown: boolean;
  readonly starterOf: (program: ProgramSettings) => Starter;
}

/** `--dry-run`: what a step of a start, stop or restart would do now. Only looks. */
export function describeStep(
  program: Program,
  { action, after }: PlannedStep,
  asked: Asked,
  operation: Operation,
): ActionResult {
  const { name, settings } = program;
  const pid = pidOf(program, operation);
  const worker = workerOn(name, operation.host);
  const details = [
    ...(after.length === 0 ? [] : [`after ${after.join(", ")}`]),
    ...(worker === undefined
      ? []
      : [`${withCaller(worker.name, worker.pid)}, is at work on it now, and waited for first`]),
  ];
  const base = {
    program: name,
    action,
    code: ExitCode.ok,
    ...(pid === undefined ? {} : { pid }),
    ...(details.length === 0 ? {} : { details }),
  };
  if (action === "stop") {
    if (pid !== undefined) {
      return {
        ...base,
        result: "would-stop",
        message: `would be stopped: ${howToEnd(program, pid)}`,
      };
    }
    return { ...base, result: "down", message: "is not running; would be kept down" };
  }
  const isStart = action === "start";
  if (!isStart && action !== "restart") throw new TypeError(`${action} is not planned`);
  if (isStart && pid !== undefined) {
    return { ...base, result: "running", message: `already running, pid ${pid}` };
  }
  if (asked.wasDown) {
    const message = "would be left as it is, and no longer stopped: it did not run before either";
    return { ...base, result: "due", message };
  }
  const refused = refuseUnstartable(program, action);
  if (refused !== undefined || settings === undefined)
    return refused ?? { ...base, result: "failed", message: "" };
  const isNamed = asked.names.length > 0 && asked.isRemembered !== true;
  if (!isNamed && settings.schedule !== undefined) {
    const message = `would be left until it is due (schedule = ${settings.schedule.text})`;
    return { ...base, result: "due", message };
  }
  const obstacle = checkBeforeStart(settings, operation.host);
  if (obstacle !== undefined) {
    const message = `would not be ${action}ed: ${obstacle.reason}`;
    return { ...base, code: obstacle.code, result: "failed", message };
  }
  // After a reread, usrsvcd has what the files have.
  const starter = asked.starterOf(settings);
  const byDaemon = !asked.isHere && (starter.isDaemon || (asked.isReread && starter.note));
  const notes = asked.isHere || byDaemon ? [] : [starter.note ?? []].flat();
  const start = `started${byDaemon ? " by usrsvcd" : ""}: ${settings.command}`;
  const message =
    pid === undefined
      ? `would be ${start}`
      : `would be restarted: ${howToEnd(program, pid)}; then ${start}`;
  const result = pid === undefined ? "would-start" : "would-restart";
  return withDetails({ ...base, result, message }, notes);
}

/** The process that `status` shows, if it runs. */
function pidOf(program: Program, { host }: Operation): number | undefined {
  const { found } = lookNow(program, host, { maxAgeMs: SHARED_LOOK_MS });
  return found.kind === "running" ? (found.main ?? found.process).pid : undefined;
}

/** `pid 7 by TERM, for 10 s at most, then KILL`. */
function howToEnd({ ending }: Program, pid: number): string {
  const command = ending.stopCommand === undefined ? "" : "stop_command, then ";
  const steps = stopSteps(ending).map(({ signal, patienceMs }) =>
    signal === "SIGKILL" ? "KILL" : `${shortSignal(signal)} (${formatDuration(patienceMs)})`,
  );
  return `pid ${pid} by ${command}${steps.join(", then ")}`;
}
