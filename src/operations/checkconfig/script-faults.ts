import { findOnPath } from "../../lib/executable.ts";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";

/** Number of bytes of a script that are looked at. */
const LOOK_BYTES = 4096;
const SHELLS = /^(ba|da|z|k|mk|a)?sh$/;

/** Why a script will not run as intended; undefined for a correct one, and for what is not a script. */
export function describeScriptFault(
  argv: readonly string[],
  directory: string,
  path: string | undefined,
): string | undefined {
  const [name = "", ...rest] = argv;
  const file = resolveFile(name, directory, path);
  const text = file === undefined ? undefined : readStart(file);
  if (file === undefined || text === undefined) return undefined;
  const script = rest.find((word) => !word.startsWith("-"));
  if (isBinary(text)) {
    const isShell = SHELLS.test(basename(name)) && !rest.some((word) => /^-[a-z]*c$/.test(word));
    return isShell && script !== undefined
      ? describeLines(resolveFile(script, directory, "") ?? "")
      : undefined;
  }
  if (text.startsWith("\ufeff")) {
    return `${file} begins with a byte order mark, so the kernel does not see its #! line; save it without one`;
  }
  if (!text.startsWith("#!")) {
    return `${file} has no #! line, so it is run by /bin/sh; add the line that it needs, such as #!/bin/sh`;
  }
  const [line = ""] = text.split("\n", 1);
  if (line.endsWith("\r")) {
    return `the #! line of ${file} ends in CR LF, and the kernel takes the CR for a part of the name; fix it: ${mend(file)}`;
  }
  return isShellLine(line) ? describeLines(file) : undefined;
}

/** What a shell does with lines that end as on Windows. */
function describeLines(file: string): string | undefined {
  const text = readStart(file);
  if (text === undefined || isBinary(text) || !/\r\n/.test(text)) return undefined;
  return `lines of ${file} end in CR LF, and the shell takes the CR for a part of the last word; fix it: ${mend(file)}`;
}

function mend(file: string): string {
  return `sed -i 's/\\r$//' ${file}`;
}

function isShellLine(line: string): boolean {
  const words = line.slice(2).trim().split(/\s+/);
  const [first = "", second = ""] = words;
  return SHELLS.test(basename(basename(first) === "env" ? second : first));
}

function isBinary(text: string): boolean {
  return text.includes("\0") || text.startsWith("\x7fELF");
}

function resolveFile(
  name: string,
  directory: string,
  path: string | undefined,
): string | undefined {
  const found = name.includes("/") || path === "" ? name : findOnPath(name, directory, path);
  if (found === undefined) return undefined;
  return isAbsolute(found) ? found : join(directory, found);
}

function readStart(file: string): string | undefined {
  try {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFile()) return undefined;
      const buffer = Buffer.alloc(LOOK_BYTES);
      return buffer.toString("utf8", 0, readSync(fd, buffer));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // not there, a folder, or not ours to read: reported elsewhere
  }
}
