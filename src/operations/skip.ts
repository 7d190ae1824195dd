import { ExitCode } from "../exit-code.ts";
import { lookFor, type Program } from "../identity/program.ts";
import { leftOfLast } from "../lifecycle/stragglers.ts";
import { readRecord } from "../state/record-file.ts";
import type { Act } from "./act-on-programs.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS } from "./operation.ts";

/** With `all`, what is disabled, or cannot be reloaded, is skipped and reported; it does not affect the exit code. */
export function skip(
  program: Program,
  { names, action }: Act,
  host: Operation["host"],
): ActionResult | undefined {
  const { name, enabled, settings } = program;
  if (names.length > 0 || (action === "stop" && (enabled || mayRun(program, host)))) {
    return undefined;
  }
  const base = { program: name, action, code: ExitCode.ok } as const;
  if (!enabled) return { ...base, result: "disabled", message: "skipped: it is disabled" };
  if (action !== "reload" || settings === undefined || settings.reload !== undefined)
    return undefined;
  return { ...base, result: "unset", message: "skipped: reload is not set" };
}

/** True unless it is known that nothing of it runs. */
function mayRun(program: Program, host: Operation["host"]): boolean {
  const { record } = readRecord(host.state, program.name, host.proc.bootId());
  if (lookFor(program, record, host, { maxAgeMs: SHARED_LOOK_MS }).kind === "running") return true;
  if (record === undefined) return false;
  return record.state !== "stopped" || leftOfLast(record, host).length > 0;
}
