import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import type { ProgramSettings } from "../config/settings.ts";
import { isOwnFolder } from "../lib/own-folder.ts";
import { makePrivateFolder } from "../lib/private-file.ts";
import type { StateDir } from "./state-dir.ts";

/** Of the state folder only where it is counts here; undefined: only what is below HOME is ours. */
type Place = Pick<StateDir, "path"> | undefined;

/** Makes a folder that is missing, mode 0700, if it is one of ours: below HOME, or in state_dir. */
export function makeFolder(path: string, state: Place): void {
  if (!existsSync(path) && isOurs(path, state)) makePrivateFolder(path);
}

/** Makes the folders of a program's pidfile and logs, where they are missing and ours. */
export function makeFolders(
  { pidfile, stdout, stderr }: Pick<ProgramSettings, "pidfile" | "stdout" | "stderr">,
  state: Place,
): void {
  makeFolder(dirname(stdout), state);
  if (stderr !== stdout) makeFolder(dirname(stderr), state);
  makeFolder(dirname(pidfile), state);
}

/**
 * The folder that a missing one of ours would be made in: the nearest that is there. Undefined where
 * it is not for us to make.
 */
export function placeFor(path: string, state: Place): string | undefined {
  if (!isOurs(path, state)) return undefined;
  let at = path;
  while (!existsSync(at) && at !== "/") at = dirname(at);
  return at;
}

function isOurs(path: string, state: Place): boolean {
  const home = homedir();
  return isOwnFolder(path, home, state?.path ?? home);
}
