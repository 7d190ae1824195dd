import { daemonInCharge } from "../../state/daemon-alive.ts";
import { type ProcessRef, sameProcess } from "../../../proc/pid.ts";
import { programLock, waitLock } from "../../state/lock.ts";
import { readRecord, writeRecord } from "../../state/record-file.ts";
import { signed, wanted } from "../../state/record-facts.ts";
import { stopping } from "../../state/transitions.ts";
import type { Operation } from "../operation.ts";

/** Time to wait for whoever is at work under the old name, in ms. */
const PATIENCE_MS = 2000;

/** A process that usrsvcd knows by the former name of its section. */
export interface FormerName extends Disposable {
  /** The note about it, for people. */
  readonly note: string;
}

/**
 * A section was renamed, and usrsvcd has not read that yet: it would restart under the old name what is
 * about to be ended. Records there that this is intended, and keeps the lock until it is done; undefined if
 * all use the same name for the process.
 */
export async function standDown(
  process: ProcessRef,
  { host, signal }: Pick<Operation, "host" | "signal">,
): Promise<FormerName | undefined> {
  const boot = host.proc.bootId();
  const isIt = (name: string): boolean =>
    host.isRetired(name) &&
    sameProcess(readRecord(host.state, name, boot).record?.process, process);
  const name = daemonInCharge(host)?.programs?.find(isIt);
  if (name === undefined) return undefined;
  const lock = await waitLock(programLock(host.state, name), PATIENCE_MS, signal);
  const { record } = readRecord(host.state, name, boot);
  if (lock === undefined || record === undefined || !isIt(name)) {
    lock?.[Symbol.dispose]();
    return undefined;
  }
  let trouble = "";
  try {
    const { config } = record;
    const meant = signed(wanted(record, "down"), { by: "usrsvc", config });
    writeRecord(host.state, stopping(meant, record.process));
  } catch (error) {
    trouble = `, and may start it again (${(error as Error).message})`;
  }
  return {
    note: `usrsvcd still knows it as ${name}${trouble}; run usrsvcd reread`,
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}
