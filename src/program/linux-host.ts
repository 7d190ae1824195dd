import { libc } from "../../proc/libc.ts";
import { hasPidfd, PidfdWatcher } from "../../proc/pidfd.ts";
import { PollingWatcher } from "../../proc/polling.ts";
import { type ProcReader, procReader } from "../../proc/reader.ts";
import type { ProcessWatcher } from "../../proc/watch.ts";
import { inheritedEnvironment, originalOpenFiles } from "./environment.ts";
import type { Host } from "./host.ts";
import { ProcessTable } from "./process-table.ts";
import { type Owners, RecordedOwners } from "./owners.ts";
import type { StateDir } from "./state-dir.ts";

/** How often processes are looked at without pidfds: often by the tool, which lives for seconds. */
const POLL_MS = { usrsvc: 20, usrsvcd: 1000 };

/** This machine. Dispose of it at the end, so that no thread keeps waiting. */
export function linuxHost(
  state: StateDir,
  by: "usrsvc" | "usrsvcd",
  owners: Owners,
): Host & Disposable {
  const proc = procReader();
  let watcher: ProcessWatcher | undefined;
  return {
    proc,
    watcher: () => (watcher ??= makeWatcher(proc, POLL_MS[by])),
    table: new ProcessTable(proc, process.getuid?.() ?? 0),
    state,
    by,
    env: inheritedEnvironment(process.env),
    openFiles: originalOpenFiles(process.env),
    ownerOf: (process) => owners.ownerOf(process),
    claim: (name, process) => owners.claim(name, process),
    [Symbol.dispose]: () => watcher?.[Symbol.dispose](),
  };
}

/** This machine for usrsvc; `isConfigured` tells whose records count. */
export function toolHost(
  state: StateDir,
  isConfigured: (name: string) => boolean,
): Host & Disposable {
  return linuxHost(
    state,
    "usrsvc",
    new RecordedOwners(state, () => procReader().bootId(), isConfigured),
  );
}

/** A watcher by pidfds where they are to be had, else one that polls. */
export function makeWatcher(proc: ProcReader, pollMs: number): ProcessWatcher {
  const c = libc();
  return c !== undefined && hasPidfd(c)
    ? new PidfdWatcher(c, proc)
    : new PollingWatcher(proc, pollMs);
}
