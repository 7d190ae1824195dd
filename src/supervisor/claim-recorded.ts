import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import { recordedProcess } from "../identity/recorded.ts";
import { markOf, unfinishedLaunch } from "../identity/mark.ts";
import { completedRecord } from "../identity/unfinished-launch.ts";
import { programLock } from "../state/lock.ts";
import { lockNote } from "../state/lock-text.ts";
import type { Ledger } from "./ledger.ts";

/** Claims the process on record for the program, before any program is looked for. */
export function claimRecorded(settings: ProgramSettings, ledger: Ledger, host: Host): void {
  const { name } = settings;
  const { record } = ledger;
  const process = recordedProcess(record, host.proc) ?? launchedProcess(settings, ledger, host);
  if (process === undefined) return claimSession(ledger, host);
  const claim = {
    launched: record?.launched,
    session: record?.session,
    launch: record?.launch,
    process,
  };
  const owner = host.ownerOf(process);
  if (owner === undefined || owner === name) return void host.claim(name, claim);
  // Two records name it: what it is marked as decides, else who came first.
  const mark = markOf(host.proc, process.pid);
  const isOurs = mark?.home === host.home && mark.program === name;
  const { pid } = process;
  ledger.emit({ kind: "program.warning", what: "disputed", pid, owner, isOurs });
  if (isOurs) {
    host.claim(owner, undefined);
    host.claim(name, claim);
  } else {
    ledger.forgetProcess();
  }
}

/** What was launched by who was killed just then. */
function launchedProcess(
  settings: ProgramSettings,
  ledger: Ledger,
  host: Host,
): ProcessRef | undefined {
  const note = lockNote(programLock(host.state, settings.name));
  const launch = unfinishedLaunch(note, ledger.record, host);
  return launch && completedRecord(ledger.base(), launch, settings, host)?.process;
}

/** Its process has ended, but what goes on in its session is its own, whatever it is called by now. */
export function claimSession({ name, record }: Ledger, host: Host): void {
  const { process, launched, session } = record ?? {};
  // Who has the number of a session whose leader has left is another.
  const isFree = (pid: number): boolean => host.proc.alive(pid as Pid) === undefined;
  const all = [process?.pid, launched?.pid, session].filter((pid) => pid !== undefined);
  if (process !== undefined && all.every(isFree)) host.claim(name, { launched, session });
}
