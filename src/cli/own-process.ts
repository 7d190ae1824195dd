import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
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
  return spawn("/bin/sh", ["-c", `${lower}exec "$0" "$@"`, ownCommand("usrsvc"), ...words], {
    stdio,
    detached: true,
    env: { ...process.env, ...env },
  });
}
