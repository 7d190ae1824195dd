import { showExit } from "../../events/shown-exit.ts";
import { type Pid, sameProcess } from "../../../proc/pid.ts";
import { ExitCode } from "../../exit-code.ts";
import { countLeftOvers, formatDuration } from "../../lib/format.ts";
import { withWords } from "../../lifecycle/last-words.ts";
import { differences } from "../../status/differences.ts";
import type { Found } from "../../identity/found.ts";
import type { RecordStore } from "../../state/record-store.ts";
import { endedJob } from "./job-result.ts";
import { Interrupted } from "../interrupted.ts";
import { jobEndOf } from "../../lifecycle/job-end.ts";
import type { Held } from "./locked.ts";
import { startEndedWell } from "../../state/ended-well.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { counted, wanted } from "../../state/record-facts.ts";
import { adopted, stopped } from "../../state/transitions.ts";
import { madeAs, takenFrom } from "../../lifecycle/adopted.ts";
import { describeWait } from "../../lifecycle/readiness.ts";
import { start } from "../../lifecycle/start.ts";
import { traits } from "../../lifecycle/traits.ts";
import type { StartFailure, StartOutcome } from "../../lifecycle/start-outcome.ts";
import { endLeftOvers } from "../../lifecycle/end-launch.ts";
import type { Program } from "../../identity/program.ts";
import { mendPidfile, save } from "./notes.ts";
import { type ActionResult, type Operation, withDetails } from "../operation.ts";
import { runAfterExit, runAfterStart, runBeforeStart, runOwedAfterExit } from "./run-hooks.ts";
import { Overtaken, StartWindow } from "./start-window.ts";
import { whatNext } from "./what-next.ts";
import { describeHow, describeVia, processFacts } from "./words.ts";

/** It is already running: records that it should be up, and repairs the pidfile. */
export function takeUp(
  program: Program,
  record: ProgramRecord,
  found: Found & { kind: "running" },
  { store }: Pick<Held, "store">,
  { host }: Operation,
): ActionResult {
  const { process, main, via, pidfile, others } = found;
  const from = takenFrom(record, found);
  const seen = sameProcess(record.process, process)
    ? {}
    : { ...traits(process, from.launched, program.pattern, host), ...madeAs(record, found) };
  save(store, host, adopted(wanted(record, "up"), { process, via, ...from, ...seen }));
  const details = others.map(({ pid }) => `process ${pid} also matches and is left alone`);
  const known = { ...record, ...madeAs(record, found) };
  details.push(...differences(program, known, process, host));
  if (program.autopid && program.pidfile !== undefined) {
    const { pid } = main ?? process;
    if (pidfile.kind !== "pid" || pidfile.pid !== pid) {
      details.push(mendPidfile(program.pidfile, pid));
    }
  }
  return {
    program: program.name,
    action: "start",
    result: "running",
    code: ExitCode.ok,
    ...processFacts(main ?? process, via, host),
    message: `already running, pid ${(main ?? process).pid} (${describeHow(found, record)})`,
    ...(details.length > 0 ? { details } : {}),
  };
}

/**
 * Starts the program, which is not running. What is left of an earlier launch (its starter was killed
 * in the window, or a wrapper outlived its child) is ended first, or there would be two.
 */
