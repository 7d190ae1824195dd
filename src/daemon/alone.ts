import { procReader } from "../../proc/reader.ts";
import { ExitCode } from "../exit-code.ts";
import { machineFault } from "../lib/fault.ts";
import { localSecond } from "../lib/format.ts";
import { describeAstray, findDaemon, type LivingDaemon } from "../state/daemon-alive.ts";
import { checkReadable, makeStateDir, type StateDir, StateDirError } from "../state/state-dir.ts";
import { CannotBegin } from "./cannot-begin.ts";
import { DaemonLock, type DaemonLockListener } from "./daemon-lock.ts";

/** There is one usrsvcd for a state folder. */
export interface Place {
  readonly state: StateDir;
  /** The main configuration file. */
  readonly config: string;
}

/**
 * Makes sure that no other usrsvcd is at work, now and later.
 *
 * @throws {CannotBegin}
 */
export async function beAlone(place: Place, listener: DaemonLockListener): Promise<DaemonLock> {
  checkReadable(place.state);
  // Before a folder is made in the place of one that was moved or deleted.
  const other = findOther(place);
  if (other !== undefined) throw alreadyRuns(place, other);
  const lock = await takeLock(place, listener);
  if (lock === undefined) throw alreadyRuns(place, findOther(place));
  return lock;
}

function findOther({ state, config }: Place): LivingDaemon | undefined {
  return findDaemon({ state, config, proc: procReader() });
}

function alreadyRuns({ state }: Place, other: LivingDaemon | undefined): CannotBegin {
  const since = other?.info === undefined ? "" : `, since ${localSecond(other.info.since)}`;
  const who = other === undefined ? "" : `, pid ${other.process.pid}${since}`;
  const astray = other && describeAstray(other);
  const why = astray === undefined ? "" : `; ${astray}`;
  return new CannotBegin(
    ExitCode.alreadyRunning,
    `usrsvcd is already running for ${state.path}${who}${why}`,
  );
}

/** What the machine lacks just now it may have soon: worth another try of whoever starts us. */
async function takeLock(
  place: Place,
  listener: DaemonLockListener,
): Promise<DaemonLock | undefined> {
  try {
    makeStateDir(place.state);
    return await DaemonLock.take(place.state, listener);
  } catch (cause) {
    // Something in the place of the lock does not end its holder, which replaces it.
    const isLock = !(cause instanceof StateDirError);
    if (isLock && findOther(place) !== undefined) return undefined;
    if (machineFault(cause) === undefined) throw cause;
    throw new CannotBegin(ExitCode.failure, (cause as Error).message, { cause });
  }
}
