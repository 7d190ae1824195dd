import { type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { accountOf } from "./accounts.ts";

/** There is no home folder to look for the configuration and the state in; the message says why. */
export class HomeError extends Error {
  override readonly name = "HomeError";
}

/**
 * The home folder: HOME, or what the user database says.
 *
 * @throws {HomeError} when it is not a folder
 */
export function homeFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const known = accountOf(uid);
  const advice =
    known === undefined || known.home === process.env["HOME"]
      ? "set it to a folder of your own"
      : `the home of ${known.name} is ${known.home}`;
  let home: string;
  try {
    home = homedir();
  } catch {
    throw new HomeError(`HOME is not set, and user ${uid} has no account; set it: HOME=/a/folder`);
  }
  const refuse = (why: string): HomeError =>
    new HomeError(`HOME is ${JSON.stringify(home)}, ${why}; ${advice}`);
  if (!home.startsWith("/")) throw refuse("which is not an absolute path");
  let stat: Stats | undefined;
  try {
    stat = statSync(home, { throwIfNoEntry: false });
  } catch (error) {
    throw refuse(`which cannot be accessed (${(error as NodeJS.ErrnoException).code})`);
  }
  if (stat === undefined) throw refuse("which does not exist");
  if (!stat.isDirectory()) throw refuse("which is not a folder");
  return home.replace(/(?<=.)\/+$/, "");
}
