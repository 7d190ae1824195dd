import { statSync } from "node:fs";
import { basename } from "node:path";
import type { Particulars } from "../../../proc/particulars.ts";
import type { Pid } from "../../../proc/pid.ts";
import { executables } from "../../identity/executables.ts";
import { realFile, whereFound } from "../../lib/executable.ts";

/** Where the first word of a command is looked for. */
export interface Place {
  readonly directory: string;
  readonly path: string | undefined;
}

/** True where a word of a command leads to the file that the process executes. */
export function leadsToExecutable(
  word: string,
  { directory, path }: Place,
  pid: Pid,
  { exe }: Pick<Particulars, "exe">,
): boolean {
  if (exe === undefined || word === "") return false;
  const found = whereFound(word, directory, path);
  if (found.some(({ opened }) => realFile(opened).includes(exe.path))) return true;
  if (exe.isDeleted)
    return word === exe.path || (!/\s/.test(word) && basename(word) === basename(exe.path));
  return found.some(({ opened }) => isSame(opened, `/proc/${pid}/exe`));
}

/** The same, also through the `#!` line of a script: what is left of the words `gunicorn app` is python3. */
export function startsExecutable(
  word: string,
  place: Place,
  pid: Pid,
  particulars: Pick<Particulars, "exe">,
): boolean {
  if (leadsToExecutable(word, place, pid, particulars)) return true;
  const match = { kind: "command", candidates: [[word]] } as const;
  const program = { match, argv: [word], useshell: false, directory: place.directory };
  return executables(program, place.path).includes(particulars.exe?.path ?? "");
}

function isSame(a: string, b: string): boolean {
  try {
    const one = statSync(a);
    const other = statSync(b);
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false; // not there
  }
}
