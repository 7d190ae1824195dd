import { readFileSync } from "node:fs";
import { parseSoftOpenFiles } from "../../proc/limits.ts";
import type { ProgramSettings } from "../config/settings.ts";

/**
 * Variables that are meant for us, not for the programs: a service that held NOTIFY_SOCKET could
 * steer systemd's view of the daemon (systemd.exec(5), sd_listen_fds(3)).
 */
const ours: ReadonlySet<string> = new Set([
  "NOTIFY_SOCKET",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
  "LISTEN_PID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
  "INVOCATION_ID",
  "JOURNAL_STREAM",
  "MANAGERPID",
  "SYSTEMD_EXEC_PID",
  "FDSTORE",
  "LISTEN_PIDFDID",
  "MANAGERPIDFDID",
  "MAINPID",
  "MEMORY_PRESSURE_WATCH",
  "MEMORY_PRESSURE_WRITE",
  "NODE_OPTIONS",
  "NODE_CHANNEL_FD",
  "NODE_CHANNEL_SERIALIZATION_MODE",
  "NODE_UNIQUE_ID",
  "NODE_COMPILE_CACHE",
]);

/** The environment that programs inherit: ours, without what is meant for us. */
export function inheritedEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !ours.has(name) && !name.startsWith("USRSVC_")) result[name] = value;
  }
  return result;
}

/** What a program gets of that, with what its own section sets. */
export function programEnvironment(
  program: Pick<ProgramSettings, "inheritEnv" | "env" | "directory">,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...(program.inheritEnv ? inherited : {}),
    PWD: program.directory, // ours is another
    ...Object.fromEntries(program.env),
  };
}

/**
 * The soft limit of open files that programs get. Node raises its own to the hard limit as
 * it starts, and children inherit that. The first line of the commands records the original in
 * USRSVC_NOFILE; without it (`node dist/usrsvcd.cjs`), our parent's limit is the best guess.
 */
export function originalOpenFiles(env: NodeJS.ProcessEnv): number | undefined {
  const noted = env["USRSVC_NOFILE"];
  if (noted !== undefined && /^\d{1,9}$/.test(noted)) return Number(noted);
  if (noted === "unlimited") return undefined;
  try {
    return parseSoftOpenFiles(readFileSync(`/proc/${process.ppid}/limits`, "utf8"));
  } catch {
    return undefined; // the parent is gone
  }
}
