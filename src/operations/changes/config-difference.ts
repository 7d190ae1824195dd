import type { Settings } from "../../config/settings.ts";
import { isSameFile } from "../../lib/same-file.ts";
import { removedPrograms } from "../../lifecycle/removed.ts";
import { findMoves, type Move, recordsOf } from "../../lifecycle/renamed.ts";
import { findDaemon } from "../../state/daemon-alive.ts";
import type { DaemonInfo } from "../../state/daemon-info.ts";
import { type Kept, keepSettings, type KeptSettings, readKept } from "../../state/kept-settings.ts";
import { olderKeys } from "../../state/launch-parts.ts";
import type { ProgramStatus } from "../../status/status.ts";
import {
  type Change,
  describeRemoved,
  type Facts,
  follow,
  goesOn,
  needsRestart,
  pidOf,
  recordOf,
} from "./change.ts";
import { look } from "../looking/look.ts";
import {
  compareSettings,
  differsFromLaunch,
  type SettingsDifference,
} from "./settings-difference.ts";
import type { Site } from "../site.ts";

/** With what a configuration was compared. */
export type Basis =
  | { readonly kind: "usrsvcd"; readonly pid: number; readonly at: string }
  /** With what each running program was launched with, because there is no usrsvcd, or it does not tell. */
  | { readonly kind: "processes"; readonly why: string };

/** The outcome of a comparison. */
export interface Compared {
  readonly basis: Basis;
  readonly changes: readonly Change[];
  /** Programs that run with settings that are older still, as `status` says: with the keys, as far as they are known. */
  readonly older: readonly ProgramStatus[];
}

/** The usrsvcd of this configuration, and the settings that it has. */
export interface Known {
  readonly daemon: DaemonInfo | undefined;
  readonly kept: Kept;
}

/** Finds the usrsvcd that looks after the programs of this configuration file, wherever it has its state. */
export function knownToDaemon({ host }: Pick<Site, "host">): Known {
  const found = findDaemon(host);
  if (found === undefined)
    return { daemon: undefined, kept: { unknown: "usrsvcd is not running" } };
  const { info, astray, process } = found;
  if (info === undefined) {
    const unknown = `usrsvcd, pid ${process.pid}, has not described itself (usrsvcd status)`;
    return { daemon: undefined, kept: { unknown } };
  }
  if (!isSameFile(info.config, host.config)) {
    const unknown = `usrsvcd runs with another configuration file, ${info.config}`;
    return { daemon: undefined, kept: { unknown } };
  }
  return { daemon: info, kept: readKept(astray?.state ?? host.state, info) };
}

/**
 * Compares the settings of the files with what usrsvcd has, or else with what runs. Writes nothing.
 *
 * @param site with the state folder that usrsvcd has, whatever the files say
 */
export async function compareWith(
  { daemon, kept }: Known,
  site: Site,
  settings: Settings,
): Promise<Compared> {
  if (daemon === undefined || "unknown" in kept) {
    const why = "unknown" in kept ? kept.unknown : "usrsvcd is not running";
    return { basis: { kind: "processes", why }, ...(await compareWithProcesses(site)) };
  }
  const { host } = site;
  const before = kept.kept;
  const moves = findMoves(settings.programs, recordsOf(settings, host), host, {
    has: (name) => before.programs.has(name),
    runOf: (name) => before.programs.get(name)?.run,
  });
  const renamed = new Map(moves.map(({ from, to }) => [to, from]));
  const difference = compareSettings(before, keepAs(before, settings), renamed);
  const basis = { kind: "usrsvcd", pid: daemon.process.pid, at: before.at } as const;
  return { basis, ...(await followFrom(difference, site, moves)) };
}

/** What a reread has changed: of the programs as they are now. `renamed`: the former names, by the new ones. */
export async function describeReread(
  before: KeptSettings,
  after: KeptSettings,
  renamed: ReadonlyMap<string, string>,
  site: Site,
): Promise<Pick<Compared, "changes" | "older">> {
  return await followFrom(compareSettings(before, after, renamed), site, [], true);
}

function keepAs({ at, number, salt }: KeptSettings, settings: Settings): KeptSettings {
  return keepSettings(settings, { at, number, salt });
}

/** With what follows from each difference. */
async function followFrom(
  { main, programs }: SettingsDifference,
  site: Site,
  moves: readonly Move[],
  isDone = false,
): Promise<Pick<Compared, "changes" | "older">> {
  const report = await look(site, { names: [], withCommands: false }).report();
  const facts: Facts = {
    site,
    moves: new Map(moves.map((move) => [move.to, move])),
    status: new Map(report.programs.map((one) => [one.program, one])),
    isDone,
  };
  const ofMain: Change = {
    change: "changed",
    program: undefined,
    keys: main.map((key) => ({ ...key, effect: key.applies })),
  };
  const changes = [
    ...(main.length > 0 ? [ofMain] : []),
    ...programs.map((one) => follow(one, facts)),
  ];
  const told = new Set(changes.filter(needsRestart).map(({ program }) => program));
  const older = report.programs.filter(
    ({ program, olderSettings }) => olderSettings === true && !told.has(program),
  );
  return { changes, older };
}

/** Nobody knows what was read before: but for each process, with what it was launched is on record. */
async function compareWithProcesses(site: Site): Promise<Pick<Compared, "changes" | "older">> {
  const { settings, host } = site;
  const removed = removedPrograms([...settings.programs.keys(), ...settings.faulty.keys()], host);
  const moves = findMoves(settings.programs, recordsOf(settings, host), host);
  const former = new Set(moves.map(({ from }) => from));
  const to = new Map(moves.map((move) => [move.to, move]));
  const report = await look(site, { names: [], withCommands: false }).report();
  const status = new Map(report.programs.map((one) => [one.program, one]));
  const facts: Facts = { site, moves: to, status, isDone: false };
  const kept = keepSettings(settings, { at: "", number: 0, salt: "" });
  const changes: Change[] = [];
  for (const [program, own] of settings.programs) {
    const move = to.get(program);
    const one = status.get(program);
    const now = kept.programs.get(program);
    if (now === undefined || (move === undefined && one?.olderSettings !== true)) continue;
    const older = olderKeys(own, move?.record ?? recordOf(program, facts));
    const keys = (older ?? []).map((key) => ({
      ...differsFromLaunch(key, now),
      effect: "restart" as const,
    }));
    const unnamed =
      older?.length === 0
        ? "launched with other settings; which they are is not on record"
        : undefined;
    const more = move && { from: move.from, note: goesOn(move.record.process?.pid, move) };
    const change = move === undefined ? "changed" : "renamed";
    changes.push({ change, program, pid: one?.pid, keys, note: unnamed, ...more });
  }
  for (const { name } of removed) if (!former.has(name)) changes.push(describeRemoved(name, facts));
  for (const program of settings.faulty.keys()) {
    const pid = pidOf(program, facts);
    if (pid !== undefined) changes.push(describeRemoved(program, facts));
  }
  return { changes, older: [] };
}
