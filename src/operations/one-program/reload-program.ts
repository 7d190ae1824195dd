import type { ProgramSettings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Program } from "../../identity/program.ts";
import { monotonicMs } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/format.ts";
import { type Deed, findRunning, type Running } from "./find-running.ts";
import { type ActionResult, type Operation, withDetails } from "../operation.ts";
import { signalShown } from "./signal-program.ts";

const deed: Deed = { action: "reload", done: "reloaded" };

/** `usrsvc reload`: has a program that runs read its configuration again, in the way that `reload` says. */
export async function reloadProgram(program: Program, operation: Operation): Promise<ActionResult> {
  const { settings, isRemoved } = program;
  if (isRemoved === true) {
    const why = "it is no longer in any configuration file";
    return failed(program, ExitCode.undefinedProgram, why);
  }
  if (settings === undefined) {
    return failed(program, ExitCode.invalidConfig, "its settings have errors, see above");
  }
  if (settings.reload === undefined) {
    return { ...failed(program, ExitCode.failure, describeUnset(settings)), result: "unset" };
  }
  const running = findRunning(program, deed, operation);
  if ("result" in running) return running;
  return settings.reload.kind === "signal"
    ? bySignal(program, settings.reload.signal, running, operation)
    : await byCommand(program, settings, running, operation);
}

function describeUnset({ name, place }: ProgramSettings): string {
  return (
    "reload is not set; write reload = HUP, or another signal or command by which it reads its configuration " +
    `again, below [Program:${name}] in ${place.file}`
  );
}

function bySignal(
  program: Program,
  signal: NodeJS.Signals,
  { shown }: Running,
  { host }: Operation,
): ActionResult {
  const { pid } = shown;
  if (!signalShown(shown, signal, host)) {
    return failed(program, ExitCode.failure, `process ${pid} has just ended`);
  }
  const message = `${signal} sent to pid ${pid}`;
  return { ...reloaded(program), pid, signal, message };
}

/** What runs it is loaded where there is one. */
async function byCommand(
  program: Program,
  settings: ProgramSettings,
  { shown: { pid } }: Running,
  { host, signal, onProgress }: Operation,
): Promise<ActionResult> {
  const { reload, startTimeoutMs: timeoutMs } = settings;
  if (reload?.kind !== "command") throw new TypeError("there is no command");
  onProgress(program.name, reload.text);
  const { runOwnCommand } = await import("../../lifecycle/own-command.ts");
  const began = monotonicMs();
  const failure = await runOwnCommand(reload, settings, {
    pid,
    inherited: host.env,
    timeoutMs,
    signal,
  });
  if (failure === undefined) {
    const took = formatDuration(monotonicMs() - began);
    const message = `reloaded, pid ${pid}, in ${took}: ${reload.text}`;
    return { ...reloaded(program), pid, message };
  }
  const { reason, output } = failure;
  const result = failed(program, ExitCode.failure, `its command failed: ${reason}`);
  return withDetails(
    { ...result, pid },
    output.map((line) => `| ${line}`),
  );
}

function reloaded({ name }: Program): Pick<ActionResult, "program" | "action" | "result" | "code"> {
  return { program: name, action: "reload", result: "reloaded", code: ExitCode.ok };
}

function failed({ name }: Program, code: ExitCode, why: string): ActionResult {
  const message = `not reloaded: ${why}`;
  return { program: name, action: "reload", result: "failed", code, message };
}
