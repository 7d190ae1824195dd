import type { Stats } from "node:fs";
import { libc } from "../../proc/system/libc.ts";
import { isPrivateGroup } from "./accounts.ts";

/** What `stat` says about who may write to a file or folder. */
export type Writable = Pick<Stats, "mode" | "gid">;

/**
 * Who may write to a file or folder, besides its owner, `uid` and root; undefined: nobody. A group in which
 * nobody else is (a umask of 002 supposes that) is no other. The one answer for all that must not be changed by
 * others.
 */
export function otherWriters(
  path: string,
  { mode, gid }: Writable,
  uid: number,
): string | undefined {
  if ((mode & 0o002) !== 0) return "everybody";
  if ((mode & 0o020) === 0) return undefined;
  if (!isPrivateGroup(gid, uid)) return "its group";
  // With an ACL these bits are its mask, and any account may be named in it. Without koffi nobody knows.
  return libc()?.hasAcl(path) === true ? "accounts that its ACL names (see getfacl)" : undefined;
}
