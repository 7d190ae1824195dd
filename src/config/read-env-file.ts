import { parseEnvFile } from "./env-file.ts";
import type { IssueList } from "./issue-list.ts";
import { readText, type Reader } from "./read-file.ts";
import type { ProgramHost } from "./resolve/main.ts";

/**
 * Reads files of variables, each once, for all programs that name it. They say what runs as the user, by LD_PRELOAD
 * for example, and so are checked as the configuration is.
 */
export function envFileReader(reader: Reader): ProgramHost["envFile"] {
  const known = new Map<string, ReadonlyMap<string, string>>();
  return ({ path, isOptional }, place, issues) => {
    const found = known.get(path);
    if (found !== undefined) return found;
    const env = read(path, isOptional, place, reader, issues);
    if (env !== undefined) known.set(path, env);
    return env;
  };
}

const NONE: ReadonlyMap<string, string> = new Map();

function read(
  path: string,
  isOptional: boolean,
  place: Parameters<ProgramHost["envFile"]>[1],
  reader: Reader,
  issues: IssueList,
): ReadonlyMap<string, string> | undefined {
  const file = { file: path, line: undefined };
  const text = readText(path, file, reader, issues);
  if (text === undefined) return undefined;
  if (text === "no-file") {
    if (isOptional) return NONE;
    issues.error(
      place,
      `env_file: there is no file ${JSON.stringify(path)}; create it, or write -${path} if it may be missing`,
    );
    return undefined;
  }
  const parsed = parseEnvFile(text.text);
  if ("env" in parsed) return parsed.env;
  issues.error({ file: path, line: parsed.line }, `env_file: the line ${parsed.problem}`);
  return undefined;
}
