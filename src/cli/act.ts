import type { Pid } from "../../proc/pid.ts";
import { lately } from "../lib/clock.ts";
import { formatIssues } from "../config/issue.ts";
import { nearest } from "../config/nearest.ts";
import { OtherFiles } from "../config/other-files.ts";
import { defaultStateDir } from "../config/schema.ts";
import type { Settings } from "../config/settings.ts";
import { findDaemon, livingDaemon, daemonInCharge } from "../state/daemon-alive.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import type { Host } from "../host/host.ts";
import { linuxHost } from "../host/linux-host.ts";
import { announceState } from "../identity/neighbours.ts";
import { observeAll, type StatusContext } from "../status/observe.ts";
import { claimMoves, movedRecords } from "../lifecycle/move-records.ts";
import { describeMove, findMoves, type Move, recordsOf } from "../lifecycle/renamed.ts";
import { FEW } from "../lifecycle/stragglers.ts";
import { removedPrograms } from "../lifecycle/removed.ts";
import { foreignState, makeStateDir, stateDir } from "../state/state-dir.ts";
import { findProgram, type Program } from "../identity/program.ts";
import type { ProgramStatus } from "../status/status.ts";
import { isSameFile, realPath } from "../lib/same-file.ts";
import { jsonLine } from "../lib/tame.ts";
import { widenThreadPool } from "../lib/thread-pool.ts";
import type { Command } from "./args.ts";
import { daemonNotes } from "../status/daemon-notes.ts";
import { untilStateIsBack } from "../operations/lost-state.ts";
import { diskNotes } from "../status/disk-notes.ts";
import { restartProgram, startProgram, stopProgram } from "../operations/operate.ts";
import { throughDaemon } from "../operations/through-daemon.ts";
import { type ActionResult, type Operation } from "../operations/operation.ts";
import { homeFolder } from "../lib/home.ts";
import { Interrupted, untilSignalled } from "./run.ts";
import { Renaming } from "./renaming.ts";
import { reread } from "./reread.ts";
import { renderAction, renderActionJson, renderStatus } from "./render.ts";
import type { Screen } from "./screen.ts";
import { configPath, issuesOf, load } from "./session.ts";

/** Which usrsvcd is at work is looked at again after so many ms: once for many programs. */
const LATELY_MS = 20;

type Act = Command & { kind: "act" };

/** `usrsvc start|stop|restart|status`: one, some or all programs. */
export async function act(command: Act, screen: Screen): Promise<ExitCode> {
  const settings = load(command.config);
  const state = stateDir(settings.main.stateDir);
  const isConfigured = (name: string): boolean =>
    settings.programs.has(name) || settings.faulty.has(name);
  const config = configPath(command.config);
  const home = homeFolder();
  const others = new OtherFiles({ home, uid: process.getuid?.() ?? 0 }, state.path);
  const daemonConfig = lately(LATELY_MS, () => livingDaemon(state, host.proc)?.config);
  const commonState = defaultStateDir(realPath(home));
  using host = linuxHost(state, "usrsvc", {
    config,
    home,
    isConfigured,
    standingIn: (file, name) => others.standing(file, name),
    commonState,
    daemonConfig,
    programs: () => settings.programs.values(),
  });
  // Where usrsvcd has them, that does it when it reads the files again.
  const isOurs = daemonInCharge(host) === undefined;
  const moves = isOurs && command.action === "status" ? findRenamed(settings, host) : [];
  claimMoves(movedRecords(moves, host), host);
  const renaming = new Renaming(settings, host, screen);
  if (isOurs && command.action !== "status") await renaming.apply();
  const { programs, unknown } = choose(settings, command, host);
  for (const line of complaints(settings, command)) screen.complain(line);
  for (const name of unknown) tellUnknown(name, settings, command, screen);
  const code =
    command.action === "status"
      ? await showStatus(programs, command, settings, moves, host, screen)
      : await untilSignalled(async (signal) => {
          const lost = await untilStateIsBack(host, signal, (text) => screen.complain(text));
          if (lost !== undefined) {
            screen.complain(`nothing was done: ${lost}`);
            return ExitCode.tryAgain;
          }
          const refused = command.isReread ? await rereadBefore(host, command, screen, signal) : 0;
          return refused === 0
            ? await actOnAll(programs, command, host, renaming, screen, signal)
            : refused;
        });
  if (unknown.length > 0) return ExitCode.undefinedProgram;
  // A file that is refused as a whole: nobody knows what should run.
  const isBlind = command.action === "status" && command.names.length === 0 && hasBadFile(settings);
  return code === ExitCode.ok && isBlind ? ExitCode.failure : code;
}

