import type { Stats } from "node:fs";
import { libc } from "../../proc/system/libc.ts";
import { isPrivateGroup } from "./accounts.ts";

/** What `stat` says about who can write to a file or folder. */
export type Writable = Pick<Stats, "mode" | "gid">;

/**
 * Who can write to a file or folder, besides its owner, `uid` and root; undefined: nobody. A group with
 * nobody else in it (as a umask of 002 assumes) does not count. The one answer for everything that others must
 * not change.
 */
export function otherWriters(
  path: string,
  { mode, gid }: Writable,
  uid: number,
): string | undefined {
  if ((mode & 0o002) !== 0) return "everybody";
  if ((mode & 0o020) === 0) return undefined;
  if (!isPrivateGroup(gid, uid)) return "its group";
  // With an ACL these bits are its mask, and it may name any account. Without koffi that is unknown.
  return libc()?.hasAcl(path) === true ? "accounts that its ACL names (see getfacl)" : undefined;
}
