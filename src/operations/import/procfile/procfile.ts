import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnvFile } from "../../../config/env-file.ts";
import { type Draft, type Note, ProgramDraft } from "../draft.ts";
import type { Names } from "../names.ts";
import { literal } from "../value-text.ts";
import { readLine } from "./line.ts";

/** How a Procfile is read. */
export interface ProcfileOptions {
  /** How many of a process type run, by name; "all" for those not named. */
  readonly formation: ReadonlyMap<string, number>;
  readonly isPipe: boolean;
}

/** foreman gives each type a hundred ports, from here on. */
const FIRST_PORT = 5000;
const PORTS = 100;

/** Translates a Procfile, with the .env beside it. */
export function importProcfile(
  text: string,
  file: string,
  names: Names,
  read: (path: string) => string,
  { formation, isPipe }: ProcfileOptions,
): Draft {
  const here = isPipe ? process.cwd() : dirname(resolve(file));
  const notes: Note[] = [];
  const env = variablesBeside(here, read);
  const set = env?.get("PORT") ?? "";
  const first = /^\d{1,5}$/.test(set) ? Number(set) : FIRST_PORT;
  const programs: ProgramDraft[] = [];
  let index = 0;
  for (const [at, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const source = { file, line: at + 1 };
    const [, type, command = ""] = /^([\w-]+):\s*(\S.*)$/.exec(line.trim()) ?? [];
    if (type === undefined) {
      if (!/^\s*(#.*)?$/.test(line)) {
        notes.push({
          source,
          key: line.trim(),
          value: "",
          why: "not NAME: COMMAND, and ignored by foreman as well",
        });
      }
      continue;
    }
    const port = first + PORTS * index;
    index += 1;
    const count = formation.get(type) ?? formation.get("all") ?? 1;
    const draft = new ProgramDraft(names.take(type), source);
    programs.push(draft);
    const isCounted = count > 1 && type !== "release";
    const shown = isCounted ? numbered(port, count) : String(port);
    const { command: ours, useshell, variables } = readLine(command, shown ?? String(port));
    draft.set("command", ours, source);
    if (useshell) draft.set("useshell", "True", source);
    draft.set("directory", literal(here), source);
    if (env !== undefined) draft.set("env_file", literal(join(here, ".env")), source);
    for (const [name, value] of variables) draft.setVariable(name, literal(value), source);
    // foreman's name of the process.
    if (/\$(PS\b|\{PS\})/.test(command)) {
      draft.setVariable("PS", `${type}.${isCounted ? "%(instance)s" : 1}`, source);
    }
    if (type === "release") {
      draft.set("type", "job", source);
      draft.set("autostart", "False", source);
      const why =
        "it runs with each deploy there: usrsvc start release; what is to run only after it: needs = release";
      draft.note(source, type, "", why);
      continue;
    }
    if (!draft.env.has("PORT")) draft.setVariable("PORT", shown ?? String(port), source);
    if (count === 0) draft.set("enabled", "False", source);
    if (!isCounted) continue;
    draft.set("instances", count, source);
    const why =
      shown === undefined
        ? `PORT is the same for all ${count}: give each its own, with %(instance)s`
        : `PORT is ${port + 1} to ${port + count}: instances are counted from 1`;
    draft.note(source, type, "", why);
  }
  for (const name of formation.keys()) {
    if (name !== "all" && !programs.some((one) => one.name === name)) {
      notes.push({
        source: { file, line: undefined },
        key: `--formation ${name}`,
        value: "",
        why: "there is no such process type",
      });
    }
  }
  return { from: "procfile", programs, notes };
}

/** A port that grows with the number of the instance, from 1; undefined: digits cannot say it. */
function numbered(port: number, count: number): string | undefined {
  return port % 10 === 0 && count < 10 ? `${port / 10}%(instance)s` : undefined;
}

function variablesBeside(
  here: string,
  read: (path: string) => string,
): ReadonlyMap<string, string> | undefined {
  const path = join(here, ".env");
  if (!existsSync(path)) return undefined;
  try {
    const parsed = parseEnvFile(read(path));
    return "env" in parsed ? parsed.env : new Map();
  } catch {
    return new Map();
  }
}
