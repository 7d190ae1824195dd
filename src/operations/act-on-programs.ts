import type { Pid } from "../../proc/pid.ts";
import type { ConfigIssue } from "../config/issue.ts";
import { defaultStateDir } from "../config/schema.ts";
import type { Settings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import type { Program } from "../identity/program.ts";
import { announceState } from "../identity/neighbours.ts";
import { homeFolder } from "../lib/home.ts";
import { realPath } from "../lib/same-file.ts";
import { widenThreadPool } from "../lib/thread-pool.ts";
import { FEW } from "../lifecycle/stragglers.ts";
import { daemonInCharge } from "../state/daemon-alive.ts";
import { makeStateDir } from "../state/state-dir.ts";
import { choose, type UnknownProgram } from "./choose.ts";
import { errorsOf } from "./configuration.ts";
import type { DaemonResult } from "./daemon-result.ts";
import { actInOrder } from "./in-order.ts";
import { untilStateIsBack } from "./lost-state.ts";
import type { ActionResult, Operation } from "./operation.ts";
import { Renaming } from "./renaming.ts";
import { reread } from "./reread.ts";
import type { Sending } from "./signal-program.ts";
import { openSite, type Site } from "./site.ts";

/** An action on programs. */
export interface Act {
  readonly action: ActionResult["action"];
  /** Of a signal: which, and to whom. */
  readonly sending?: Sending | undefined;
  /** Empty: all. */
  readonly names: readonly string[];
  /** All at once. */
  readonly parallel: boolean;
  /** One after the other, and no further than to the first that fails. */
  readonly isRolling: boolean;
  /** Of a start: from this shell, with its environment, even where usrsvcd runs. */
  readonly isHere: boolean;
  /** Of a restart: of those that run with older settings than the files have, and of no others. */
  readonly isOutdated?: boolean;
  /** The end of a job is not waited for. */
  readonly isDetached?: boolean;
  /** Of a start, stop or restart: only say what would be done. */
  readonly isDryRun?: boolean;
  /** Have usrsvcd read the configuration again first. */
  readonly isReread: boolean;
  /** Only on those that are named, and at once: no matter who needs them, or what they start after. */
  readonly isAlone: boolean;
  /** The configuration file; undefined: the one of this account. */
  readonly config: string | undefined;
}

/** What is reported while it is done, in this order. */
export type News =
  /** A process got the new name of its section; `text` says so. */
  | { readonly kind: "renamed"; readonly text: string }
  /** Errors in the configuration of these programs. */
  | { readonly kind: "issues"; readonly issues: readonly ConfigIssue[] }
  | ({ readonly kind: "unknown" } & UnknownProgram)
  /** Nothing can be done until something else is done; `text` says what. */
  | { readonly kind: "waiting"; readonly text: string }
  /** What nobody has named is acted on as well, because of the order; `text` says why. */
  | { readonly kind: "also"; readonly text: string }
  /** The rest is left alone, after one that has failed; `text` says what. */
  | { readonly kind: "broken-off"; readonly text: string }
  /** Nothing needs what was asked for; `text` says so. */
  | { readonly kind: "nothing-to-do"; readonly text: string }
  /** Nothing was done at all; `text` says why. */
  | { readonly kind: "nothing-done"; readonly text: string }
  /** The outcome of the reread by usrsvcd; if it failed, nothing else was done. */
  | { readonly kind: "reread"; readonly result: DaemonResult }
  /** The result for one program. */
  | { readonly kind: "result"; readonly result: ActionResult };

/** The ports of an action. */
export interface ActPorts {
  readonly tell: (news: News) => void;
  /** Runs what must not be interrupted in the middle: its signal asks it to end in good order. */
  readonly guard: (act: (signal: AbortSignal) => Promise<ExitCode>) => Promise<ExitCode>;
  readonly onProgress: Operation["onProgress"];
  readonly debug: Operation["debug"];
}

/**
 * `usrsvc start`, `stop`, `restart`, `reload` and `signal`: acts on one, some or all programs. A failure of one does not keep
 * the others from being acted on; the first code that is not ok is that of all.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 * @throws {StateDirError}
 */
export async function actOnPrograms(act: Act, ports: ActPorts): Promise<ExitCode> {
  using site = openSite(act.config);
  const { settings, host } = site;
  const { tell } = ports;
  const renaming = new Renaming(settings, host, (text) => tell({ kind: "renamed", text }));
  // If usrsvcd supervises them, it does this when it reads the files again.
  const isDryRun = act.isDryRun === true;
  if (!isDryRun && daemonInCharge(host) === undefined) await renaming.apply();
  // What is no longer configured can be stopped, and not be started by a pattern.
  const { programs, unknown } = choose(site, act.names, {
    onlyConfigured: act.action !== "stop" && act.action !== "signal",
  });
  const named = act.names.length > 0 ? new Set(programs.map(({ name }) => name)) : undefined;
  tell({ kind: "issues", issues: errorsOf(settings, named) });
  for (const one of unknown) tell({ kind: "unknown", ...one });
  const code = await ports.guard(async (signal) => {
    const acted = async (): Promise<ExitCode> => {
      const wanted = act.isOutdated === true ? await outdated(programs, site) : programs;
      if (act.isOutdated === true && wanted.length === 0) {
        if (unknown.length === 0) tell({ kind: "nothing-to-do", text: NONE_OUTDATED });
        return codeOfFiles(act, settings);
      }
      const operation = operationOf(wanted, site, ports, signal);
      const code = await actInOrder(wanted, act, { settings, renaming, operation, tell });
      return code === ExitCode.ok ? codeOfFiles(act, settings) : code;
    };
    if (isDryRun) return await acted();
    const lost = await untilStateIsBack(host, signal, (text) => tell({ kind: "waiting", text }));
    if (lost !== undefined) {
      tell({ kind: "nothing-done", text: lost });
      return ExitCode.tryAgain;
    }
    const refused = act.isReread ? await rereadBefore(site, ports, signal) : ExitCode.ok;
    if (refused !== ExitCode.ok) return refused;
    makeStateDir(host.state);
    announceState(host.state, defaultStateDir(realPath(homeFolder())));
    if (act.action === "start" || act.action === "restart") await widenThreadPool(process.env); // launches may hang
    return await acted();
  });
  return unknown.length > 0 ? ExitCode.undefinedProgram : code;
}

const NONE_OUTDATED = "nothing to restart: all that runs has the settings of the files";

async function outdated(programs: readonly Program[], site: Site): Promise<readonly Program[]> {
  const { outdatedOf } = await import("./outdated.ts");
  return await outdatedOf(programs, site);
}

/** Which of all programs are outdated is not known where a file cannot be read. */
function codeOfFiles({ isOutdated, names }: Act, { issues }: Settings): ExitCode {
  const isBlind = issues.some(
    ({ severity, program }) => severity === "error" && program === undefined,
  );
  return isOutdated === true && names.length === 0 && isBlind
    ? ExitCode.invalidConfig
    : ExitCode.ok;
}

/** What usrsvcd refuses must not be started here anyway: usrsvcd would restore the old settings. */
async function rereadBefore(
  { host }: Site,
  { tell }: ActPorts,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (daemonInCharge(host) === undefined) return ExitCode.ok; // reported with what is started
  const result = await reread(host, signal);
  tell({ kind: "reread", result });
  return result.code;
}

function operationOf(
  programs: readonly Program[],
  { host }: Site,
  { onProgress, debug }: ActPorts,
  signal: AbortSignal,
): Operation {
  const beganAt = host.proc.alive(process.pid as Pid)?.startTime;
  return { host, signal, beganAt, onProgress, debug, looksBehind: programs.length <= FEW };
}
