import { existsSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { withoutEmptyTail } from "../../../proc/cmdline.ts";
import { leadsToExecutable, type Place, startsExecutable } from "./executable.ts";
import type { Subject } from "./subject.ts";
import { guessWords } from "./titles.ts";

/** What would start a process again. */
export interface CommandFound {
  /** Undefined: it has written a title over its words, from which nobody can tell them. */
  readonly words: readonly string[] | undefined;
  /** The process shows itself by these words and no longer by others: an expression has to find it. */
  readonly title: string | undefined;
  /** A first word for a person who has to write the rest. */
  readonly program: string;
  readonly directory: string;
  readonly remarks: readonly string[];
}

/** Finds the command of a process, and the folder in which it means what it says. `path`: what it has as PATH. */
export function findCommand(subject: Subject, path: string | undefined): CommandFound {
  const { particulars, ref } = subject;
  const { argv, exe } = particulars;
  const { directory, remarks } = findDirectory(subject);
  const place = { directory, path };
  const leads = (word: string): boolean => leadsToExecutable(word, place, ref.pid, particulars);
  const [first = ""] = argv;
  const file = exe?.path ?? "";
  const base = { directory, program: file };
  if (leads(first)) {
    return {
      ...base,
      program: first,
      words: argv,
      title: undefined,
      remarks: [...remarks, ...changes(subject, place, first)],
    };
  }
  const shown = withoutEmptyTail(argv).join(" ");
  const start = (shown.split(" ", 1)[0] ?? "").replace(/:$/, "");
  const program = startsExecutable(start, place, ref.pid, particulars) ? start : file;
  const guessed = guessWords(shown, file, subject).find((words) => isRight(words, leads));
  if (guessed !== undefined)
    return { ...base, program, words: guessed, title: shown, remarks: [...remarks, GUESSED] };
  const isTitle = withoutEmptyTail(argv).length < 2 || /\s/.test(first);
  if (isTitle) return { ...base, program, words: undefined, title: shown, remarks };
  // `exec -a NAME`, and programs that change only this word.
  const why = `it calls itself ${first}, and is ${file}: that is what the command starts with`;
  return {
    ...base,
    words: [file, ...argv.slice(1)],
    title: shown,
    remarks: [...remarks, why, ...changes(subject, place, file)],
  };
}

const GUESSED =
  "its command is taken from the title that it has written over it: look whether a word should contain blanks";

function isRight(words: readonly string[], leads: (word: string) => boolean): boolean {
  const [first = ""] = words;
  return /^(npm|npx)$/.test(basename(first)) || leads(first);
}

/** What is different about a start that comes now. */
function changes(
  { particulars: { exe } }: Subject,
  { directory }: Place,
  word: string,
): readonly string[] {
  if (exe?.isDeleted !== true) return [];
  const file = word.includes("/") ? (isAbsolute(word) ? word : join(directory, word)) : exe.path;
  return existsSync(file)
    ? [`its executable, ${exe.path}, was replaced since it was started: a restart runs the new one`]
    : [
        `its executable, ${exe.path}, is deleted: it runs on, but nothing can start it again until that is back`,
      ];
}

/**
 * Its working folder; that from which it was started (PWD, as a shell sets it) where it has gone elsewhere since, as
 * daemons go to /, and words of its command name files only there.
 */
function findDirectory({ particulars }: Subject): Pick<CommandFound, "directory" | "remarks"> {
  const { argv, cwd, environ } = particulars;
  const directory = cwd?.path ?? "/";
  const started = environ?.get("PWD");
  const isThere = (folder: string): boolean =>
    argv.some((word) => isRelative(word) && existsSync(join(folder, word)));
  if (started === undefined || started === directory || !isAbsolute(started)) {
    return { directory, remarks: [] };
  }
  if (cwd?.isDeleted !== true && (isThere(directory) || !isThere(started)))
    return { directory, remarks: [] };
  if (cwd?.isDeleted === true && !existsSync(started)) return { directory, remarks: [] };
  const where = cwd?.isDeleted === true ? "a folder that is deleted" : directory;
  const why = `it works in ${where}, but its command means files in ${started}, from which it was started: that is its directory`;
  return { directory: started, remarks: [why] };
}

function isRelative(word: string): boolean {
  return word !== "" && !word.startsWith("/") && !word.startsWith("-");
}
