import { listNames } from "../../lib/format.ts";
import { monotonicMs, sleep } from "../../lib/clock.ts";
import { findDaemon, silencer } from "../../state/daemon-alive.ts";
import type { DaemonInfo } from "../../state/daemon-info.ts";
import { foreignState } from "../../state/state-dir.ts";
import { ExitCode } from "../../exit-code.ts";
import { diskTrouble } from "../../status/disk-notes.ts";
import type { Host } from "../../host/host.ts";
import type { DaemonResult } from "./result.ts";

/** Time to wait for the answer, in ms. */
const REREAD_PATIENCE_MS = 10_000;

/** Asks usrsvcd to read its configuration again, and reports the outcome. */
export async function reread(host: Host, signal: AbortSignal): Promise<DaemonResult> {
  const action = "reread";
  const before = findDaemon(host);
  using watch = before && host.watcher().open(before.process);
  if (before === undefined || watch === undefined) {
    const message = "usrsvcd was not running; it reads the configuration when it starts";
    return { action, result: "down", code: ExitCode.ok, message };
  }
  const { pid } = watch.ref;
  const state = before.astray?.kind === "other" ? before.astray.state : host.state;
  const foreign = foreignState(state);
  if (foreign !== undefined) {
    const message = `not reread: ${foreign}; when that is fixed, run usrsvcd reread`;
    return { action, result: "refused", code: ExitCode.permission, message, facts: { pid } };
  }
  watch.signal("SIGUSR1");
  const end = monotonicMs() + REREAD_PATIENCE_MS;
  while (monotonicMs() < end) {
    const now = findDaemon(host);
    if (now === undefined) {
      const message = "usrsvcd ended in the meantime";
      return { action, result: "ended", code: ExitCode.failure, message };
    }
    const { rereads = 0, lastReread } = now.info ?? {};
    if (rereads > (before.info?.rereads ?? 0) && lastReread !== undefined) {
      return describeReread(lastReread, pid);
    }
    if (silencer(state) !== undefined) break; // no answer will come
    await sleep(5, signal);
  }
  const where =
    before.info === undefined
      ? `the answer may be in its log: is ${state.path} writable?`
      : `see its log: ${before.info.log}`;
  const trouble = silencer(state) ?? foreignState(state) ?? diskTrouble(state.path);
  const why =
    trouble === undefined
      ? `has not answered; ${where}`
      : `may have read it, but cannot report it: ${trouble}; when that is fixed, run usrsvcd reread again`;
  const message = `usrsvcd, pid ${pid}, ${why}`;
  return { action, result: "busy", code: ExitCode.tryAgain, message, facts: { pid } };
}

function describeReread(
  {
    ok,
    added,
    removed,
    changed,
    problems,
    renamed,
    atRestart = [],
  }: NonNullable<DaemonInfo["lastReread"]>,
  pid: number,
): DaemonResult {
  const more = renamed === undefined || renamed.length === 0 ? {} : { renamed };
  const facts = { pid, added, removed, changed, ...more, atRestart, problems };
  const base = { action: "reread", facts } as const;
  if (!ok) {
    const message = "not reread: usrsvcd keeps its configuration";
    return { ...base, result: "rejected", code: ExitCode.invalidConfig, message };
  }
  const list = (word: string, names: readonly string[]): string =>
    names.length === 0 ? `none ${word}` : `${word}: ${listNames(names)}`;
  const message = `reread; ${list("added", added)}; ${list("removed", removed)}; ${list("changed", changed)}`;
  const older = `keep running with older settings until they are restarted: ${listNames(atRestart)}`;
  const next = "usrsvc restart --outdated restarts them";
  const details = [...(atRestart.length > 0 ? [older, next] : []), ...problems];
  return { ...base, result: "reread", code: ExitCode.ok, message, details };
}
