import { statIfAny } from "../../proc/reader.ts";
import { foreignOwner } from "../identity/foreign.ts";
import type { Found } from "../identity/found.ts";
import { relation } from "../identity/lineage.ts";
import type { IdentityPorts } from "../identity/ports.ts";
import type { Program } from "../identity/program.ts";
import { nameOf } from "../lib/accounts.ts";
import { workerOn } from "../state/at-work.ts";
import type { ProgramRecord } from "../state/record.ts";
import type { RecordFile } from "../state/record-file.ts";
import type { Memory } from "./memory.ts";
import { describeMissedRestarts } from "./missed-restart.ts";
import { isBeingStopped } from "./shown-state.ts";
import type { ProgramStatus } from "./status.ts";
import type { StatusContext } from "./status-context.ts";

/** What is wrong with its configuration, pidfile or record, and what somebody has begun with it. */
export function problems(
  program: Program,
  found: Found,
  file: RecordFile,
  memory: Memory | undefined,
  around: StatusContext,
): Pick<ProgramStatus, "problems"> {
  const { host } = around;
  const all = [
    ...describeForeign(found, memory, host),
    ...describeWork(program, found, file.record, around),
  ];
  if (found.kind === "running") {
    all.push(...describeMissedRestarts(program.name, file.record, found.process, around));
  }
  if (program.isRemoved === true) {
    all.push(
      `is not in any configuration file any more, and keeps running: usrsvc stop ${program.name} ends it`,
    );
  } else if (program.settings === undefined) {
    all.push("its settings are faulty: see usrsvcd checkconfig");
  }
  if (file.problem !== undefined) {
    const isInReach = file.isDamaged && around.isForeign !== true;
    const next = isInReach ? "; usrsvc start, stop or restart sets it aside" : "";
    all.push(`${file.problem}${next}`);
  }
  const dear = program.pattern.takeTrouble?.();
  if (dear !== undefined) all.push(dear);
  const { pidfile } = found;
  if (pidfile.kind === "garbage") {
    all.push(`pidfile ${program.pidfile} contains no pid but ${JSON.stringify(pidfile.text)}`);
  } else if (pidfile.kind === "unreadable") {
    all.push(`pidfile ${pidfile.message}`);
  } else if (pidfile.kind === "pid" && pidfile.pid !== pidOf(found)) {
    const named = host.proc.alive(pidfile.pid);
    // In an upgrade from within, the new master writes it while the old one is the program still.
    const isIts = named !== undefined && relation(named, program.name, host) === "own";
    if (!(isIts && !program.autopid)) {
      const alive = isIts ? "stems from this program" : "is not this program";
      const what = named === undefined ? "has ended" : alive;
      all.push(`pidfile ${program.pidfile} names process ${pidfile.pid}, which ${what}`);
    }
  }
  return all.length === 0 ? {} : { problems: all };
}

function pidOf(found: Found): number | undefined {
  return found.kind === "running" ? (found.main ?? found.process).pid : undefined;
}

/** The program may have become another account (sudo). Asked only where the memory is hidden: most are not. */
function describeForeign(
  found: Found,
  memory: Memory | undefined,
  { proc }: IdentityPorts,
): readonly string[] {
  if (found.kind !== "running" || memory !== "hidden") return [];
  const target = found.main ?? found.process;
  const owner = foreignOwner(target, proc);
  if (owner === undefined) return [];
  return [`process ${target.pid} belongs to ${nameOf(owner)}, and this account cannot end it`];
}

/** Somebody has begun something, and does not come to an end. */
function describeWork(
  { name }: Program,
  found: Found,
  record: ProgramRecord | undefined,
  { host, daemon }: StatusContext,
): readonly string[] {
  const isStopping = found.kind === "running" && isBeingStopped(record, found.process);
  // Mostly it runs, as is wanted, or is down, as is wanted, and nobody has to be looked for.
  if (!isStopping && (found.kind === "running" || record === undefined)) return [];
  if (isStopping && statIfAny(host.proc, found.process.pid)?.state === "D") {
    const what = "a disk, or a network file system, that does not answer";
    return [
      `it was asked to end, and is waiting for ${what} (state D; see dmesg, mount): then it ends`,
    ];
  }
  const worker = workerOn(name, host);
  if (worker?.isSuspended === true) {
    const how = `let it go on (fg, or kill -CONT ${worker.pid}), or end it (kill -9 ${worker.pid})`;
    return [
      `${worker.name}, which is working on it, is suspended and keeps all others out: ${how}`,
    ];
  }
  if (!isStopping || worker !== undefined || daemon === "here") return [];
  if (record?.by === "usrsvcd") {
    return [`usrsvcd was ending it (${record.reason}), and is gone: usrsvcd start does the rest`];
  }
  const what = record?.desired === "down" ? "stop" : "restart";
  return [
    `usrsvc ${what} was interrupted, and it is still running: usrsvc ${what} ${name} does the rest, usrsvc start ${name} keeps it`,
  ];
}
