import type { Pid } from "../../proc/pid.ts";
import type { CommandSettings, CommandText } from "../config/settings.ts";
import { programEnvironment } from "../launch/environment.ts";
import { lastLines, openOutput, type Output } from "../launch/output.ts";
import { runWords } from "../launch/run-words.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import { describeExit } from "../lib/describe-exit.ts";
import { formatDuration } from "../lib/format.ts";

/** How a command is run beside a program. */
export interface CommandOptions {
  /** The process of the program that it is about; undefined: there is none. */
  readonly pid: Pid | undefined;
  /** What else it is told, as variables. */
  readonly more?: Readonly<Record<string, string>>;
  /** What programs inherit. */
  readonly inherited: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Called when it runs. */
  readonly onSpawned?: (pid: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** Why a command has failed. */
export interface CommandFailure {
  readonly reason: string;
  /** The last lines that were written to the log meanwhile. */
  readonly output: readonly string[];
}

/** Number of lines of its output that may say why it has failed. */
const MOST_LINES = 15;

/**
 * Runs a command of a program (`stop_command`, `reload`, a hook) in its environment and directory, by a shell where its own
 * command has one; its output goes to the program's log. What takes longer than it may is ended with its group.
 *
 * @returns why it has failed; undefined where it exits with 0
 * @throws what `signal` says
 */
export async function runOwnCommand(
  { text, words }: CommandText,
  program: CommandSettings,
  { pid, more = {}, inherited, timeoutMs, onSpawned, signal }: CommandOptions,
): Promise<CommandFailure | undefined> {
  const argv = program.useshell ? ["/bin/sh", "-c", text] : words;
  const env = {
    ...programEnvironment(program, inherited),
    USRSVC_PROGRAM: program.name,
    ...(pid === undefined ? {} : { USRSVC_PID: String(pid) }),
    ...more,
  };
  const log = openLog(program.stderr);
  const late = new AbortController();
  const cancel = callAt(monotonicMs() + timeoutMs, () => late.abort());
  const fail = (reason: string): CommandFailure => {
    const output = log === undefined ? [] : lastLines(program.stderr, log.end, MOST_LINES);
    return { reason, output };
  };
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  const around = { env, directory: program.directory, output: log?.fd, onSpawned };
  try {
    const exit = await runWords(argv, around, either);
    return exit.kind === "code" && exit.code === 0 ? undefined : fail(describeExit(exit));
  } catch (error) {
    signal?.throwIfAborted();
    return fail(
      late.signal.aborted
        ? `not done within ${formatDuration(timeoutMs)}, and was ended`
        : describeError(error as NodeJS.ErrnoException, argv[0]),
    );
  } finally {
    cancel();
    log?.close();
  }
}

/** Without a log (a full disk, say) it can run as well. */
function openLog(path: string): Output | undefined {
  try {
    return openOutput(path);
  } catch {
    return undefined;
  }
}

function describeError({ code, message }: NodeJS.ErrnoException, file = ""): string {
  switch (code) {
    case "ENOENT":
      return `no such command: ${file}`;
    case "EACCES":
      return `${file} is not executable`;
    case undefined:
    default:
      return `${file} cannot be executed: ${message || code}`;
  }
}
