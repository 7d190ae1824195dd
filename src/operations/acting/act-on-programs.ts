import type { Pid } from "../../../proc/pid.ts";
import { defaultStateDir } from "../../config/schema.ts";
import type { Settings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Program } from "../../identity/program.ts";
import { announceState } from "../../identity/neighbours.ts";
import { homeFolder } from "../../lib/home.ts";
import { realPath } from "../../lib/same-file.ts";
import { widenThreadPool } from "../../lib/thread-pool.ts";
import { FEW } from "../../lifecycle/stragglers.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { makeStateDir } from "../../state/state-dir.ts";
import { errorsOf } from "../configuration.ts";
import type { Act, ActPorts } from "./act.ts";
import { actInOrder } from "./in-order.ts";
import { chosen, meant } from "./meant.ts";
import { untilStateIsBack } from "../daemon/lost-state.ts";
import type { Operation } from "../operation.ts";
import { Renaming } from "./renaming.ts";
import { reread } from "../daemon/reread.ts";
import { openSite, type Site } from "../site.ts";
import { Turns } from "./turns.ts";

/**
 * `usrsvc start`, `stop`, `restart`, `reload`, `signal`, `hold` and `release`: acts on one, some or all programs. A failure of one does not keep
 * the others from being acted on; the first code that is not ok is that of all.
 *
 * @throws {ConfigError}
 * @throws {HomeError}
 * @throws {StateDirError}
 */
export async function actOnPrograms(asked: Act, ports: ActPorts): Promise<ExitCode> {
  using site = openSite(asked.config);
  const { settings, host } = site;
  const { tell } = ports;
  const act = meant(asked, site);
  if ("text" in act) {
    tell({ kind: "nothing-done", text: act.text });
    return act.code;
  }
  const renaming = new Renaming(settings, host, (text) => tell({ kind: "renamed", text }));
  // If usrsvcd supervises them, it does this when it reads the files again.
  const isDryRun = act.isDryRun === true;
  if (!isDryRun && daemonInCharge(host) === undefined) await renaming.apply();
  // What is no longer configured can be stopped, and not be started by a pattern.
  const { programs, unknown } = chosen(act, site);
  const named = act.names.length > 0 ? new Set(programs.map(({ name }) => name)) : undefined;
  tell({ kind: "issues", issues: errorsOf(settings, named) });
  for (const one of unknown) tell({ kind: "unknown", ...one });
  const code = await ports.guard(async (signal) => {
    const gone = unknown.map(({ program }) => program);
    const acted = async (): Promise<ExitCode> => {
      const wanted = act.isOutdated === true ? await outdated(programs, site) : programs;
      if (act.isOutdated === true && wanted.length === 0) {
        const elsewhere = await daemonElsewhere(site);
        if (elsewhere !== undefined) {
          tell({ kind: "nothing-to-do", text: elsewhere });
          return ExitCode.failure;
        }
        if (unknown.length === 0) tell({ kind: "nothing-to-do", text: NONE_OUTDATED });
        return codeOfFiles(act, settings);
      }
      const operation = operationOf(wanted, site, ports, signal);
      const turns = act.isDetached === true && !isDryRun ? turnsOf(ports) : undefined;
      const means = { settings, renaming, operation, tell, gone, turns };
      const done = await actInOrder(wanted, act, means);
      return done === ExitCode.ok ? codeOfFiles(act, settings) : done;
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

/** How far it is with each; what is not over when all has begun is told of as such. */
function turnsOf({ tell, onBegun }: ActPorts): Turns {
  const turns = new Turns(() => {
    const { results } = turns;
    for (const result of results) tell({ kind: "result", result });
    onBegun?.(results.map(({ program }) => program));
  });
  return turns;
}

const NONE_OUTDATED = "nothing to restart: all that runs has the settings of the files";

/** The records of what runs are in another folder than this: nobody can say here that nothing is outdated. */
async function daemonElsewhere({ host }: Site): Promise<string | undefined> {
  const { describeAstray, findDaemon } = await import("../../state/daemon-alive.ts");
  const daemon = findDaemon(host);
  if (daemon?.astray?.kind !== "other") return undefined;
  const where = describeAstray(daemon) ?? "";
  return `not known what is outdated: ${where}: usrsvcd restart, then usrsvc restart --outdated`;
}

async function outdated(programs: readonly Program[], site: Site): Promise<readonly Program[]> {
  const { outdatedOf } = await import("../changes/outdated.ts");
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
