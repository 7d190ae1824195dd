import type { Dependencies } from "../../config/dependencies.ts";
import { exitCodeOf } from "../../exit-code.ts";
import type { Program } from "../../identity/program.ts";
import { Interrupted } from "../interrupted.ts";
import { holdProgram, releaseProgram } from "../one-program/hold-program.ts";
import { restartProgram, startProgram, stopProgram } from "../one-program/operate.ts";
import { reloadProgram } from "../one-program/reload-program.ts";
import { signalProgram } from "../one-program/signal-program.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import type { ActionResult, Operation } from "../operation.ts";
import { inDaemonsEnvironment, throughDaemon } from "../requests/through-daemon.ts";
import type { Act } from "./act.ts";
import { awaitJob } from "./await-job.ts";
import { leaveUntilDue } from "./leave-until-due.ts";
import type { Renaming } from "./renaming.ts";
import { describeStateLeft } from "./state-left.ts";

/** With what an action is carried out. */
export interface Doing {
  readonly act: Act;
  readonly renaming: Renaming;
  readonly order: Dependencies;
}

/** Carries out an action on one program, by whoever is to do it: this command, or the usrsvcd that runs. */
export async function perform(
  program: Program,
  action: ActionResult["action"],
  { act, renaming, order }: Doing,
  operation: Operation,
): Promise<ActionResult> {
  if (action === "hold") {
    const words = act.hold ?? { untilMs: undefined, reason: undefined };
    return await holdProgram(program, words, operation);
  }
  if (action === "release") {
    return await releaseProgram(program, order.isNeeded(program.name), operation);
  }
  const { isHere, isDetached, names, isRemembered, sending } = act;
  const busy = await renaming.settle(program, action, operation);
  if (busy !== undefined) return busy;
  const isStart = action === "start" || action === "restart";
  if (
    isStart &&
    (names.length === 0 || isRemembered === true) &&
    program.settings?.schedule !== undefined
  ) {
    return await leaveUntilDue(program, action, program.settings.schedule.text, operation);
  }
  switch (action) {
    case "start":
    case "restart": {
      const byUs = action === "start" ? startProgram : restartProgram;
      const result = await throughDaemon(program, action, isHere, operation, byUs);
      return await endOfJob(program, result, isDetached, operation);
    }
    case "stop":
      return await stopProgram(program, inDaemonsEnvironment(program, operation));
    case "reload":
      return await reloadProgram(program, inDaemonsEnvironment(program, operation));
    case "signal":
      if (sending === undefined) throw new TypeError("which signal?");
      return signalProgram(program, sending, operation);
  }
}

/** Where nobody waits for it, usrsvcd puts the end of a job on record, and ends what takes too long; without one, this does. */
async function endOfJob(
  program: Program,
  result: ActionResult,
  isDetached: boolean | undefined,
  operation: Operation,
): Promise<ActionResult> {
  if (isDetached === true && daemonInCharge(operation.host) !== undefined) return result;
  return await awaitJob(program, result, operation);
}

/** A failure of one program must not keep the others from being acted on. */
export function trouble(
  one: Program,
  action: ActionResult["action"],
  operation: Operation,
): (error: unknown) => ActionResult {
  const { name: program } = one;
  return (error) => {
    const { message: why } = error as Error;
    if (error instanceof Interrupted) {
      const message = `${action} broken off (${why}): ${describeStateLeft(one, action, operation)}`;
      return { program, action, result: "interrupted", code: error.code, message };
    }
    const message = `${action} failed: ${why}`;
    return { program, action, result: "failed", code: exitCodeOf(error), message };
  };
}
