import type { Exit } from "../../proc/exit.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { nearestProcess } from "../identity/nearest-process.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import type { Launched } from "../launch/launch.ts";
import { lastWords } from "../launch/output.ts";
import { shorten } from "../lib/format.ts";
import { endLaunch } from "./end-launch.ts";
import { checkBeforeStart } from "./preflight.ts";
import type { StartContext } from "./start-context.ts";
import type { Lost, StartMatch } from "./start-match.ts";
import { describeEarlyExit, type StartFailure } from "./start-outcome.ts";
import { describeStragglers } from "./stragglers.ts";

/** What is known of a start that has failed, before anything of it is ended: that is no news about the program. */
export interface FailedStart {
  readonly program: ProgramSettings;
  readonly context: StartContext;
  /** The id of the launch, and what was launched. */
  readonly launch: string;
  readonly launched: Launched;
  readonly match: StartMatch;
  /** How the launched process ended, if it did. */
  readonly exit: Exit | undefined;
  /** How long that ran, in ms. */
  readonly tookMs?: number | undefined;
  /** What had gone to the background, was the program, and ended. */
  readonly lost: Lost | undefined;
  /** A shell that prepares the launch is all that there is. */
  readonly isLaunching: boolean;
  /** The dead process that may have kept it from its start, in words. */
  readonly unreaped: string | undefined;
  /** Why it is not ready, where it has to be; undefined: it is, or nothing is known to be wanting. */
  readonly unready?: string | undefined;
}

/** How the program ended, as far as it did: what went to the background counts for more than its first process. */
function endOf({ exit, lost, launched }: FailedStart): { exit: Exit | undefined; pid: number } {
  return (exit && lost) ?? { exit, pid: launched.process.pid };
}

/** What is known of it when all that it has left is ended. */
export type EndedStart = Required<Pick<StartFailure, "details" | "hasLeft">>;

/** Ends what a failed start has left. Yields what was looked for, and what was there instead, a line each. */
export async function endFailedStart(failed: FailedStart): Promise<EndedStart> {
  const { program, context, launch, launched, match, unreaped } = failed;
  const { host, pattern, signal } = context;
  const { name } = program;
  const { exit } = endOf(failed);
  const details: string[] = unreaped === undefined ? [] : [unreaped];
  const isUnmatched = exit === undefined && failed.unready === undefined;
  if (isUnmatched) details.push(`looked for ${pattern.description}`, ...match.nearest());
  const left = await endLaunch(
    { launch, launched: launched.process, image: match.image },
    match.seen,
    program,
    host,
    signal,
  );
  if (exit !== undefined) {
    details.push(...describeLeft(left, program));
    const isGone = exit.kind === "code" && exit.code === 0;
    if (isGone) details.push(`looked for ${pattern.description}`);
  }
  const stragglers = describeStragglers(name, host, {
    but: new Set(left.map(({ ref }) => ref.pid)),
  });
  details.push(...stragglers);
  if (left.length > 0 || stragglers.length > 0) return { details, hasLeft: true };
  const nearest = nearestProcess({ name, pattern, settings: program }, host);
  return { details: nearest === undefined ? details : [...details, nearest], hasLeft: false };
}

/** The failure as a value, when all of it is ended. */
export function startFailure(failed: FailedStart, ended: EndedStart): StartFailure {
  const { program, context, launched } = failed;
  const { exit, pid } = endOf(failed);
  const output = lastWords(program, launched.logged);
  const { isLaunching, unready } = failed;
  const why = { exit, isLaunching, unready, isDaemon: pid !== launched.process.pid };
  const isUnchecked = exit !== undefined && context.isProven === true;
  const obstacle = isUnchecked ? checkBeforeStart(program, context.host) : undefined;
  const { tookMs } = failed;
  const base = { kind: "failed", exit, pid, tookMs, ...ended, output } as const;
  return { ...base, ...(obstacle ?? describeFailure(program, why)) };
}

/** Why a start has failed, in one line. */
export function describeFailure(
  {
    command,
    name,
    successMs,
    ready,
  }: Pick<ProgramSettings, "command" | "name" | "successMs"> &
    Partial<Pick<ProgramSettings, "ready">>,
  {
    exit,
    isLaunching,
    isDaemon,
    unready,
  }: Pick<FailedStart, "exit" | "isLaunching" | "unready"> & {
    /** What ended had gone to the background before. */
    readonly isDaemon: boolean;
  },
): Pick<StartFailure, "code" | "reason"> {
  if (exit !== undefined) {
    const early = describeEarlyExit(exit, successMs, ready);
    return isDaemon ? { ...early, reason: `went to the background, and ${early.reason}` } : early;
  }
  if (unready !== undefined) {
    return { code: ExitCode.notReady, reason: `${unready}; it was ended again` };
  }
  const what = `"${shorten(command)}"`;
  const reason = isLaunching
    ? `${what} was not executed within success_seconds: the process that was to become it hung, and was ended`
    : `${what} runs, but no process matches program ${name}; it was ended again`;
  return { code: ExitCode.failedToLaunch, reason };
}

/** A start has failed, and something of it lived on: most likely a daemon that went to the background. */
function describeLeft(
  left: readonly TableEntry[],
  { autopid, pidfile, match, successMs }: ProgramSettings,
): readonly string[] {
  const [first] = left;
  if (first === undefined) return [];
  const named = left.slice(0, 3).map(({ ref, argv }) => `process ${ref.pid}: ${titleOf(argv)}`);
  const what = match.kind === "title" ? `proctitle_re ${match.source}` : "the command";
  const file = autopid
    ? `if it writes its own pidfile, set pidfile to that and autopid = False`
    : `${pidfile} does not name it (where it is written later: success_seconds, ${successMs / 1000} now, must be longer)`;
  const title = titleOf(first.argv).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return [
    ...named.map((one) => `it left running, and usrsvc ended, ${one}`),
    `does the program go to the background? ${what} does not match it, and ${file}; ` +
      `or set proctitle_re = ^${title}; or let it stay in the foreground`,
  ];
}

function titleOf(argv: readonly string[]): string {
  return shorten(argv.join(" "));
}