/** Sections that were renamed, as far as nobody is just ending or starting what runs. */
function findRenamed(settings: Settings, host: Host): readonly Move[] {
  const moves = findMoves(settings.programs, recordsOf(settings, host), host);
  return moves.filter(({ isPassing }) => isPassing !== true);
}

/** What usrsvcd refuses is not to be started here all the same: it would bring the old back. */
async function rereadBefore(
  host: Host,
  { action, json }: Act,
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (daemonInCharge(host) === undefined) return ExitCode.ok; // told with what is started
  const { code, message, details, facts } = await reread(host, signal);
  if (code === ExitCode.ok) {
    if (!json) screen.result(`usrsvcd: ${message}`);
    return code;
  }
  const problems = (facts?.["problems"] as readonly string[] | undefined) ?? details ?? [];
  screen.complain([`nothing was ${action}ed: ${message}`, ...problems].join("\n    "));
  return code;
}

function choose(
  settings: Settings,
  { names, action }: Act,
  host: Host,
): { programs: readonly Program[]; unknown: readonly string[] } {
  const configured = [...settings.programs.keys(), ...settings.faulty.keys()];
  const programs: Program[] = [];
  const unknown: string[] = [];
  let removed: readonly Program[] | undefined;
  for (const name of names.length > 0 ? names : configured) {
    const program =
      findProgram(settings, name, host) ??
      (removed ??= removedPrograms(configured, host)).find((one) => one.name === name);
    if (program === undefined) unknown.push(name);
    else programs.push(program);
  }
  if (names.length === 0 && action === "status") {
    programs.push(...removedPrograms(configured, host));
  }
  return { programs, unknown };
}

function hasBadFile({ issues }: Settings): boolean {
  return issues.some(({ severity, program }) => severity === "error" && program === undefined);
}

/** Errors of the programs concerned; with `all`, of all. */
function complaints(settings: Settings, { names }: Act): readonly string[] {
  return issuesOf(settings, names.length > 0 ? new Set(names) : undefined);
}

function tellUnknown(
  name: string,
  settings: Settings,
  { action, json }: Act,
  screen: Screen,
): void {
  const text = describeUnknown(name, settings);
  screen.complain(text);
  if (!json || action === "status") return;
  const code = ExitCode.undefinedProgram;
  const message = text.slice(name.length + 2);
  screen.page(renderActionJson({ program: name, action, result: "undefined", code, message }));
}

function describeUnknown(name: string, settings: Settings): string {
  const known = [...settings.programs.keys(), ...settings.faulty.keys()];
  const near = nearest(name, known);
  const hint =
    near === undefined
      ? known.length === 0
        ? ["the configuration has no program at all", ...formatIssues(settings.issues)].join("; ")
        : "usrsvc status lists all"
      : `did you mean ${near}?`;
  return `${name}: no such program; ${hint}`;
}

async function actOnAll(
  programs: readonly Program[],
  command: Act,
  host: Host,
  renaming: Renaming,
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  makeStateDir(host.state);
  announceState(host.state, defaultStateDir(realPath(homeFolder())));
  if (command.action !== "stop") await widenThreadPool(process.env); // launches may hang
  const one = async (program: Program): Promise<ExitCode> => {
    const looksBehind = programs.length <= FEW;
    const operation = { ...operationOf(command, host, screen, signal), looksBehind };
    const result =
      skipDisabled(program, command) ??
      (await perform(program, command, renaming, operation).catch(trouble(program, command)));
    report(result, command.json, screen);
    return result.code;
  };
  const codes: ExitCode[] = [];
  if (command.parallel) {
    codes.push(...(await Promise.all(programs.map(one))));
  } else {
    for (const program of programs) {
      if (signal.aborted) break;
      codes.push(await one(program));
    }
  }
  return codes.find((code) => code !== ExitCode.ok) ?? ExitCode.ok;
}

/** Of `all`, disabled programs are skipped and said; they do not spoil the exit code. */
function skipDisabled(program: Program, { names, action }: Act): ActionResult | undefined {
  if (program.enabled || names.length > 0 || action === "stop" || action === "status") {
    return undefined;
  }
  return {
    program: program.name,
    action,
    result: "disabled",
    code: ExitCode.ok,
    message: "skipped: it is disabled",
  };
}

