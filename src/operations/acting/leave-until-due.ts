import { ExitCode } from "../../exit-code.ts";
import type { Program } from "../../identity/program.ts";
import { ordered } from "../../state/record-facts.ts";
import { locked } from "../one-program/locked.ts";
import { save } from "../one-program/notes.ts";
import type { ActionResult, Operation } from "../operation.ts";

/** With `all`, a job with a schedule is not run: it is no longer stopped, and runs when it is due. */
export async function leaveUntilDue(
  program: Program,
  action: "start" | "restart",
  schedule: string,
  operation: Operation,
): Promise<ActionResult> {
  const message = `is started when it is due (schedule = ${schedule}); usrsvc start ${program.name} runs it now`;
  return await undoStop(program, { action, result: "due", message }, operation);
}

/** What did not run because it was held, and still is, is no longer stopped: usrsvcd goes on with it after the hold. */
export async function leaveHeld(program: Program, operation: Operation): Promise<ActionResult> {
  const message = "is no longer stopped, and left as it is: it did not run before either";
  return await undoStop(program, { action: "start", result: "due", message }, operation);
}

async function undoStop(
  program: Program,
  told: Pick<ActionResult, "action" | "result" | "message">,
  operation: Operation,
): Promise<ActionResult> {
  const { host, beganAt } = operation;
  return await locked(program, "start", operation, async (record, { lock, store }) => {
    if (record.desired === "down") {
      save(store, host, ordered(record, "none", beganAt));
      lock.writeNote("");
    }
    return { program: program.name, code: ExitCode.ok, ...told };
  });
}
