/** What `stat` says of a file or folder. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
}

/**
 * Why a part of the configuration is refused; undefined: only the user and root can change it.
 *
 * Who can write here decides what runs as the user. A folder with the sticky bit, such as /tmp, is
 * good enough to hold a file: there, others cannot replace it.
 */
export function describeUnsafe(
  path: string,
  { mode, uid }: Ownership,
  user: number,
): string | undefined {
  const reason = "and what stands in it runs as you";
  if (uid !== user && uid !== 0) {
    return `belongs to the user ${uid}, ${reason}; make it your own: chown ${user} ${quote(path)}`;
  }
  const isOpen = (mode & 0o022) !== 0;
  if (!isOpen || (mode & 0o1000) !== 0) return undefined;
  const who = (mode & 0o002) !== 0 ? "everybody" : "its group";
  return `can be changed by ${who}, ${reason}; mend it: chmod go-w ${quote(path)}`;
}

/** A path as a shell takes it. */
function quote(path: string): string {
  return /^[\w/.:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
