import type { Pid } from "../../../proc/pid.ts";
import type { ConfigIssue } from "../../config/issue.ts";
import { defaultStateDir } from "../../config/schema.ts";
import type { Settings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import { type Program, removedProgram } from "../../identity/program.ts";
import { announceState } from "../../identity/neighbours.ts";
import { homeFolder } from "../../lib/home.ts";
import { realPath } from "../../lib/same-file.ts";
import { widenThreadPool } from "../../lib/thread-pool.ts";
import { FEW } from "../../lifecycle/stragglers.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { heldName, heldStems, readHold } from "../../state/hold-file.ts";
import { emptyRecord } from "../../state/record.ts";
import { readRemembered } from "../../state/remembered.ts";
import { fileStem, makeStateDir } from "../../state/state-dir.ts";
import { type Choice, choose, type UnknownProgram } from "../choose.ts";
import { errorsOf } from "../configuration.ts";
import type { DaemonResult } from "../daemon/result.ts";
import type { HoldWords } from "../one-program/hold-program.ts";
import { actInOrder } from "./in-order.ts";
import { untilStateIsBack } from "../daemon/lost-state.ts";
import type { ActionResult, Operation } from "../operation.ts";
import { Renaming } from "./renaming.ts";
import { reread } from "../daemon/reread.ts";
import type { Sending } from "../one-program/signal-program.ts";
import { openSite, type Site } from "../site.ts";
import { Turns } from "./turns.ts";

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
  /** Of a start, stop or restart: nobody waits for the end (`--no-wait`). */
  readonly isDetached?: boolean;
  /** Of a start, stop or restart: only say what would be done. */
  readonly isDryRun?: boolean;
  /** Have usrsvcd read the configuration again first. */
  readonly isReread: boolean;
  /** Only on those that are named, and at once: no matter who needs them, or what they start after. */
  readonly isAlone: boolean;
  /** Of a stop: what ran is remembered; of a start: what was remembered is meant. */
  readonly isRemembered?: boolean;
  /** Of a hold: how long, and why. */
  readonly hold?: HoldWords | undefined;
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
  /** What is remembered by now; `text` says so. */
  | { readonly kind: "remembered"; readonly text: string }
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
  /** Of what nobody waits for: all that can begin has begun; `names` have no result yet, but for what was told instead. */
  readonly onBegun?: (names: readonly string[]) => void;
}

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

/** With the names that are meant; or why there is nothing to do. */
function meant(act: Act, site: Site): Act | { readonly text: string; readonly code: ExitCode } {
  if (act.action === "release" && act.names.length === 0) {
    const names = heldNames(site);
    const text = "no program is held";
    return names.length > 0 ? { ...act, names } : { text, code: ExitCode.ok };
  }
  if (act.action !== "start" || act.isRemembered !== true) return act;
  const { host } = site;
  try {
    const names = readRemembered(host.state, host.config).map(({ program }) => program);
    const text =
      "nothing is remembered; usrsvc stop --remember NAME… (or --all) remembers what it stops";
    return names.length > 0 ? { ...act, names } : { text, code: ExitCode.ok };
  } catch (error) {
    return { text: (error as Error).message, code: ExitCode.failure };
  }
}

/** The programs, those as well that are only known by what an operator has said of them. */
function chosen(act: Act, site: Site): Choice {
  const { host } = site;
  const { action, names } = act;
  const found = choose(site, names, { onlyConfigured: action !== "stop" && action !== "signal" });
  if (action === "release") {
    const held = found.unknown.filter(({ program }) => readHold(host, program, Date.now()));
    const rest = held.map(({ program }) => removedProgram(emptyRecord(program, "")));
    const unknown = found.unknown.filter((one) => !held.includes(one));
    return { programs: [...found.programs, ...rest], unknown };
  }
  if (act.isRemembered !== true || action !== "start") return found;
  const message = "was stopped with --remember, and is in no configuration file any more";
  return { ...found, unknown: found.unknown.map(({ program }) => ({ program, message })) };
}

/** All that is held, configured or not. */
function heldNames({ settings, host }: Site): readonly string[] {
  const configured = [...settings.programs.keys(), ...settings.faulty.keys()];
  const known = new Map(configured.map((name) => [fileStem(name), name]));
  const names = [...heldStems(host.state)].flatMap(
    (stem) => known.get(stem) ?? heldName(host.state, stem) ?? [],
  );
  return names.filter((name) => readHold(host, name, Date.now()) !== undefined);
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
