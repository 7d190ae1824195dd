import { existsSync, readFileSync } from "node:fs";
import { findOnPath } from "../../../lib/executable.ts";
import { basename, extname, resolve } from "node:path";
import { textOf } from "./values.ts";

/** The words of a string that pm2 takes as a list: quotes group, and stay where they are not around all of a word. */
export function splitArgs(text: string): readonly string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const quoted = /^"([^"]*)"|^'([^']*)'/.exec(rest);
    const named = /^[^\s"'=]+=(?:"[^"]*"|'[^']*')/.exec(rest);
    const plain = /^\S+/.exec(rest);
    const found = named ?? quoted ?? plain;
    if (found === null) {
      at += 1;
      continue;
    }
    const whole = found[0];
    const isQuoted = whole.length > 1 && /^["']/.test(whole) && whole.at(-1) === whole[0];
    const word = isQuoted ? whole.slice(1, -1) : whole;
    if (word.trim() !== "") words.push(word);
    at += whole.length;
  }
  return words;
}

/** A list, or a string that stands for one. */
export function listOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(textOf);
  if (typeof value === "string") return splitArgs(value);
  return value === undefined || value === null ? [] : [textOf(value)];
}

const INTERPRETERS: Readonly<Record<string, string>> = {
  ".js": "node",
  ".cjs": "node",
  ".mjs": "node",
  ".sh": "bash",
  ".py": "python3",
  ".rb": "ruby",
  ".php": "php",
  ".pl": "perl",
  ".coffee": "coffee",
  ".ls": "lsc",
  ".ts": "bun",
  ".tsx": "bun",
};

/** The words of a command; and whether the interpreter is Node, for cluster mode. */
export interface Command {
  readonly words: readonly string[];
  readonly isNode: boolean;
  readonly isPython: boolean;
  /** What was not to be seen here, and was guessed. */
  readonly guess: string | undefined;
}

/** What pm2 would run for an app in `cwd`. */
export function commandWords(app: Readonly<Record<string, unknown>>, cwd: string): Command {
  const script = textOf(app["script"] ?? app["exec"] ?? app["cmd"] ?? app["command"] ?? "");
  const given = app["interpreter"] ?? app["exec_interpreter"];
  const options = listOf(app["node_args"] ?? app["interpreter_args"] ?? app["interpreterArgs"]);
  if (script.includes(" ")) return make(["bash", "-c", script], "bash", undefined);
  const args = listOf(app["args"]);
  const path = resolve(cwd, script);
  const isHere = existsSync(path);
  const isOnPath = !isHere && !/[/]/.test(script) && extname(script) === "";
  const { interpreter, guess } = choose(given, script, isHere ? path : undefined, isOnPath);
  const words =
    interpreter === "none"
      ? [isOnPath ? script : path]
      : [interpreter, ...options, whole(script, path, isHere)];
  return make([...words, ...args], interpreter, guess);
}

/** As pm2 calls it: by its whole path, which may be one on PATH. */
function whole(script: string, path: string, isHere: boolean): string {
  const found =
    isHere || script.includes("/") ? undefined : findOnPath(script, "/", process.env["PATH"]);
  return found ?? path;
}

function choose(
  given: unknown,
  script: string,
  path: string | undefined,
  isOnPath: boolean,
): { readonly interpreter: string; readonly guess: string | undefined } {
  if (typeof given === "string" && given !== "") {
    const [name = given, version] = given.split("@");
    const guess =
      version === undefined || given.startsWith("/")
        ? undefined
        : `${given} takes nvm: write the path of that ${name}`;
    return { interpreter: guess === undefined ? given : name, guess };
  }
  const known = INTERPRETERS[extname(script)];
  if (known !== undefined) return { interpreter: known, guess: undefined };
  // npm, yarn: they say themselves what runs them.
  if (isOnPath) return { interpreter: "none", guess: undefined };
  if (path === undefined) {
    return {
      interpreter: "none",
      guess: `${script} is not here: if it is a text for Node, write node before it`,
    };
  }
  return {
    interpreter: isBinary(path) || hasInterpreter(path) ? "none" : "node",
    guess: undefined,
  };
}

function make(words: readonly string[], interpreter: string, guess: string | undefined): Command {
  const name = basename(interpreter);
  return {
    words,
    isNode: /^node(js)?$|^bun$/.test(name),
    isPython: interpreter.includes("python"),
    guess,
  };
}

function isBinary(path: string): boolean {
  return begin(path).includes(0);
}

function hasInterpreter(path: string): boolean {
  return begin(path).toString("latin1", 0, 2) === "#!";
}

function begin(path: string): Buffer {
  try {
    return readFileSync(path).subarray(0, 512);
  } catch {
    return Buffer.alloc(0);
  }
}
