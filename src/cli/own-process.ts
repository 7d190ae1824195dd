import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { sealDescriptors } from "../../proc/system/descriptors.ts";
import { libc } from "../../proc/system/libc.ts";
import { callerOf, TERMINAL_VARIABLE } from "../lib/caller.ts";
import { ownCommand } from "../operations/own-command.ts";

/**
 * A `usrsvc` in a session of its own, which is completed whatever becomes of this command or its terminal.
 *
 * @param words what follows the name of the command
 * @param env variables that it has beside ours
 */
export function startOwn(
  words: readonly string[],
  stdio: StdioOptions,
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  // Node has raised our limit of open files, which its programs would take for their own.
  const limit = process.env["USRSVC_NOFILE"];
  const lower = limit === undefined || !/^\w+$/.test(limit) ? "" : `ulimit -S -n ${limit}; `;
  // What a script has open (`flock -n 200; usrsvc …`) would stay open, and locked, for as long as that runs.
  const c = libc();
  if (c !== undefined) sealDescriptors(c);
  const { terminal } = callerOf(process.env); // it has none of its own
  return spawn("/bin/sh", ["-c", `${lower}exec "$0" "$@"`, ownCommand("usrsvc"), ...words], {
    stdio,
    detached: true,
    env: { ...process.env, [TERMINAL_VARIABLE]: terminal, ...env },
  });
}
