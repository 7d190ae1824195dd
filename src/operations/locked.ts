import { ExitCode } from "../exit-code.ts";
import { formatDuration } from "../format.ts";
import { type Lock, lockHolder, programLock, waitLock } from "../program/lock.ts";
import { completeLaunch, lostRecord } from "../program/mark.ts";
import { otherConfig, type ProgramRecord, readRecord, setDamagedAside } from "../program/record.ts";
import { removeOldRequest, requestStop } from "../program/stop-request.ts";
import type { Subject } from "../program/subject.ts";
import type { ActionResult, Operation } from "./operation.ts";

/** How long another actor may take beyond its own settings before we say "try again". */
const LOCK_PATIENCE_MS = 10_000;

/** Does `act` while holding the program's lock. */
export async function locked(
  subject: Subject,
  action: ActionResult["action"],
  { host, signal, onProgress, debug }: Operation,
  act: (record: ProgramRecord, lock: Lock) => Promise<ActionResult>,
): Promise<ActionResult> {
  const path = programLock(host.state, subject.name);
  const patience = LOCK_PATIENCE_MS + (subject.settings?.successMs ?? 0) + subject.termToKillMs;
  using lock = await takeLock(path, patience, subject, action, { host, signal, onProgress });
  if (lock === undefined) {
    const message =
      `not touched: ${lockHolder(path) ?? "another usrsvc"} is at work on it since ` +
      `${formatDuration(patience)}; try again`;
    return { program: subject.name, action, result: "busy", code: ExitCode.tryAgain, message };
  }
  debug(`${subject.name}: holds lock ${path}`);
  removeOldRequest(host.state, subject.name, host.proc);
  const boot = host.proc.bootId();
  const { record, problem, isDamaged } = readRecord(host.state, subject.name, boot);
  if (problem !== undefined) {
    if (!isDamaged) throw new Error(problem);
    debug(problem);
    setDamagedAside(host.state, subject.name);
  }
  const known = record ?? lostRecord(subject.name, lock.note, boot);
  const other = otherConfig(known, host.config, host.proc);
  if (other !== undefined) return refuseOther(subject, action, known, other, host.config);
  const complete = await completeLaunch(known, lock, subject.settings, host);
  return await act({ ...complete, by: "usrsvc", config: host.config }, lock);
}

/** The same name in two files that share a state_dir: whatever is asked, the other's is left alone. */
function refuseOther(
  { name }: Subject,
  action: ActionResult["action"],
  { process }: ProgramRecord,
  other: string,
  ours: string,
): ActionResult {
  const message =
    `not touched: ${name} is a program of ${other} too, which shares the state_dir, and runs there ` +
    `as pid ${process?.pid}; give the one of ${ours} another name, or another state_dir in [Main] ` +
    `(to act on that one: usrsvc -c ${other} ${action} ${name})`;
  return { program: name, action, result: "elsewhere", code: ExitCode.failure, message };
}

/** Waits for the lock; whoever holds it in a start window is asked to let go for a stop. */
async function takeLock(
  path: string,
  patience: number,
  { name }: Subject,
  action: ActionResult["action"],
  { host, signal, onProgress }: Pick<Operation, "host" | "signal" | "onProgress">,
): Promise<Lock | undefined> {
  let request: Disposable | undefined;
  try {
    return await waitLock(path, patience, signal, () => {
      if (action !== "start") request = requestStop(host.state, name, host.proc);
      const holder = lockHolder(path) ?? "another";
      onProgress(`${name}: waiting for ${holder}, which is at work on it`);
    });
  } finally {
    request?.[Symbol.dispose]();
  }
}
