import { livingDaemon } from "../daemon-alive.ts";
import type { DaemonInfo } from "../daemon-info.ts";
import { inheritedEnvironment } from "../program/environment.ts";
import type { Subject } from "../program/subject.ts";
import { askDaemon, daemonInCharge } from "./ask.ts";
import type { ActionResult, Operation } from "./operation.ts";
import type { Request } from "./request.ts";

type Act = (subject: Subject, operation: Operation) => Promise<ActionResult>;

/**
 * A start or restart, made by usrsvcd where one runs for this configuration file; else by `act`, here.
 * So a start by hand and one at night give the same.
 *
 * @param isHere this shell's environment is wanted
 */
export async function throughDaemon(
  subject: Subject,
  action: Request["action"],
  isHere: boolean,
  operation: Operation,
  act: Act,
): Promise<ActionResult> {
  const { settings, enabled, name } = subject;
  // What cannot be started is refused here, and what nobody looks after is started here.
  if (settings === undefined || !enabled) return await act(subject, operation);
  const daemon = daemonInCharge(operation);
  if (daemon === undefined) return withNote(await act(subject, operation), otherDaemon(operation));
  if (isHere) {
    const note = "started with this shell's environment (--here); usrsvcd starts it with its own";
    return withNote(await act(subject, operation), note);
  }
  const answer = await askDaemon(settings, action, operation);
  if (answer?.kind === "done") return answer.result;
  const host = { ...operation.host, env: environmentOf(daemon, operation) ?? operation.host.env };
  const why = answer?.why ?? "silent";
  const note = {
    unknown: `usrsvcd does not know ${name} yet, and will not start it again: usrsvcd reread`,
    older:
      `usrsvcd has older settings of ${name} than the file, and would bring those back after a ` +
      "death: usrsvcd reread",
    silent: "usrsvcd did not take it in hand in time; it was done without it",
  }[why];
  return withNote(await act(subject, { ...operation, host }), note);
}

/** Told only where something was started: else nothing follows from it. */
function withNote(result: ActionResult, note: string | undefined): ActionResult {
  if (note === undefined || result.result !== "started") return result;
  return { ...result, details: [...(result.details ?? []), note] };
}

function otherDaemon({ host }: Operation): string | undefined {
  const other = livingDaemon(host.state, host.proc);
  if (other === undefined) return undefined;
  return `usrsvcd runs with another configuration file (${other.config}), and does not look after it`;
}

/** The environment that usrsvcd was started with, which is what its programs get. */
function environmentOf(
  { process }: DaemonInfo,
  { host }: Operation,
): Record<string, string> | undefined {
  try {
    return inheritedEnvironment(Object.fromEntries(host.proc.environ(process.pid)));
  } catch {
    return undefined; // gone meanwhile
  }
}
