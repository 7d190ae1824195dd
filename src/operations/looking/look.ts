import { Dependencies } from "../../config/dependencies.ts";
import type { Settings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import type { Program } from "../../identity/program.ts";
import { lately } from "../../lib/clock.ts";
import { claimMoves, movedRecords } from "../../lifecycle/move-records.ts";
import { describeMove, findMoves, type Move, recordsOf } from "../../lifecycle/renamed.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { foreignState } from "../../state/state-dir.ts";
import { daemonNotes } from "../../status/daemon-notes.ts";
import { diskNotes } from "../../status/disk-notes.ts";
import { isRight, isRunning } from "../../status/is-right.ts";
import { observeAll } from "../../status/observe-all.ts";
import type { StatusContext } from "../../status/status-context.ts";
import type { ProgramStatus } from "../../status/status.ts";
import { choose, type UnknownProgram } from "../choose.ts";
import { daemonAround } from "../daemon/around.ts";
import { heldAndRemembered, heldNotes } from "./held-around.ts";
import type { Site } from "../site.ts";

/** The programs whose status is wanted. */
export interface Asked {
  /** Empty: all. */
  readonly names: readonly string[];
  readonly withCommands: boolean;
  /** Reads memory in place of the host, for those who look many times. */
  readonly smapsRollup?: StatusContext["smapsRollup"];
}

/** The status of programs. */
export interface Report {
  readonly programs: readonly ProgramStatus[];
  /** What concerns all of them. */
  readonly notes: readonly string[];
  /** ok: all that are named run, or of all those that should be, none is down; and nothing is unknown. */
  readonly code: ExitCode;
}

/** A status in progress: names are known at once, the rest takes some reads. */
export interface Look {
  readonly unknown: readonly UnknownProgram[];
  readonly report: () => Promise<Report>;
}

/** `usrsvc status`: looks, and writes nothing. */
export function look(site: Site, { names, withCommands, smapsRollup }: Asked): Look {
  const { settings, host } = site;
  const surroundings = lookAround(site, { withCommands, smapsRollup });
  const { programs, unknown } = choose(site, names, { withRemoved: true });
  const report = async (): Promise<Report> => {
    const seen = await observeAll(programs, surroundings.context(programs));
    const all = names.length > 0 ? seen : withoutOldNames(seen, programs);
    const notes = [...surroundings.notes(), ...(names.length > 0 ? [] : heldNotes(programs, host))];
    const isGood =
      names.length > 0
        ? all.every((one) => isRunning(one, settings.programs.get(one.program)?.type === "job"))
        : all.every((one) => !one.wanted || isRight(one)) && !hasBadFile(settings);
    const otherwise = isGood ? ExitCode.ok : ExitCode.failure;
    const code = unknown.length > 0 ? ExitCode.undefinedProgram : otherwise;
    return { programs: all, notes, code };
  };
  return { unknown, report };
}

/** What is the same for all programs of a look, as it is when that is asked for. */
export interface Surroundings {
  readonly context: (programs: readonly Program[]) => StatusContext;
  /** What concerns all of them. */
  readonly notes: () => readonly string[];
}

/** Makes a look ready: sections that were renamed are known by their new names from now on. */
export function lookAround(
  { settings, host }: Site,
  asked: Pick<StatusContext, "withCommands" | "smapsRollup">,
): Surroundings {
  // If usrsvcd supervises them, it does this when it reads the files again.
  const moves = daemonInCharge(host) === undefined ? findRenamed(settings, host) : [];
  const moved = movedRecords(moves, host);
  claimMoves(moved, host);
  const foreign = lately(FOREIGN_MS, () => foreignState(host.state));
  const order = new Dependencies(settings.programs);
  return {
    context: (programs) => ({
      host,
      isNeeded: (name) => order.isNeeded(name),
      restartsWith: (name) => order.restartsWith(name),
      isForeign: foreign() !== undefined,
      bootId: host.proc.bootId(),
      uptimeSeconds: host.proc.uptime(),
      ...daemonAround(host),
      ...asked,
      moved,
      ...heldAndRemembered(programs, host),
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
