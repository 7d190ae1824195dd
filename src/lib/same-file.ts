import { realpathSync } from "node:fs";

/**
 * True for two names of one file. What has the same name is the same, too: a link may lead to another
 * release by now.
 */
export function isSameFile(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false; // one is gone
  }
}

/** A path without the links in it; unchanged if that cannot be determined. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
