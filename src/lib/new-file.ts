import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { setMode } from "./private-file.ts";

/**
 * Writes a file that is not there yet, mode 0600: nothing is replaced, and no half-written file is left.
 *
 * @throws with EEXIST where something has its name
 */
export function writeNew(path: string, text: string): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    setMode(fd, 0o600);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}
