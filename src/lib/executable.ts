import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { readFileHead } from "./read-file.ts";

/** Search path of execvp(3) when the environment has no PATH (confstr(3), _CS_PATH). */
export const DEFAULT_PATH = "/bin:/usr/bin";

/** A file that a word names. */
export interface FoundFile {
  /** The path to open it by. */
  readonly opened: string;
  /** The path as execve(2) gets it, and passes it to the interpreter. */
  readonly shown: string;
}

/** The file that a word of a command names: by its path, or found as execvp(3) does; empty: none. */
export function whereFound(
  name: string,
  directory: string,
  path: string | undefined,
): readonly FoundFile[] {
  if (name.includes("/")) {
    return [{ opened: isAbsolute(name) ? name : join(directory, name), shown: name }];
  }
  const found = findOnPath(name, directory, path);
  return found === undefined ? [] : [{ opened: found, shown: found }];
}

/** A path without links; empty when nothing is there. */
export function realFile(path: string): readonly string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return []; // gone in the meantime
  }
}

/** The file that execvp(3) would run for a name without a slash. */
export function findOnPath(
  name: string,
  directory: string,
  path: string | undefined,
): string | undefined {
  for (const folder of (path ?? DEFAULT_PATH).split(":")) {
    const file = join(folder === "" ? directory : folder, name);
    const path = isAbsolute(file) ? file : join(directory, file);
    try {
      if (!statSync(path).isFile()) continue;
      accessSync(path, constants.X_OK);
      return file;
    } catch {
      // not in this folder, or not for us
    }
  }
  return undefined;
}

/** The first line of a script; the kernel reads 256 bytes of it (BINPRM_BUF_SIZE). */
export function readShebang(
  file: string,
): { interpreter: string; option: string | undefined } | undefined {
  let text: string;
  try {
    ({ text } = readFileHead(file, { most: 256 }));
  } catch {
    return undefined; // gone, or not ours to read: then it cannot be started from here either
  }
  // A text without "#!" that is executable: execvp(3) hands it to the shell.
  if (!text.startsWith("#!")) {
    const isBinary = text.includes("\0") || text.startsWith("\x7fELF");
    return isBinary ? undefined : { interpreter: "/bin/sh", option: undefined };
  }
  // Only blanks and tabs are left out, as the kernel does: "#!/bin/sh\r" names a file of that name.
  const line =
    text
      .slice(2)
      .split("\n", 1)[0]
      ?.replace(/^[ \t]+|[ \t]+$/g, "") ?? "";
  const match = /^([^ \t]+)(?:[ \t]+(.*))?$/s.exec(line);
  const interpreter = match?.[1];
  return interpreter === undefined ? undefined : { interpreter, option: match?.[2] };
}
