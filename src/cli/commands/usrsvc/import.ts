import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { isSecretName, MASK } from "../../../lib/secrets.ts";
import type { Format, Note, ProgramDraft, Setting } from "../../../operations/import/draft.ts";
import type { Imported } from "../../../operations/import/import.ts";
import type { Written } from "../../../operations/import/write.ts";
import { UsageError } from "../../args.ts";
import { command, type Invocation } from "../../command.ts";
import { write } from "../../programs.ts";
import type { Screen } from "../../screen.ts";

const options = {
  from: {
    value: "MANAGER",
    help: "supervisor, pm2, systemd or procfile, where the file does not show it",
  },
  env: { value: "NAME", help: "of a file for pm2: env_NAME counts as well" },
  formation: {
    value: "LIST",
    help: "of a Procfile: how many of each process type, as web=2,worker=1 or all=1",
  },
  write,
  "show-secrets": {
    help: "show passwords and the values of [[Env]]",
    needs: { option: "json", why: "without it, all values are shown" },
  },
} as const;

export const importFrom = command({
  name: "import",
  summary:
    "translate files of supervisor, pm2, systemd or a Procfile, and say line by line what has no counterpart",
  arguments: { kind: "files" },
  options,
  async run(invocation: Invocation<typeof options>): Promise<ExitCode> {
    const { words, options: given, screen } = invocation;
    const { config, json, write } = given;
    // What only this command needs takes no time of others.
    const { importFiles, importedText } = await import("../../../operations/import/import.ts");
    const imported = importFiles({
      files: words,
      from: await readFormat(given.from),
      config,
      environment: given.env,
      formation: readFormation(given.formation),
    });
    for (const problem of imported.problems) screen.complain(`usrsvc: ${problem}`);
    for (const hint of imported.hints) screen.complain(hint);
    const failed = imported.problems.length > 0;
    if (imported.programs.length === 0) {
      tellNotes(imported.notes, screen);
      return ExitCode.failure;
    }
    if (!write) {
      if (json) printObjects(imported, given["show-secrets"], screen);
      else screen.page(importedText(imported, words).trimEnd());
      tellAll(imported, screen);
      return failed ? ExitCode.failure : ExitCode.ok;
    }
    const { writeImported } = await import("../../../operations/import/write.ts");
    const result = writeImported(imported, config);
    if ("problem" in result) {
      screen.complain(`usrsvc: ${result.problem}`);
      return result.code;
    }
    tellAll(imported, screen);
    for (const one of result.written) tellWritten(one, json, screen);
    if (!json && result.code === ExitCode.ok)
      screen.result("next: usrsvcd checkconfig, then usrsvcd reread");
    return failed ? ExitCode.failure : result.code;
  },
});

async function readFormat(text: string | undefined): Promise<Format | undefined> {
  if (text === undefined) return undefined;
  const { formats } = await import("../../../operations/import/format.ts");
  const wanted = { supervisord: "supervisor" }[text] ?? text;
  const found = formats.find((one) => one === wanted);
  if (found !== undefined) return found;
  throw new UsageError(`--from: "${text}" is not one of ${formats.join(", ")}`);
}

/** More would hardly be meant. */
const MOST_INSTANCES = 1000;

function readFormation(text: string | undefined): ReadonlyMap<string, number> {
  const formation = new Map<string, number>();
  for (const part of text?.split(",") ?? []) {
    const [, name, count = ""] = /^\s*([\w-]+)=(\d{1,4})\s*$/.exec(part) ?? [];
    if (name === undefined || Number(count) > MOST_INSTANCES) {
      throw new UsageError(`--formation: "${part}" is not as web=2`);
    }
    formation.set(name, Number(count));
  }
  return formation;
}

/** The lines of the result that are not what they are elsewhere, in short. */
function tellAll({ notes, refusals, programs }: Imported, screen: Screen): void {
  tellNotes(notes, screen);
  tellNotes(refusals, screen);
  const { length: all } = programs.filter(({ refused }) => refused === undefined);
  const what = `${all} ${all === 1 ? "program" : "programs"} translated`;
  const rest = [
    ...(notes.length === 0 ? [] : [`${notes.length} without a counterpart`]),
    ...(refusals.length === 0 ? [] : [`${refusals.length} refused as it is (a comment now)`]),
  ];
  screen.complain([what, ...rest].join(", "));
}

/** One line for the keys of a file that lack a counterpart for the same reason. */
function tellNotes(notes: readonly Note[], screen: Screen): void {
  const told = new Map<
    string,
    { readonly note: Note; readonly keys: Set<string>; readonly lines: Set<number> }
  >();
  for (const note of notes) {
    const { source, key, why } = note;
    const id = JSON.stringify([source.file, why]);
    const one = told.get(id) ?? { note, keys: new Set<string>(), lines: new Set<number>() };
    one.keys.add(key);
    if (source.line !== undefined) one.lines.add(source.line);
    told.set(id, one);
  }
  for (const { note, keys, lines } of told.values()) {
    const { source, why } = note;
    const sorted = [...lines].toSorted((a, b) => a - b);
    const at = lines.size === 0 ? "" : `:${firstOf(sorted, ",")}`;
    screen.complain(
      `${source.file}${at}: ${firstOf([...keys], ", ")}: ${why}`.replaceAll(/\s+/g, " "),
    );
  }
}

/** Of a file of another kind, each line is one: a screenful of them says no more than the first. */
const MOST_SHOWN = 20;

function firstOf(all: readonly (string | number)[], between: string): string {
  const rest = all.length - MOST_SHOWN;
  const shown = all.slice(0, MOST_SHOWN).join(between);
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function printObjects(
  { programs, notes, refusals }: Imported,
  showsSecrets: boolean,
  screen: Screen,
): void {
  for (const program of programs)
    screen.page(jsonLine(describe(program, showsSecrets), showsSecrets));
  for (const { source, key, value, why } of [...notes, ...refusals]) {
    const { file, line = null } = source;
    screen.page(jsonLine({ section: "Note", file, line, key, value, message: why }, showsSecrets));
  }
}

function describe(draft: ProgramDraft, showsSecrets: boolean): object {
  const { name, source, refused, keys, env, monitor } = draft;
  const plain = (part: ReadonlyMap<string, Setting>, isShown: (key: string) => boolean): object =>
    Object.fromEntries(
      [...part]
        .filter(([, setting]) => setting.refused === undefined)
        .map(([key, { text }]) => [key, isShown(key) ? text : MASK]),
    );
  const { file, line = null } = source;
  return {
    section: "Program",
    program: name,
    file,
    line,
    ...(refused === undefined ? {} : { refused }),
    settings: plain(keys, () => true),
    env: plain(env, (key) => showsSecrets || !isSecretName(key)),
    monitor: plain(monitor, () => true),
  };
}

function tellWritten({ program, path, message }: Written, json: boolean, screen: Screen): void {
  const result = path === undefined ? "refused" : "written";
  if (json)
    screen.page(jsonLine({ program, action: "import", result, ...(path && { path }), message }));
  else if (path === undefined) screen.complain(`${program}: ${message}`);
  else screen.result(`${program}: ${message}`);
}
