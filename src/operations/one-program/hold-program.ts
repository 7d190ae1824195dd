import { ExitCode } from "../../exit-code.ts";
import { lookNow, type Program } from "../../identity/program.ts";
import { callerOf, describeCaller } from "../../lib/caller.ts";
import { isoTime } from "../../lib/format.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { describeHold, describeUntil, type Hold, isOver, showHold } from "../../state/hold.ts";
import {
  type HoldFile,
  isOthers,
  readHoldFile,
  removeHoldFile,
  writeHoldFile,
} from "../../state/hold-file.ts";
import { type Lock, programLock, waitLock } from "../../state/lock.ts";
import { describeHolder } from "../../state/at-work.ts";
import { readRecord } from "../../state/record-file.ts";
import { checkStateDir } from "../../state/state-dir.ts";
import { outlook } from "../../status/outlook.ts";
import { daemonAround } from "../daemon/around.ts";
import { busy, patienceOf, refuseOther } from "./locked.ts";
import { noteHold } from "./note-history.ts";
import type { ActionResult, Operation } from "../operation.ts";

/** What is said of a hold. */
export interface HoldWords {
  /** In ms since 1970; undefined: until somebody ends it. */
  readonly untilMs: number | undefined;
  readonly reason: string | undefined;
}

type Result = Omit<ActionResult, "program" | "action">;

/** `usrsvc hold`: from its end on usrsvcd leaves the program exactly as it is, until the hold is over. */
export async function holdProgram(
  program: Program,
  { untilMs, reason }: HoldWords,
  operation: Operation,
): Promise<ActionResult> {
  const { host } = operation;
  const { name, isRemoved } = program;
  const base = { program: name, action: "hold" } as const;
  if (isRemoved === true) {
    const message =
      "not held: it is no longer in any configuration file, and usrsvcd leaves it alone";
    return { ...base, result: "failed", code: ExitCode.undefinedProgram, message };
  }
  return await underLock(program, "hold", operation, (file) => {
    const hold: Hold = {
      by: callerOf(process.env),
      since: new Date().toISOString(),
      ...(untilMs !== undefined && { until: isoTime(untilMs) }),
      ...(reason !== undefined && { reason }),
    };
    writeHoldFile(host.state, name, { config: host.config, hold });
    const now = Date.now();
    if (!isLookedAfter(name, operation)) {
      const who = describeCaller(hold.by);
      noteHold(name, "program.held", who, `is ${describeHold(hold, now)}`, operation);
    }
    const until = hold.until === undefined ? "" : `, until ${describeUntil(hold.until, now)}`;
    const { pid, how } = standing(program, operation);
    const before =
      file !== undefined && isInForce(file) ? [`it was ${describeHold(file.hold, now)}`] : [];
    const isAlone = daemonInCharge(host) === undefined;
    const later = isAlone ? ["usrsvcd is not running; it will leave it as it is when it does"] : [];
    return {
      result: "held",
      code: ExitCode.ok,
      ...(pid !== undefined && { pid }),
      hold: showHold(hold),
      message: `held, ${how}${until}: usrsvcd leaves it exactly as it is; usrsvc release ${name} ends that`,
      details: [...before, ...later],
    };
  });
}

/**
 * `usrsvc release`: usrsvcd looks after it again, as if it had just begun.
 *
 * @param isNeeded true where a program that is started by itself needs it
 */
export async function releaseProgram(
  program: Program,
  isNeeded: boolean,
  operation: Operation,
): Promise<ActionResult> {
  const { host } = operation;
  const { name } = program;
  return await underLock(program, "release", operation, (file) => {
    if (file === undefined || !isInForce(file)) {
      if (file !== undefined && !isLookedAfter(name, operation)) removeHoldFile(host.state, name);
      return { result: "free", code: ExitCode.ok, message: "was not held" };
    }
    const by = callerOf(process.env);
    // Who tells of it is usrsvcd, where it looks after the program.
    if (!isLookedAfter(name, operation)) {
      removeHoldFile(host.state, name);
      const [who, before] = [describeCaller(by), describeHold(file.hold, Date.now())];
      const text = `released by ${who}, after it was ${before}`;
      noteHold(name, "program.released", who, text, operation);
    } else
      writeHoldFile(host.state, name, { ...file, released: { by, at: new Date().toISOString() } });
    const { pid } = standing(program, operation);
    return {
      result: "released",
      code: ExitCode.ok,
      ...(pid !== undefined && { pid }),
      message: `released; ${next(program, pid, isNeeded, operation)}`,
      details: [`it was ${describeHold(file.hold, Date.now())}`],
    };
  });
}

function isLookedAfter(name: string, { host }: Operation): boolean {
  const daemon = daemonInCharge(host);
  return daemon !== undefined && daemon.programs?.includes(name) !== false;
}

function isInForce({ hold, released }: HoldFile): boolean {
  return released === undefined && !isOver(hold, Date.now());
}

/** Nobody acts on the program meanwhile, and who does so next finds it as it is then. */
async function underLock(
  program: Program,
  action: "hold" | "release",
  { host, signal, onProgress }: Operation,
  act: (file: HoldFile | undefined) => Result,
): Promise<ActionResult> {
  const { name } = program;
  checkStateDir(host.state);
  const path = programLock(host.state, name);
  const patience = patienceOf(program);
  using lock: Lock | undefined = await waitLock(path, patience, signal, () => {
    const holder = describeHolder(path) ?? "another";
    onProgress(name, `waiting for ${holder}, which is at work on it`);
  });
  if (lock === undefined) return busy(program, action, patience, host);
  const { record } = readRecord(host.state, name, host.proc.bootId());
  const taken = refuseOther(program, action, record, host);
  if (taken !== undefined) return taken;
  const file = readHoldFile(host.state, name);
  if (file !== undefined && isInForce(file) && isOthers(file, host.config)) {
    const message = `not touched: the program of this name in ${file.config}, which shares the state_dir, is held; give one of them another name`;
    return { program: name, action, result: "elsewhere", code: ExitCode.failure, message };
  }
  return { program: name, action, ...act(file) };
}

function standing(
  program: Program,
  { host }: Operation,
): { readonly pid: number | undefined; readonly how: string } {
  const { found } = lookNow(program, host);
  if (found.kind === "absent") return { pid: undefined, how: "not running" };
  const { pid } = found.main ?? found.process;
  return { pid, how: `running as pid ${pid}` };
}

/** What usrsvcd does with it from now on. */
function next(
  program: Program,
  pid: number | undefined,
  isNeeded: boolean,
  { host }: Operation,
): string {
  const around = daemonAround(host);
  if (pid !== undefined) {
    const after =
      around.daemon === "here" ? "usrsvcd looks after it again" : "usrsvcd is not running";
    return `it keeps running, pid ${pid}; ${after}`;
  }
  if (program.isRemoved === true) return "it is in no configuration file any more";
  const file = readRecord(host.state, program.name, host.proc.bootId());
  const hasBegun = { ...around, isNeeded: () => isNeeded };
  return `it is not running; next: ${outlook(program, file, { ...hasBegun, isReleased: true }, Date.now()).next ?? "nothing follows"}`;
}
