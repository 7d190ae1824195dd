import type { ProgramSettings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import { showExit } from "../../events/shown-exit.ts";
import type { JobEnd } from "../../lifecycle/job-end.ts";
import { withWords } from "../../lifecycle/last-words.ts";
import type { RecordStore } from "../../state/record-store.ts";
import { describeEnded, describeRun } from "../../state/job-words.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { counted, exitNoted } from "../../state/record-facts.ts";
import { done, stopped } from "../../state/transitions.ts";
import { save } from "./notes.ts";
import type { ActionResult, Operation } from "../operation.ts";
import { whatNext } from "./what-next.ts";

/** A job has ended, and nobody else puts that on record. `why`: it was ended for that. */
export function endedJob(
  settings: ProgramSettings,
  { pid, exit, tookMs, isSuccess, output }: JobEnd,
  record: ProgramRecord,
  asked: {
    readonly action: "start" | "restart";
    readonly before: readonly string[];
    readonly why?: string;
  },
  store: RecordStore,
  operation: Operation,
): ActionResult {
  const { action, before, why } = asked;
  const at = new Date().toISOString();
  const by = why === undefined ? {} : { by: `usrsvc: ${why}` };
  const noted = exitNoted(record, { at, pid, exit, tookMs, ...by });
  const how = why === undefined ? describeRun(exit, tookMs) : describeEnded(why, tookMs);
  const failures = settings.autorestart === "on-failure" ? record.failures + 1 : record.failures;
  save(
    store,
    operation.host,
    isSuccess
      ? done(noted, how)
      : stopped(counted(noted, { failures }), { reason: withWords(how, output) }),
  );
  const word = isSuccess ? "done" : "failed";
  const details = [
    ...output.map((line) => `| ${line}`),
    ...(isSuccess ? [] : whatNext(settings, false, operation)),
  ];
  return {
    program: settings.name,
    action,
    result: word,
    code: isSuccess ? ExitCode.ok : ExitCode.exitedUnexpectedly,
    pid,
    exit: showExit(exit),
    tookSeconds: tookMs / 1000,
    message: [...before, `${word}: ${how}`].join("; "),
    ...(details.length === 0 ? {} : { details }),
  };
}
