import type { Pid } from "../../proc/pid.ts";
import type { ConfigIssue } from "../config/issue.ts";
import { defaultStateDir } from "../config/schema.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
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
import { Interrupted } from "./interrupted.ts";
import { untilStateIsBack } from "./lost-state.ts";
import { restartProgram, startProgram, stopProgram } from "./operate.ts";
import type { ActionResult, Operation } from "./operation.ts";
import { Renaming } from "./renaming.ts";
import { reloadProgram } from "./reload-program.ts";
import { reread } from "./reread.ts";
import { type Sending, signalProgram } from "./signal-program.ts";
import { openSite, type Site } from "./site.ts";
import { inDaemonsEnvironment, throughDaemon } from "./through-daemon.ts";

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
  /** Have usrsvcd read the configuration again first. */
  readonly isReread: boolean;
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
  /** The rest is left alone, after one that has failed; `text` says what. */
  | { readonly kind: "broken-off"; readonly text: string }
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
  if (daemonInCharge(host) === undefined) await renaming.apply();
  // What is no longer configured can be stopped, and not be started by a pattern.
  const { programs, unknown } = choose(site, act.names, {
    onlyConfigured: act.action !== "stop" && act.action !== "signal",
  });
  const named = act.names.length > 0 ? new Set(programs.map(({ name }) => name)) : undefined;
  tell({ kind: "issues", issues: errorsOf(settings, named) });
  for (const one of unknown) tell({ kind: "unknown", ...one });
  const code = await ports.guard(async (signal) => {
    const lost = await untilStateIsBack(host, signal, (text) => tell({ kind: "waiting", text }));
    if (lost !== undefined) {
      tell({ kind: "nothing-done", text: lost });
      return ExitCode.tryAgain;
    }
    const refused = act.isReread ? await rereadBefore(site, ports, signal) : ExitCode.ok;
    if (refused !== ExitCode.ok) return refused;
    const operation = operationOf(programs, site, ports, signal);
    return await actOnAll(programs, act, renaming, operation, tell);
  });
  return unknown.length > 0 ? ExitCode.undefinedProgram : code;
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

async function actOnAll(
  programs: readonly Program[],
  act: Act,
  renaming: Renaming,
  operation: Operation,
  tell: ActPorts["tell"],
): Promise<ExitCode> {
  const { host, signal } = operation;
  makeStateDir(host.state);
  announceState(host.state, defaultStateDir(realPath(homeFolder())));
  if (act.action === "start" || act.action === "restart") await widenThreadPool(process.env); // launches may hang
  const one = async (program: Program): Promise<ExitCode> => {
    const result =
      skip(program, act) ??
      (await perform(program, act, renaming, operation).catch(trouble(program, act)));
    tell({ kind: "result", result });
    return result.code;
  };
  const codes: ExitCode[] = [];
  if (act.parallel) {
    codes.push(...(await Promise.all(programs.map(one))));
  } else {
    for (const [index, program] of programs.entries()) {
      if (signal.aborted) break;
      const code = await one(program);
      codes.push(code);
      const rest = programs.slice(index + 1);
      if (!act.isRolling || code === ExitCode.ok || rest.length === 0) continue;
      const names = rest.map(({ name }) => name).join(", ");
      tell({ kind: "broken-off", text: `${program.name} failed; left as they are: ${names}` });
      break;
    }
  }
  return codes.find((code) => code !== ExitCode.ok) ?? ExitCode.ok;
}

/** With `all`, what is disabled, or cannot be reloaded, is skipped and reported; it does not affect the exit code. */
function skip(
  { name, enabled, settings }: Program,
  { names, action }: Act,
): ActionResult | undefined {
  if (names.length > 0 || action === "stop") return undefined;
  const base = { program: name, action, code: ExitCode.ok } as const;
  if (!enabled) return { ...base, result: "disabled", message: "skipped: it is disabled" };
  if (action !== "reload" || settings === undefined || settings.reload !== undefined)
    return undefined;
  return { ...base, result: "unset", message: "skipped: reload is not set" };
}

async function perform(
  program: Program,
  { action, isHere, sending }: Act,
  renaming: Renaming,
  operation: Operation,
): Promise<ActionResult> {
  const busy = await renaming.settle(program, action, operation);
  if (busy !== undefined) return busy;
  switch (action) {
    case "start":
      return await throughDaemon(program, action, isHere, operation, startProgram);
    case "stop":
      return await stopProgram(program, inDaemonsEnvironment(program, operation));
    case "restart":
      return await throughDaemon(program, action, isHere, operation, restartProgram);
    case "reload":
      return await reloadProgram(program, inDaemonsEnvironment(program, operation));
    case "signal":
      if (sending === undefined) throw new TypeError("which signal?");
      return signalProgram(program, sending, operation);
  }
}

/** A failure of one program must not keep the others from being acted on. */
function trouble({ name: program }: Program, { action }: Act): (error: unknown) => ActionResult {
  return (error) => {
    const { message: why } = error as Error;
    if (error instanceof Interrupted) {
      const message = `${action} interrupted (${why}) and perhaps half done; check: usrsvc status ${program}`;
      return { program, action, result: "interrupted", code: ExitCode.failure, message };
    }
    const message = `${action} failed: ${why}`;
    return { program, action, result: "failed", code: exitCodeOf(error), message };
  };
}
