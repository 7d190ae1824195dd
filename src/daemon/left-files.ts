import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { askerOf } from "../operations/requests/request.ts";
import { writerOf } from "../lib/write-file.ts";

/**
 * Removes what was left by a usrsvc or usrsvcd that was killed while it wrote a file, or waited for an answer: it
 * names a process that is gone. `folders`: where we write.
 *
 * @param lives whether a process of this pid is there
 */
export function removeLeftFiles(folders: Iterable<string>, lives: (pid: number) => boolean): void {
  for (const folder of new Set(folders)) {
    for (const file of filesOf(folder)) {
      const pid = writerOf(file) ?? askerOf(file);
      if (pid !== undefined && !lives(pid)) removeOurs(join(folder, file));
    }
  }
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it is not there, or cannot be read
  }
}

/** In a folder that others use as well there may be anything of that name. */
function removeOurs(path: string): void {
  try {
    const stat = lstatSync(path);
    if (stat.isFile() && stat.uid === process.getuid?.()) rmSync(path);
  } catch {
    // gone, or in a folder that is closed to us
  }
}