async function perform(
  program: Program,
  { action, isHere }: Act,
  renaming: Renaming,
  operation: Operation,
): Promise<ActionResult> {
  if (action === "status") throw new TypeError("status is no operation");
  const busy = await renaming.settle(program, action, operation);
  if (busy !== undefined) return busy;
  switch (action) {
    case "start":
      return await throughDaemon(program, action, isHere, operation, startProgram);
    case "stop":
      return await stopProgram(program, operation);
    case "restart":
      return await throughDaemon(program, action, isHere, operation, restartProgram);
  }
}

/** What went wrong with one program must not keep the others from being acted on. */
function trouble(program: Program, { action }: Act): (error: unknown) => ActionResult {
  return (error) => {
    if (action === "status") throw error;
    const { message } = error as Error;
    const isInterrupted = error instanceof Interrupted;
    return {
      program: program.name,
      action,
      result: isInterrupted ? "interrupted" : "failed",
      code: isInterrupted ? ExitCode.failure : exitCodeOf(error),
      message: isInterrupted
        ? `${action} broken off (${message}); it may be half done: usrsvc status ${program.name}`
        : `${action} failed: ${message}`,
    };
  };
}

function operationOf(command: Act, host: Host, screen: Screen, signal: AbortSignal): Operation {
  return {
    host,
    signal,
    beganAt: host.proc.alive(process.pid as Pid)?.startTime,
    onProgress: (text) => screen.progress(text),
    debug: (text) => {
      if (command.debug) screen.complain(`debug: ${text}`);
    },
  };
}

function report(result: ActionResult, json: boolean, screen: Screen): void {
  if (json) screen.page(renderActionJson(result));
  else if (result.code === ExitCode.ok) screen.result(renderAction(result));
  else screen.complain(renderAction(result));
}

/** What a section that was renamed has by now is not shown by its old name as well. */
function withoutOldNames(
  seen: readonly ProgramStatus[],
  programs: readonly Program[],
): readonly ProgramStatus[] {
  const old = new Set(programs.flatMap(({ name, isRemoved }) => (isRemoved ? [name] : [])));
  const taken = new Set(seen.flatMap(({ program, pid }) => (old.has(program) ? [] : (pid ?? []))));
  return seen.filter(({ program, pid }) => !old.has(program) || !taken.has(pid ?? 0));
}

async function showStatus(
  programs: readonly Program[],
  command: Act,
  settings: Settings,
  moves: readonly Move[],
  host: Host,
  screen: Screen,
): Promise<ExitCode> {
  const foreign = foreignState(host.state);
  const seen = await observeAll(programs, {
    host,
    isForeign: foreign !== undefined,
    bootId: host.proc.bootId(),
    uptimeSeconds: host.proc.uptime(),
    ...daemonAround(host),
    withCommands: command.json,
    moved: movedRecords(moves, host),
  });
  const all = command.names.length > 0 ? seen : withoutOldNames(seen, programs);
  const notes = [
    ...moves.map(describeMove),
    ...diskNotes(settings, host.state),
    ...daemonNotes(settings, host, foreign),
  ];
  const more = notes.length === 0 ? {} : { notes };
  if (command.json) for (const one of all) screen.page(jsonLine({ ...one, ...more }));
  else if (all.length > 0) screen.result(renderStatus(all, Date.now()));
  else if (command.names.length === 0) screen.complain("the configuration has no program yet");
  if (!command.json) for (const note of notes) screen.result(`note: ${note}`);
  const asked = command.names.length > 0 ? all : all.filter(({ enabled }) => enabled);
  return asked.every(isUp) ? ExitCode.ok : ExitCode.failure;
}

function daemonAround(host: Host): Pick<StatusContext, "daemon" | "looksAfter"> {
  const ours = daemonInCharge(host);
  if (ours !== undefined) {
    return { daemon: "here", looksAfter: ours.programs && new Set(ours.programs) };
  }
  // One that could not write what it is (disk full) is hardly another's.
  const one = findDaemon(host);
  if (one === undefined) return { daemon: "none" };
  const isOurs = one.info === undefined || isSameFile(one.info.config, host.config);
  return { daemon: isOurs ? "here" : "elsewhere" };
}

function isUp({ state }: ProgramStatus): boolean {
  return state === "running" || state === "starting" || state === "stopping";
}
