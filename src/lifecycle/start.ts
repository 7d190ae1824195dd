import { unlinkSync } from "node:fs";
import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { launchNote, newLaunchId } from "../identity/mark.ts";
import { describeLaunchError } from "../launch/launch.ts";
import { machineFault } from "../lib/fault.ts";
import { isHeard } from "../notify/status-text.ts";
import { writePidfile } from "../state/pidfile.ts";
import { counted } from "../state/record-facts.ts";
import { adopted } from "../state/transitions.ts";
import { checkStateDir, sparePath } from "../state/state-dir.ts";
import { FollowedStart } from "./follow-start.ts";
import { launchInSight } from "./launch-in-sight.ts";
import { checkBeforeStart, checkFiles } from "./preflight.ts";
import type { StartContext } from "./start-context.ts";
import { failure, type StartOutcome } from "./start-outcome.ts";
import { traits } from "./traits.ts";
import { awaitReaped } from "./unreaped.ts";

/**
 * Starts a program and follows it for success_seconds. The caller holds the program's lock and a
 * turn to launch, and has made sure that it does not run.
 */
export async function start(
  program: ProgramSettings,
  context: StartContext,
): Promise<StartOutcome> {
  let begun: StartOutcome | FollowedStart;
  try {
    context.signal.throwIfAborted();
    begun = await begin(program, context);
  } finally {
    context.endTurn?.();
  }
  return begun instanceof FollowedStart ? await begun.follow() : begun;
}

/** Up to the point where it is executed. */
async function begin(
  program: ProgramSettings,
  context: StartContext,
): Promise<StartOutcome | FollowedStart> {
  const { host, findRunning, isProven, pattern } = context;
  const obstacle = isProven === true ? undefined : checkFiles(program, host);
  if (obstacle !== undefined) {
    removeStalePidfile(program);
    return failure(obstacle.code, obstacle.reason, obstacle.trouble);
  }
  const unreaped = await awaitReaped(program, host, context.signal);
  checkStateDir(host.state); // to get the turn may have taken long
  const running = findRunning?.();
  if (running !== undefined) return foundRunning(program, context, running);
  const unheard = isHeard(program) ? expectNotices(program, context) : undefined;
  if (unheard !== undefined) return failure(ExitCode.failedToLaunch, unheard);
  const launch = newLaunchId(host.home, host.proc.uptime());
  // On disk before the program exists: exactly once depends on it.
  context.lock.writeNote(launchNote(launch, host.proc.bootId()));
  // What takes the place of one that ran has its pidfile at once; what does not match yet, later.
  if (isProven !== true || !pattern.isLaunched) removeStalePidfile(program);
  host.launching.add(program.name);
  try {
    const begun = await launchInSight(program, launch, context);
    context.lock.writeNote(launchNote(launch, host.proc.bootId(), begun.launched.process));
    return new FollowedStart(program, context, begun, launch, unreaped);
  } catch (error) {
    const reason = describeLaunchError(error, program);
    if (reason === undefined) throw error;
    context.lock.writeNote("");
    removeStalePidfile(program);
    const { failedToLaunch: code } = ExitCode;
    const hangs = (error as NodeJS.ErrnoException).code === "ETIMEDOUT"; // and would hang us as well
    const trouble = machineFault(error);
    const own = { code, reason, trouble };
    const isOwn = hangs || trouble !== undefined;
    const found = (isOwn ? undefined : checkBeforeStart(program, host)) ?? own;
    return failure(found.code, found.reason, found.trouble);
  } finally {
    host.launching.delete(program.name);
  }
}

/** What is launched may speak at once. Yields why it could not be heard; nothing is launched then. */
function expectNotices({ name }: ProgramSettings, { host }: StartContext): string | undefined {
  try {
    host.notices?.().expect(name);
    return undefined;
  } catch (error) {
    return `its notices (ready = notify, watchdog) cannot be heard: ${(error as Error).message}`;
  }
}

/** Not launched here: neither its settings nor its group are known. */
function foundRunning(
  program: ProgramSettings,
  { record, host, pattern, store }: StartContext,
  process: ProcessRef,
): StartOutcome {
  const taken = adopted(counted(record, { failures: 0 }), {
    process,
    via: "scan",
    launched: undefined,
    launch: undefined,
    digest: undefined,
    ...traits(process, undefined, pattern, host),
  });
  store.write(taken);
  host.claim(taken.name, taken);
  const notes = ["it was running already"];
  const { autopid, name, pidfile } = program;
  if (autopid) writePidfile(pidfile, process.pid, sparePath(host.state, name, "pidfile"));
  return { kind: "started", process, main: undefined, via: "scan", record: taken, notes };
}

/** The pidfile of a program that is being started names nobody; a reader must not be misled. */
function removeStalePidfile({ autopid, pidfile }: ProgramSettings): void {
  if (!autopid) return;
  try {
    unlinkSync(pidfile);
  } catch {
    // there was none
  }
}
