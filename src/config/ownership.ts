import { nameOf, runAs } from "../lib/accounts.ts";
import { shellWord } from "../lib/format.ts";
import { otherWriters, type Writable } from "../lib/writers.ts";

/** What `stat` says of a file or folder. */
export interface Ownership extends Writable {
  readonly uid: number;
}

/**
 * Why a part of the configuration is refused; undefined: only the user and root can change it.
 *
 * Whoever can write here decides what runs as the user. A folder with the sticky bit, such as /tmp, is
 * safe enough for a file: there, others cannot replace it. (What they put beside it is not read:
 * trusted-path.ts.)
 */
export function describeUnsafe(path: string, stat: Ownership, user: number): string | undefined {
  const { mode, uid } = stat;
  const reason = "and its contents run as you";
  if (uid !== user && uid !== 0) {
    const owner = nameOf(uid);
    const instead = `run it as ${owner}: ${runAs(uid, "usrsvc …")}`;
    if (user === 0) return `belongs to ${owner}, and you are root; ${instead}`;
    const own = `have root give it to you: chown ${user} ${shellWord(path)}`;
    return `belongs to ${owner}, ${reason}; ${own}; or ${instead}`;
  }
  const who = otherWriters(path, stat, user);
  const isSticky = (mode & 0o171000) === 0o041000; // on a file the bit means nothing
  if (who === undefined || isSticky) return undefined;
  return `can be changed by ${who}, ${reason}; fix it: chmod go-w ${shellWord(path)}`;
}
