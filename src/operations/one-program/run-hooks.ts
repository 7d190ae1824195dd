import { type ProcessRef, sameProcess } from "../../../proc/pid.ts";
import type { Exit } from "../../../proc/exit.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import type { Program } from "../../identity/program.ts";
import { beforeStart } from "../../lifecycle/before-start.ts";
import {
  brokenOffHook,
  describeHookFailure,
  type HookFailure,
  type HookName,
  type Occasion,
  runHook,
  undone,
  withoutUndone,
} from "../../lifecycle/hook.ts";
import type { StartFailure } from "../../lifecycle/start-outcome.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { exited, wanted } from "../../state/record-facts.ts";
import { staysDown } from "../../state/transitions.ts";
import type { Held } from "./locked.ts";
import { trySave } from "./notes.ts";
import type { Operation } from "../operation.ts";

type Around = Pick<Operation, "host" | "signal" | "onProgress" | "onFailedHook">;

/** Runs a hook of which nothing depends. Yields a line for the operator where it has failed. */
export async function runAndTell(
  hook: HookName,
  { settings, name }: Pick<Program, "settings" | "name">,
  occasion: Occasion,
  { host, signal, onProgress, onFailedHook }: Around,
): Promise<readonly string[]> {
  if (settings === undefined) return []; // faulty, or removed: it would get half an environment
  onProgress(name, hook);
  const failure = await runHook(hook, settings, occasion, host, signal);
  return failure === undefined ? [] : [toldFailure(failure, onFailedHook)];
}

/** The line for the operator. */
export function toldFailure(failure: HookFailure, onFailedHook: Operation["onFailedHook"]): string {
  onFailedHook?.(failure);
  return describeHookFailure(failure);
}

/** after_start. Who wants to stop the program breaks it off: it has started all the same. */
export async function runAfterStart(
  program: Program,
  process: ProcessRef,
  reason: string,
  operation: Around,
): Promise<readonly string[]> {
  if (program.settings?.afterStart === undefined) return [];
  const { pid } = process;
  try {
    return await runAndTell("after_start", program, { pid, reason }, operation);
  } catch (error) {
    if (error !== operation.signal.reason) throw error;
    return [toldFailure(brokenOffHook("after_start", pid, error), operation.onFailedHook)];
  }
}

/** after_exit of a process that is known to have ended. */
export async function runAfterExit(
  program: Program,
  process: Pick<ProcessRef, "pid">,
  exit: Exit | undefined,
  reason: string,
  operation: Around,
): Promise<readonly string[]> {
  if (program.settings?.afterExit === undefined) return [];
  const { pid } = process;
  return await runAndTell("after_exit", program, { pid, exit, reason }, operation);
}

/**
 * before_start, while the record says that the program is to run: should we be killed, the order stands. It is taken
 * back with `undo`, where it is called off. Yields the failure of the start.
 */
export async function runBeforeStart(
  settings: ProgramSettings,
  record: ProgramRecord,
  reason: string,
  { store }: Pick<Held, "store">,
  { host, signal, onProgress }: Around,
): Promise<StartFailure | undefined> {
  if (settings.beforeStart === undefined) return undefined;
  onProgress(settings.name, "before_start");
  const meant = staysDown(exited(wanted(record, "up")), undone(undefined, "before_start"));
  trySave(store, host, meant, []);
  try {
    return await beforeStart(settings, () => reason, host, signal);
  } catch (error) {
    trySave(store, host, record, []);
    throw error;
  }
}

/**
 * after_exit of a process whose end nobody has dealt with: as long as it is on record, it is owed. Yields the record
 * without it, and lines for the operator.
 */
export async function runOwedAfterExit(
  program: Program,
  record: ProgramRecord,
  { store }: Pick<Held, "store">,
  operation: Around,
): Promise<{ readonly record: ProgramRecord; readonly told: readonly string[] }> {
  const { process, lastExit } = record;
  const { host } = operation;
  const isOwed =
    program.settings?.afterExit !== undefined &&
    process !== undefined &&
    !sameProcess(host.proc.alive(process.pid), process);
  if (!isOwed) return { record, told: [] };
  const exit = lastExit?.pid === process.pid ? lastExit.exit : undefined;
  const reason =
    (exit === undefined || exit.kind === "unknown" ? undefined : withoutUndone(record.reason)) ??
    "its end was not seen";
  const failed = await runAfterExit(program, process, exit, reason, operation);
  const told = [...failed];
  const after = exited(record);
  trySave(store, host, after, told);
  return { record: after, told };
}
