import { Dependencies } from "../config/dependencies.ts";
import type { Settings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import type { Host } from "../host/host.ts";
import type { Program } from "../identity/program.ts";
import { lately } from "../lib/clock.ts";
import { isSameFile } from "../lib/same-file.ts";
import { claimMoves, movedRecords } from "../lifecycle/move-records.ts";
import { describeMove, findMoves, type Move, recordsOf } from "../lifecycle/renamed.ts";
import { daemonInCharge, findDaemon } from "../state/daemon-alive.ts";
import { foreignState } from "../state/state-dir.ts";
import { stateTraits } from "../state/states.ts";
import { daemonNotes } from "../status/daemon-notes.ts";
import { diskNotes } from "../status/disk-notes.ts";
import { observeAll } from "../status/observe-all.ts";
import type { StatusContext } from "../status/status-context.ts";
import type { ProgramStatus } from "../status/status.ts";
import { choose, type UnknownProgram } from "./choose.ts";
import type { Site } from "./site.ts";

/** The programs whose status is wanted. */
export interface Asked {
  /** Empty: all. */
  readonly names: readonly string[];
  readonly withCommands: boolean;
}

/** The status of programs. */
export interface Report {
  readonly programs: readonly ProgramStatus[];
  /** What concerns all of them. */
  readonly notes: readonly string[];
  /** ok: all that are asked for are up, and nothing is unknown. */
  readonly code: ExitCode;
}

/** A status in progress: names are known at once, the rest takes some reads. */
export interface Look {
  readonly unknown: readonly UnknownProgram[];
  readonly report: () => Promise<Report>;
}

/** `usrsvc status`: looks, and writes nothing. */
export function look(site: Site, { names, withCommands }: Asked): Look {
  const { settings } = site;
  const surroundings = lookAround(site, withCommands);
  const { programs, unknown } = choose(site, names, { withRemoved: true });
  const report = async (): Promise<Report> => {
    const seen = await observeAll(programs, surroundings.context());
    const all = names.length > 0 ? seen : withoutOldNames(seen, programs);
    const wanted = names.length > 0 ? all : all.filter(({ enabled }) => enabled);
    const isBlind = names.length === 0 && hasBadFile(settings);
    const isRight = wanted.every(isAsItShouldBe) && !isBlind;
    const otherwise = isRight ? ExitCode.ok : ExitCode.failure;
    const code = unknown.length > 0 ? ExitCode.undefinedProgram : otherwise;
    return { programs: all, notes: surroundings.notes(), code };
  };
  return { unknown, report };
}

/** What is the same for all programs of a look, as it is when that is asked for. */
export interface Surroundings {
  readonly context: () => StatusContext;
  /** What concerns all of them. */
  readonly notes: () => readonly string[];
}

/** Makes a look ready: sections that were renamed are known by their new names from now on. */
export function lookAround({ settings, host }: Site, withCommands: boolean): Surroundings {
  // If usrsvcd supervises them, it does this when it reads the files again.
  const moves = daemonInCharge(host) === undefined ? findRenamed(settings, host) : [];
  const moved = movedRecords(moves, host);
  claimMoves(moved, host);
  const foreign = lately(FOREIGN_MS, () => foreignState(host.state));
  const order = new Dependencies(settings.programs);
  return {
    context: () => ({
      host,
      isNeeded: (name) => order.isNeeded(name),
      isForeign: foreign() !== undefined,
      bootId: host.proc.bootId(),
      uptimeSeconds: host.proc.uptime(),
      ...daemonAround(host),
      withCommands,
      moved,
    }),
    notes: () => [
      ...moves.map(describeMove),
      ...diskNotes(settings, host.state),
      ...daemonNotes(settings, host, foreign()),
    ],
  };
}

/** Time for which a look at the state folder is reused, in ms. */
const FOREIGN_MS = 1000;

/** Sections that were renamed, unless somebody is just ending or starting what runs. */
function findRenamed(settings: Settings, host: Host): readonly Move[] {
  const moves = findMoves(settings.programs, recordsOf(settings, host), host);
  return moves.filter(({ isPassing }) => isPassing !== true);
}

function daemonAround(host: Host): Pick<StatusContext, "daemon" | "looksAfter"> {
  const ours = daemonInCharge(host);
  if (ours !== undefined) {
    return { daemon: "here", looksAfter: ours.programs && new Set(ours.programs) };
  }
  // One that could not describe itself (disk full) is hardly another's.
  const one = findDaemon(host);
  if (one === undefined) return { daemon: "none" };
  const isOurs = one.info === undefined || isSameFile(one.info.config, host.config);
  return { daemon: isOurs ? "here" : "elsewhere" };
}

/** The process of a renamed section is not shown under its old name as well. */
function withoutOldNames(
  seen: readonly ProgramStatus[],
  programs: readonly Program[],
): readonly ProgramStatus[] {
  const old = new Set(programs.flatMap(({ name, isRemoved }) => (isRemoved ? [name] : [])));
  const taken = new Set(seen.flatMap(({ program, pid }) => (old.has(program) ? [] : (pid ?? []))));
  return seen.filter(({ program, pid }) => !old.has(program) || !taken.has(pid ?? 0));
}

/** A file that is refused as a whole: it is unknown what should run. */
function hasBadFile({ issues }: Settings): boolean {
  return issues.some(({ severity, program }) => severity === "error" && program === undefined);
}

/** A job that waits until it is due is right as well, unless its last run has failed. */
function isAsItShouldBe({ state, nextDueAt, lastRun }: ProgramStatus): boolean {
  return stateTraits[state].isRight || (nextDueAt !== undefined && lastRun !== "failed");
}
