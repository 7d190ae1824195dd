import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { libc } from "../../proc/libc.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { hasPidfd, PidfdWatcher } from "../../proc/pidfd.ts";
import { PollingWatcher } from "../../proc/polling.ts";
import { type ProcReader, procReader } from "../../proc/reader.ts";
import type { ProcessWatcher } from "../../proc/watch.ts";
import { inheritedEnvironment, originalOpenFiles } from "./environment.ts";
import type { Host } from "./host.ts";
import { ProcessTable } from "./process-table.ts";
import type { StateDir } from "./state-dir.ts";
import { type Owner, ownerIn } from "./taken.ts";

/** How often processes are looked at without pidfds: often by the tool, which lives for seconds. */
const POLL_MS = { usrsvc: 20, usrsvcd: 1000 };

/** This machine. Dispose of it at the end, so that no thread keeps waiting. */
export function linuxHost(
  state: StateDir,
  by: "usrsvc" | "usrsvcd",
  owners?: () => ReadonlyMap<number, Owner>,
): Host & Disposable {
  const proc = procReader();
  let watcher: ProcessWatcher | undefined;
  let recorded: ReadonlyMap<number, Owner> | undefined;
  return {
    proc,
    watcher: () => (watcher ??= makeWatcher(proc, POLL_MS[by])),
    table: new ProcessTable(proc, process.getuid?.() ?? 0),
    state,
    by,
    env: inheritedEnvironment(process.env),
    openFiles: originalOpenFiles(process.env),
    ownerOf(process) {
      if (owners !== undefined) return ownerIn(owners(), process);
      recorded ??= readOwners(state, proc.bootId());
      return ownerIn(recorded, process);
    },
    [Symbol.dispose]: () => watcher?.[Symbol.dispose](),
  };
}

/** A watcher by pidfds where they are to be had, else one that polls. */
export function makeWatcher(proc: ProcReader, pollMs: number): ProcessWatcher {
  const c = libc();
  return c !== undefined && hasPidfd(c)
    ? new PidfdWatcher(c, proc)
    : new PollingWatcher(proc, pollMs);
}

/** Which program has which process on record; only the tool needs to read this from disk. */
function readOwners(state: StateDir, boot: string): ReadonlyMap<number, Owner> {
  const owners = new Map<number, Owner>();
  for (const file of listRecords(state)) {
    try {
      const raw = JSON.parse(readFileSync(join(state.programs, file), "utf8")) as {
        name?: string;
        boot?: string;
        process?: ProcessRef;
      };
      if (raw.boot !== boot || raw.process === undefined || raw.name === undefined) continue;
      owners.set(raw.process.pid, { name: raw.name, process: raw.process });
    } catch {
      // damaged or just removed: it claims nothing
    }
  }
  return owners;
}

function listRecords(state: StateDir): readonly string[] {
  try {
    return readdirSync(state.programs).filter((file) => file.endsWith(".json"));
  } catch {
    return []; // nothing was ever started
  }
}
