import { existsSync } from "node:fs";
import { isSameFile, realPath } from "../lib/same-file.ts";
import { libc, libcFailure } from "../../proc/system/libc.ts";
import { Epoll } from "../../proc/system/epoll.ts";
import { hasPidfd, PidfdWatcher } from "../../proc/system/pidfd.ts";
import { PollingWatcher } from "../../proc/system/polling.ts";
import { assertOwnProc } from "../../proc/own-proc.ts";
import { type ProcReader, procReader } from "../../proc/reader.ts";
import { NativeSpawner } from "../../proc/system/native-spawner.ts";
import { NodeSpawner } from "../../proc/system/node-spawner.ts";
import type { Spawner } from "../../proc/system/spawner.ts";
import { Sight } from "../lifecycle/sight.ts";
import { Semaphore } from "../lib/semaphore.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { ProgramSettings, Standing } from "../config/settings.ts";
import { inheritedEnvironment, originalOpenFiles } from "../launch/environment.ts";
import type { Host } from "./host.ts";
import { launchHome, markOf } from "../identity/mark.ts";
import { Neighbours } from "../identity/neighbours.ts";
import { Notices } from "../notify/notices.ts";
import { ProcessTable } from "../identity/process-table.ts";
import { LayeredOwners, type Owners, RecordedOwners } from "../identity/owners.ts";
import { readRecord } from "../state/record-file.ts";
import type { StateDir } from "../state/state-dir.ts";

/** Interval of looks at processes without pidfds, in ms: short in the tool, which lives for seconds. */
const POLL_MS = { usrsvc: 20, usrsvcd: 1000 };

/** Number of launches at once: keeps two cores busy, and leaves threads and descriptors for everything else. */
const LAUNCHES_AT_ONCE = 8;

/** What is managed from here, according to the configuration. */
export interface Scope {
  /** The main configuration file. */
  readonly config: string;
  /** The home folder, by the name that HOME has. */
  readonly home?: string;
  readonly isConfigured: (name: string) => boolean;
  /** The state folder that is used if a configuration names none: the others are listed there. */
  readonly commonState?: string;
  /** How a program of this name is configured in another main configuration file. */
  readonly standingIn?: (config: string, name: string) => Standing;
  /** The main configuration file of the usrsvcd of the state folder, if one runs. */
  readonly daemonConfig?: () => string | undefined;
  /** All programs of the configuration. */
  readonly programs?: () => Iterable<ProgramSettings>;
}

/**
 * This machine. Dispose of it at the end, so that no thread keeps waiting.
 *
 * @throws {ProcError} when the /proc here is not ours
 */
export function linuxHost(
  state: StateDir,
  by: "usrsvc" | "usrsvcd",
  scope: Scope,
): Host & Disposable {
  assertOwnProc();
  const proc = procReader();
  const { config, commonState: common } = scope;
  const isElsewhere = (of: string | undefined): boolean =>
    of !== undefined && !isSameFile(of, config) && existsSync(of);
  const isCopied = (name: string, of: string | undefined): boolean =>
    of !== undefined && isElsewhere(of) && scope.standingIn?.(of, name) === "apart";
  const counts = (name: string, of: string | undefined): boolean =>
    (scope.isConfigured(name) ? by === "usrsvc" : isElsewhere(of)) && !isCopied(name, of);
  let home: string | undefined;
  const findHome = (): string => (home ??= launchHome(belowRealHome(config, scope.home)));
  const recorded = new RecordedOwners(state, {
    boot: () => proc.bootId(),
    counts,
    markedAs({ pid }) {
      const mark = markOf(proc, pid);
      return mark?.home === findHome() ? mark.program : undefined;
    },
  });
  const owners: Owners = by === "usrsvcd" ? new LayeredOwners(recorded) : recorded;
  const env = inheritedEnvironment(process.env);
  let tools: Tools | undefined;
  const needTools = (): Tools => (tools ??= makeTools(proc, POLL_MS[by]));
  const table = new ProcessTable(proc, process.getuid?.() ?? 0);
  const turns = new Semaphore(LAUNCHES_AT_ONCE);
  let notices: Notices | undefined;
  const host: Host & Disposable = {
    proc,
    watcher: () => needTools().watcher,
    spawner: () => needTools().spawner,
    notices: () => (notices ??= makeNotices(host, needTools())),
    sight: new Sight(),
    launchTurn: async (signal) => await turns.take(signal),
    launching: new Set(),
    table,
    state,
    by,
    env,
    openFiles: originalOpenFiles(process.env),
    config,
    get home() {
      return findHome();
    },
    neighbours: common === undefined ? undefined : new Neighbours(state, { proc, common }),
    programs: scope.programs,
    standingIn: scope.standingIn,
    daemonConfig: scope.daemonConfig,
    ownerOf: (process, assumed) => owners.ownerOf(process, assumed),
    ownerOfSession: (session) => owners.ownerOfSession(session),
    ownerOfLaunch: (launch) => owners.ownerOfLaunch(launch),
    claim: (name, claim) => owners.claim(name, claim),
    isRetired: (name) =>
      !scope.isConfigured(name) && !isElsewhere(recordedConfig(state, name, proc.bootId())),
    [Symbol.dispose]() {
      notices?.[Symbol.dispose]();
      tools?.[Symbol.dispose]();
    },
  };
  return host;
}

/** @throws {Error} where this machine has no such calls */
function makeNotices(host: Host, { epoll }: Tools): Notices {
  const c = libc();
  if (c === undefined || epoll === undefined) {
    throw new Error(`this machine has no sockets for it (${libcFailure() ?? "no pidfds"})`);
  }
  return new Notices(host, c, epoll);
}

/** A home may have two names: of a file in it, the real path counts. Other links may soon lead to another release. */
function belowRealHome(path: string, home: string | undefined): string {
  if (home === undefined || !path.startsWith(`${home}/`)) return path;
  return realPath(home) + path.slice(home.length);
}

function recordedConfig(state: StateDir, name: string, boot: string): string | undefined {
  return readRecord(state, name, boot).record?.config;
}

/** What acts on processes; created when it is first needed. */
export interface Tools extends Disposable {
  readonly watcher: ProcessWatcher;
  readonly spawner: Spawner;
  /** Undefined where there is no such thing. */
  readonly epoll: Epoll | undefined;
}

/** By pidfds where they are available, else by polling. */
export function makeTools(proc: ProcReader, pollMs: number): Tools {
  const c = libc();
  if (c === undefined || !hasPidfd(c)) {
    const watcher = new PollingWatcher(proc, pollMs);
    const spawner = new NodeSpawner(watcher, proc);
    const dispose = (): void => watcher[Symbol.dispose]();
    return { watcher, spawner, epoll: undefined, [Symbol.dispose]: dispose };
  }
  const epoll = new Epoll(c);
  const watcher = new PidfdWatcher(c, epoll, proc);
  return {
    watcher,
    spawner: new NativeSpawner(c, watcher, proc),
    epoll,
    [Symbol.dispose]() {
      watcher[Symbol.dispose]();
      epoll[Symbol.dispose]();
    },
  };
}
