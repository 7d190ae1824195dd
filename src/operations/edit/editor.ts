import { spawn } from "node:child_process";
import { basename } from "node:path";
import { splitWords } from "../../config/shell/words.ts";
import { findOnPath, realFile } from "../../lib/executable.ts";

/** How a file is opened. */
export interface Editor {
  /** The words of its command. */
  readonly words: readonly string[];
  /** As people call it: the variable or the file that it comes from. */
  readonly source: string;
  /** Where a shell runs these words: the word of them that is the editor. */
  readonly program?: string;
}

/** What only a shell understands. */
const OF_SHELL = /[|&;<>()$`*?~\n]/;

/** Where no variable names one: Debian's choice of the user, that of the machine, and what is nearly everywhere. */
const USUAL = ["sensible-editor", "editor", "vi", "nano"];

/** The editor of whoever asks; a text says why there is none. */
export function findEditor(env: NodeJS.ProcessEnv): Editor | string {
  for (const name of ["VISUAL", "EDITOR"]) {
    const value = env[name];
    if (value === undefined || value.trim() === "") continue;
    const split = splitWords(value);
    if (OF_SHELL.test(value)) {
      // As git does: the line and the file are words after it.
      const program = "words" in split ? split.words[0] : undefined;
      const words = ["/bin/sh", "-c", `${value} "$@"`, name];
      return { words, source: `$${name}`, program: program ?? "" };
    }
    if ("problem" in split) return `$${name} cannot be split into words: ${split.problem}`;
    return { words: split.words, source: `$${name}` };
  }
  const found = USUAL.find((name) => findOnPath(name, process.cwd(), env["PATH"]) !== undefined);
  if (found !== undefined) return { words: [found], source: found };
  return `there is no editor: neither $VISUAL nor $EDITOR is set, and there is no ${USUAL.join(", ")} on PATH`;
}

/** These open a file at the line that the word before it names. */
const PLUS =
  /^(r?vi|r?vim|r?view|nvim|gvim|vim\..*|nvi|vis|ex|elvis|nano|rnano|pico|emacs.*|emacsclient.*|xemacs|mg|zile|jove|jed|ne|joe|jmacs|jpico|jstar|rjoe|micro|mcedit|kak|gedit|pluma|gnome-text-editor|sensible-editor|editor)$/;
/** These take it after the file, and come back at once unless they are told to wait. */
const CODE = /^(code|code-insiders|codium|vscodium|cursor|windsurf)$/;
const COLON = /^(hx|helix|subl|sublime_text|zed|zeditor|zedit|lapce)$/;
const WAITING = /^(subl|sublime_text|zed|zeditor|zedit|lapce)$/;

/** The words that open `file` at `line`; an editor that is not known opens it at its beginning. */
export function editorWords(
  { words, program: given }: Editor,
  file: string,
  line: number,
  path?: string,
): readonly string[] {
  const [name, ...options] = words;
  if (name === undefined) return [];
  const program = nameOf(given ?? name, path);
  const waits = options.some((word) => word === "--wait" || word === "-w");
  const wait = waits ? [] : ["--wait"];
  if (CODE.test(program)) return [...words, ...wait, "-g", `${file}:${line}`];
  if (COLON.test(program)) {
    return [...words, ...(WAITING.test(program) ? wait : []), `${file}:${line}`];
  }
  if (program === "kate")
    return [...words, ...(options.includes("-b") ? [] : ["-b"]), "-l", String(line), file];
  if (PLUS.test(program)) return [...words, `+${line}`, file];
  return [...words, file];
}

/** `editor` and `vi` may be a link to any. */
function nameOf(word: string, path: string | undefined): string {
  const name = basename(word);
  if (PLUS.test(name) && name !== "editor") return name;
  const file = word.includes("/") ? word : findOnPath(word, process.cwd(), path);
  const real = file === undefined ? undefined : realFile(file)[0];
  const target = real === undefined ? name : basename(real);
  const isKnown = [PLUS, CODE, COLON].some((one) => one.test(target));
  return isKnown && !CODE.test(name) && !COLON.test(name) ? target : name;
}

/** How an editor has ended; a text says why it could not be started. */
export type EditorEnd =
  | { readonly kind: "ended"; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Hands the terminal over to an editor, until it ends. What is typed there is meant for it: Ctrl-C does not end us, and
 * Ctrl-Z stops both.
 */
export async function runEditor(words: readonly string[]): Promise<EditorEnd> {
  const [name = "", ...rest] = words;
  const ignore = (): void => {};
  const typed = ["SIGINT", "SIGQUIT"] as const;
  for (const signal of typed) process.on(signal, ignore);
  try {
    return await new Promise((resolve) => {
      const child = spawn(name, rest, { stdio: "inherit" });
      child.once("error", ({ code, message }: NodeJS.ErrnoException) => {
        const why = code === "ENOENT" ? "there is no such command" : message;
        resolve({ kind: "failed", message: why });
      });
      child.once("exit", (code, signal) => resolve({ kind: "ended", code, signal }));
    });
  } finally {
    for (const signal of typed) process.off(signal, ignore);
  }
}
