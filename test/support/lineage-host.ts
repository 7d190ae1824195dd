import type { Spawner } from "../../proc/system/spawner.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Host } from "../../src/host/host.ts";
import type { FakeProc } from "./fake-proc.ts";

/** Children of ours that were adopted, not only made. */
export const adopted = 11;
/** A child that we did not make: an orphan. */
export const orphan = 12;

/** What a usrsvc knows of its programs. */
export interface Known {
  readonly owner?: string;
  /** By pid. */
  readonly owners?: Readonly<Record<number, string>>;
  readonly sessions?: Readonly<Record<number, string>>;
  readonly retired?: readonly string[];
  readonly launching?: readonly string[];
}

/** A machine with these processes. */
export const hostOf = (proc: FakeProc, known: Known = {}): Host =>
  ({
    proc,
    home: "home",
    ownerOf: ({ pid }) => known.owners?.[pid] ?? known.owner,
    ownerOfSession: (session) => known.sessions?.[session],
    isRetired: (name) => known.retired?.includes(name) === true,
    launching: new Set(known.launching),
    watcher: () => ({ isChild: (pid) => Number(pid) === adopted }) as Partial<ProcessWatcher>,
    spawner: () =>
      ({
        underway: (pid) => (Number(pid) === orphan ? undefined : Promise.resolve()),
      }) as Partial<Spawner>,
  }) as Partial<Host> as Host;

/** The environment of what was launched for a program of this home, or of another. */
export const mark = (program: string, home = "home"): Record<string, string> => ({
  USRSVC_PROGRAM: program,
  USRSVC_LAUNCH: `${home}-1-2`,
});