export async function launchIt(
  program: Program,
  known: ProgramRecord,
  action: "start" | "restart",
  { lock, store }: Held,
  operation: Operation,
  earlier: readonly string[],
): Promise<ActionResult> {
  const { host, signal, onProgress, onLaunched } = operation;
  const { settings, name } = program;
  if (settings === undefined) throw new TypeError(`${name} has no settings`); // refused before
  const left = await endLeftOvers(known, settings, host, signal);
  const before =
    left === 0 ? earlier : [...earlier, `${countLeftOvers(left)} of an earlier start ended`];
  const { record, told } = await runOwedAfterExit(program, known, { store }, operation);
  using window = new StartWindow(signal, name, host);
  const base = { program: name, action };
  const calledOff = (): ActionResult => {
    const { reason } = window.signal;
    const text =
      reason instanceof Overtaken
        ? `not started: ${reason.message}`
        : `not started: cancelled before it was launched (${(reason as Error).message})`;
    return { ...base, ...brokenOff(reason), message: [...before, text].join("; ") };
  };
  const why = action === "start" ? "started by usrsvc" : "restarted by usrsvc";
  let outcome: StartOutcome;
  try {
    const inWindow = { ...operation, signal: window.signal };
    const unprepared = await runBeforeStart(settings, record, why, { store }, inWindow);
    outcome =
      unprepared ??
      (await start(settings, {
        host,
        lock,
        endTurn: await host.launchTurn(window.signal),
        pattern: program.pattern,
        record: wanted(record, "up"),
        store,
        signal: window.signal,
        onLaunched: (process) => {
          const { ready, startTimeoutMs, successMs, type } = settings;
          const what =
            type === "job"
              ? "a job"
              : ready === undefined
                ? `watched for success_seconds, ${formatDuration(successMs)}`
                : `${describeWait(ready, undefined)}, for up to ${formatDuration(startTimeoutMs)}`;
          onProgress(name, `pid ${process.pid}, ${what}`);
          onLaunched?.(process);
        },
        onWaits: (what) => onProgress(name, what),
      }));
  } catch (error) {
    if (error === window.signal.reason) return calledOff();
    throw error;
  }
  switch (outcome.kind) {
    case "started": {
      const facts = processFacts(outcome.main ?? outcome.process, outcome.via, host);
      const how = `pid ${(outcome.main ?? outcome.process).pid} (${describeVia(outcome.via, host.by)})`;
      const message = [...before, `started, ${how}: ${facts.command ?? settings.command}`].join(
        "; ",
      );
      const isOurs = outcome.logged !== undefined;
      const around = { ...operation, signal: window.signal };
      const shown = outcome.main ?? outcome.process;
      const failed = isOurs ? await runAfterStart(program, shown, why, around) : [];
      const notes = [...told, ...outcome.notes, ...failed];
      const details = notes.length > 0 ? { details: notes } : {};
      return { ...base, result: "started", code: ExitCode.ok, ...facts, message, ...details };
    }
    case "interrupted": {
      const { pid } = outcome.process;
      const { reason } = window.signal;
      const text =
        reason instanceof Overtaken
          ? `launched as pid ${pid}; ${reason.message}`
          : `broken off (${(reason as Error).message}); it was launched as pid ${pid} and is left running`;
      return { ...base, ...brokenOff(reason), pid, message: [...before, text].join("; ") };
    }
    case "failed": {
      const wants = wanted(record, "up");
      const job = jobEndOf(outcome, settings);
      if (job !== undefined) {
        operation.onJobEnded?.(job);
        const ended = await runAfterExit(
          program,
          { pid: (outcome.pid ?? 0) as Pid },
          outcome.exit,
          outcome.reason,
          operation,
        );
        const result = endedJob(settings, job, wants, { action, before }, store, operation);
        return withDetails(result, [...told, ...ended]);
      }
      const result = await failedResult(outcome, wants, store, base, before, program, operation);
      return withDetails(result, told);
    }
  }
}

/** A start that somebody else began, and that has failed here. */
export async function failedStart(
  program: Program,
  outcome: StartFailure,
  record: ProgramRecord,
  { store }: Pick<Held, "store">,
  operation: Operation,
): Promise<ActionResult> {
  const base = { program: program.name, action: "start" } as const;
  return await failedResult(outcome, wanted(record, "up"), store, base, [], program, operation);
}

async function failedResult(
  outcome: StartFailure,
  record: ProgramRecord,
  store: RecordStore,
  base: Pick<ActionResult, "program" | "action">,
  before: readonly string[],
  program: Program,
  operation: Operation,
): Promise<ActionResult> {
  const { host } = operation;
  const { settings, name } = program;
  if (settings === undefined) throw new TypeError(`${name} has no settings`); // it had none to wait by
  const { exit, pid, reason, details, output, code } = outcome;
  const told =
    pid === undefined
      ? []
      : await runAfterExit(program, { pid: pid as Pid }, exit, reason, operation);
  const at = new Date().toISOString();
  const lastExit = exit === undefined || pid === undefined ? record.lastExit : { at, pid, exit };
  const endedWell = settings.autorestart === "on-failure" && startEndedWell(outcome, settings);
  const once = counted(record, { failures: endedWell ? 0 : record.failures + 1 });
  save(store, host, stopped(once, { lastExit, reason: withWords(reason, output) }));
  return {
    ...base,
    result: "failed",
    code,
    ...(exit === undefined ? {} : { exit: showExit(exit) }),
    message: [...before, `not started: ${reason}`].join("; "),
    details: [
      ...details,
      ...output.map((line) => `| ${line}`),
      ...told,
      ...whatNext(settings, endedWell, operation),
    ],
  };
}

function codeOf(reason: unknown): ExitCode {
  return reason instanceof Interrupted ? reason.code : ExitCode.failure;
}

/** If another starts it again, this one has not failed: what was wanted is done. */
export function brokenOff(reason: unknown): Pick<ActionResult, "result" | "code"> {
  return reason instanceof Overtaken && reason.act === "restart"
    ? { result: "overtaken", code: ExitCode.ok }
    : { result: "interrupted", code: codeOf(reason) };
}
