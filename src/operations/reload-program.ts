import type { ProgramSettings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import type { Program } from "../identity/program.ts";
import { monotonicMs } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import { type Deed, findRunning, type Running } from "./find-running.ts";
import type { ActionResult, Operation } from "./operation.ts";
import { signalShown } from "./signal-program.ts";

const deed: Deed = { action: "reload", done: "reloaded" };

/** `usrsvc reload`: has a program that runs read its configuration again, in the way that `reload` says. */
export async function reloadProgram(program: Program, operation: Operation): Promise<ActionResult> {
  const { settings, name, isRemoved } = program;
  const base = { program: name, action: "reload" } as const;
  if (settings === undefined) {
    const code = isRemoved === true ? ExitCode.undefinedProgram : ExitCode.invalidConfig;
    const why =
      isRemoved === true
        ? "it is no longer in any configuration file"
        : "its settings have errors, see above";
    return { ...base, result: "failed", code, message: `not reloaded: ${why}` };
  }
  if (settings.reload === undefined) return unset(settings);
  const running = findRunning(program, deed, operation);
  if ("result" in running) return running;
  const { pid } = running.shown;
  const began = monotonicMs();
  const failure = await reload(settings, running, operation);
  const took = formatDuration(monotonicMs() - began);
  const { reload: how } = settings;
  if (failure !== undefined) {
    return {
      ...base,
      result: "failed",
      code: ExitCode.failure,
      pid,
      message: `not reloaded: ${failure}`,
    };
  }
  return how.kind === "signal"
    ? {
        ...base,
        result: "reloaded",
        code: ExitCode.ok,
        pid,
        signal: how.signal,
        message: `${how.signal} sent to pid ${pid}`,
      }
    : {
        ...base,
        result: "reloaded",
        code: ExitCode.ok,
        pid,
        message: `reloaded, pid ${pid}, in ${took}: ${how.text}`,
      };
}

/** Nothing is known of how it would read its configuration again. */
function unset({ name, place }: ProgramSettings): ActionResult {
  const message =
    `not reloaded: reload is not set; write reload = HUP, or another signal or command by which it reads its ` +
    `configuration again, below [Program:${name}] in ${place.file}`;
  return { program: name, action: "reload", result: "unset", code: ExitCode.failure, message };
}

/** Why it was not reloaded; undefined: it was. */
async function reload(
  settings: ProgramSettings,
  { shown }: Running,
  { host, signal, onProgress }: Operation,
): Promise<string | undefined> {
  const { reload: how, name, startTimeoutMs: timeoutMs } = settings;
  const { pid } = shown;
  if (how?.kind !== "command") {
    const isSent = how !== undefined && signalShown(shown, how.signal, host);
    return isSent ? undefined : `process ${pid} has just ended`;
  }
  onProgress(`${name}: ${how.text}`);
  const { runOwnCommand } = await import("../lifecycle/own-command.ts");
  const options = { pid, inherited: host.env, timeoutMs, signal };
  const failure = await runOwnCommand(how, settings, options);
  return failure === undefined ? undefined : `its command failed: ${failure}`;
}
