import { basename, dirname, extname, resolve } from "node:path";
import { type Draft, type Note, ProgramDraft } from "../draft.ts";
import type { Names } from "../names.ts";
import { translateApp } from "./app.ts";
import { lineFinder } from "./lines.ts";
import { readApps } from "./read-apps.ts";
import { textOf } from "./values.ts";

/** How a file for pm2 is read. */
export interface Pm2Options {
  /** Which env_NAME counts, with env. */
  readonly environment: string | undefined;
  /** It comes from standard input. */
  readonly isPipe: boolean;
}

/** Translates ecosystem.config.js and its like; a problem is the end of a sentence that begins with the file. */
export function importPm2(
  text: string,
  file: string,
  names: Names,
  { environment, isPipe }: Pm2Options,
): (Draft & { readonly wasRun: boolean }) | { readonly problem: string } {
  const read = readApps(text, file, isPipe);
  if ("problem" in read) return read;
  const titles = read.apps.map(titleOf);
  const programs = read.apps.map((app, index) => {
    const line = lineFinder(text, titles, index);
    const source = { file, line: line("name") ?? line("script") };
    const draft = new ProgramDraft(names.take(titles[index] ?? ""), source);
    const here = isPipe ? process.cwd() : dirname(resolve(file));
    translateApp({
      draft,
      app,
      here,
      environment,
      sourceOf: (key) => ({ file, line: line(key) ?? source.line }),
    });
    return draft;
  });
  const notes: Note[] = read.hasDeploy
    ? [
        {
          source: { file, line: lineFinder(text, [""], 0)("deploy") },
          key: "deploy",
          value: "",
          why: "whatever deploys ends with usrsvc restart --rolling NAME",
        },
      ]
    : [];
  return { from: "pm2", programs, notes, wasRun: read.wasRun };
}

function titleOf(app: Readonly<Record<string, unknown>>): string {
  const { name } = app;
  if (typeof name === "string" && name !== "") return name;
  const script = textOf(app["script"] ?? app["exec"] ?? app["cmd"] ?? app["command"] ?? "");
  const [first = script] = script.split(" ");
  return basename(first, extname(first));
}
