import { closeSync } from "node:fs";
import { getSystemErrorName } from "node:util";
import { libc } from "../../proc/system/libc.ts";

/** What a thread that watches opens: an inotify instance, and a pipe through which it is asked to end. */
const FURTHER = 2;

/**
 * Why no further inotify instance (inotify(7)), with the two descriptors that go with it, is available
 * just now: the name of the error. Undefined: it is, or nobody can tell.
 */
export function inotifyObstacle(): string | undefined {
  const c = libc();
  if (c === undefined) return undefined;
  const opened: number[] = [];
  try {
    for (let left = FURTHER; left >= 0; left -= 1) {
      const fd = left === FURTHER ? c.inotify() : c.eventfd();
      if (fd < 0) return getSystemErrorName(-c.errno());
      opened.push(fd);
    }
    return undefined;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
