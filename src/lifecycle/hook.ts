import type { Exit } from "../../proc/exit.ts";
import type { Pid } from "../../proc/pid.ts";
import type { CommandSettings, ProgramSettings } from "../config/settings.ts";
import { monotonicMs } from "../lib/clock.ts";
import { withWords } from "./last-words.ts";
import type { LifecyclePorts } from "./ports.ts";

/** The commands of a program that are run at turns of its life, by their keys, and where they stand in its settings. */
const FIELDS = {
  before_start: "beforeStart",
  after_start: "afterStart",
  after_exit: "afterExit",
  before_stop: "beforeStop",
} as const;

/** A hook, as the configuration calls it. */
export type HookName = keyof typeof FIELDS;

/** The settings that say which hooks there are, and how long each may take. */
export type HookSettings = CommandSettings & HooksOf & Pick<ProgramSettings, "hookTimeoutMs">;

type HooksOf = Pick<ProgramSettings, (typeof FIELDS)[HookName]>;

/** On which occasion a hook is run. */
export interface Occasion {
  /** The program's process, where there is one, or was. */
  readonly pid: Pid | undefined;
  /** How that has ended. */
  readonly exit?: Exit | undefined;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** That a hook has failed, and why. */
export interface HookFailure {
  readonly hook: HookName;
  readonly pid: Pid | undefined;
  readonly reason: string;
  /** The last lines that it wrote. */
  readonly output: readonly string[];
}

/**
 * A launch that nobody makes: what a hook starts, or leaves running, is no program's (identity/mark.ts), whatever its
 * words are.
 */
const NO_LAUNCH = "hook";

/**
 * Runs a hook, if the program has it, in its environment and directory. The caller holds the program's lock. What runs
 * it is loaded where there is one.
 *
 * @returns why it has failed; undefined where it exits with 0, or there is none
 * @throws what `signal` says
 */
export async function runHook(
  hook: HookName,
  settings: HookSettings,
  occasion: Occasion,
  host: Pick<LifecyclePorts, "env" | "state" | "proc">,
  signal: AbortSignal | undefined,
): Promise<HookFailure | undefined> {
  const command = settings[FIELDS[hook]];
  if (command === undefined) return undefined;
  const { runOwnCommand } = await import("./own-command.ts");
  const { awaitGroupEnd, endOrphanedHook, noteHook } = await import("./hook-under-way.ts");
  await endOrphanedHook(settings.name, host);
  const { pid, reason, exit } = occasion;
  const { name, hookTimeoutMs: timeoutMs } = settings;
  let noted: Disposable | undefined;
  let leader: number | undefined;
  const endsAt = monotonicMs() + timeoutMs;
  const running = runOwnCommand(command, settings, {
    pid,
    inherited: host.env,
    more: {
      USRSVC_HOOK: hook,
      USRSVC_LAUNCH: NO_LAUNCH,
      USRSVC_REASON: reason.replaceAll("\0", ""),
      ...exitVariables(exit),
    },
    timeoutMs,
    onSpawned: (its) => {
      leader = its;
      noted = noteHook(name, hook, its, timeoutMs, host);
    },
    signal,
  });
  try {
    const failure = await running;
    return failure && { hook, pid, ...failure };
  } finally {
    noted?.[Symbol.dispose]();
    const isCutOff = signal?.aborted === true || monotonicMs() >= endsAt;
    if (isCutOff && leader !== undefined) await awaitGroupEnd(leader);
  }
}

/** Ends what is left of a hook whose runner was killed, where the program has hooks. The caller holds its lock. */
export async function endHookOfKilled(
  settings: HookSettings | undefined,
  host: Pick<LifecyclePorts, "state" | "proc">,
): Promise<void> {
  if (settings === undefined) return;
  if (Object.values(FIELDS).every((field) => settings[field] === undefined)) return;
  const { endOrphanedHook } = await import("./hook-under-way.ts");
  await endOrphanedHook(settings.name, host);
}

/** Of an end that nobody saw there are none. */
function exitVariables(exit: Exit | undefined): Readonly<Record<string, string>> {
  if (exit?.kind === "code") return { USRSVC_EXIT_CODE: String(exit.code) };
  if (exit?.kind === "signal") return { USRSVC_EXIT_SIGNAL: exit.signal };
  return {};
}

/** That a hook was ended because somebody wants something else. */
export function brokenOffHook(hook: HookName, pid: Pid | undefined, why: unknown): HookFailure {
  return { hook, pid, reason: `broken off (${(why as Error).message})`, output: [] };
}

/** The same in words. */
export function describeHookFailure({ hook, reason, output }: HookFailure): string {
  return `${hook} failed: ${withWords(reason, output)}`;
}

/** What the record says while a hook runs: of one whose runner was killed it is true as well. */
export function undone(reason: string | undefined, hook: HookName): string {
  const again = reason?.includes(`${hook} failed`) === true ? "was begun again, and " : "";
  const note = `its ${hook} ${again}is not done yet`;
  return reason === undefined ? note : `${reason}; ${note}`;
}

/** A reason without that. */
export function withoutUndone(reason: string | undefined): string | undefined {
  const without = reason?.replace(UNDONE, "");
  return without === "" ? undefined : without;
}

const UNDONE =
  /(^|; )its (before_start|after_exit) (was begun again, and )?is not done yet(?=; |$)/g;

/** How long the hooks of a start and an end may take together, in ms, but for before_stop. */
export function hooksMs(settings: HooksAndTime | undefined): number {
  if (settings === undefined) return 0;
  const { beforeStart, afterStart, afterExit, hookTimeoutMs } = settings;
  const all = [beforeStart, afterStart, afterExit, afterExit];
  return all.filter((one) => one !== undefined).length * hookTimeoutMs;
}

type HooksAndTime = HooksOf & Pick<ProgramSettings, "hookTimeoutMs">;
