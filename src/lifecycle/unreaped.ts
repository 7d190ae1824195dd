import type { Pid } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { LifecyclePorts } from "./ports.ts";
import { readPidfile } from "../state/pidfile.ts";

/*
 * A program that writes its own pidfile mostly looks first whether the process in it lives, by kill(2)
 * with signal 0 or /proc, and does not start then. A zombie looks alive so: one that its parent has not
 * waited for yet (an init that reaps once a second) or never will (a container whose process 1 is none).
 */

/** An init that reaps does so within this time, in ms. */
const PATIENCE_MS = 2000;
const LOOK_MS = 10;

/**
 * Waits, but not for ever, until the dead process that the program's own pidfile names is reaped. Undefined:
 * none is there, or it is gone; else what an operator should know, one sentence.
 */
export async function awaitReaped(
  { autopid, pidfile }: Pick<ProgramSettings, "autopid" | "pidfile">,
  { proc }: Pick<LifecyclePorts, "proc">,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (autopid) return undefined;
  const named = readPidfile(pidfile);
  if (named.kind !== "pid") return undefined;
  const end = monotonicMs() + PATIENCE_MS;
  for (;;) {
    const stat = statIfAny(proc, named.pid);
    if (stat?.state !== "Z") return undefined;
    if (monotonicMs() >= end) return describe(named.pid, stat.ppid, pidfile, proc);
    await sleep(LOOK_MS, signal);
  }
}

function describe(pid: Pid, parent: number, pidfile: string, proc: LifecyclePorts["proc"]): string {
  const comm = statIfAny(proc, parent as Pid)?.comm ?? "?";
  return (
    `pidfile ${pidfile} names process ${pid}, which has ended, but its parent, pid ${parent} (${comm}), does not ` +
    "wait for it: to a program that asks, it seems to run; set [Main] subreaper = yes, or give the container an " +
    "init (docker run --init)"
  );
}
