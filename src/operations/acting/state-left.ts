import { lookNow, type Program } from "../../identity/program.ts";
import { withCaller, workerOn } from "../../state/at-work.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import type { ActionResult, Operation } from "../operation.ts";

/** In what state a program is after an action that was broken off, and who goes on: one sentence without a full stop. */
export function describeStateLeft(
  program: Program,
  action: ActionResult["action"],
  { host }: Pick<Operation, "host">,
): string {
  const { name } = program;
  const { record, found } = lookNow(program, host, { maxAgeMs: 0 });
  const isWatched = daemonInCharge(host) !== undefined;
  const again = `usrsvc ${action} ${name}`;
  // It was waited for, and goes on.
  const worker = workerOn(name, host);
  const isOther = worker !== undefined && worker.pid !== process.pid;
  if (isOther && !worker.isDaemon) {
    const what = found.kind === "absent" ? "does not run" : "runs";
    return `it ${what} just now, and ${withCaller(worker.name, worker.pid)}, is at work on it; then: ${again}`;
  }
  if (found.kind === "absent") {
    if (action === "stop") return "it does not run";
    const next = isWatched ? `usrsvcd may start it: usrsvc status ${name}` : `start it: ${again}`;
    return `it does not run just now; ${next}`;
  }
  const { pid } = found.main ?? found.process;
  if (record?.state === "stopping") {
    const who = isWatched ? "usrsvcd sees to its end" : `nobody sees to its end: ${again}`;
    return `pid ${pid} was told to end, and still runs; ${who}`;
  }
  if (record?.state === "starting" && (action === "start" || action === "restart")) {
    const who = isWatched ? "; usrsvcd goes on with its start" : "";
    return `pid ${pid} runs, and is not ready yet${who}; usrsvc wait ${name} waits for that`;
  }
  const isDone = action === "start" || action === "restart";
  return isDone ? `pid ${pid} runs` : `pid ${pid} runs on; ${again}`;
}
