import { userInfo } from "node:os";

/** Whether a user of a file is the one who runs this. */
export function isOurAccount(user: string): boolean {
  if (/^\d+$/.test(user)) return Number(user) === process.getuid?.();
  try {
    return userInfo().username === user;
  } catch {
    return false;
  }
}

/** What to do about a program of another account. */
export function otherAccount(user: string): string {
  return `programs run as the account that runs usrsvc; for ${user}, import the file there: su - ${user} -c 'usrsvc import …'`;
}

/** What to do about a group, or an account that is none of a person. */
export const OTHER_GROUP = "programs run with the groups of the account that runs usrsvc";
