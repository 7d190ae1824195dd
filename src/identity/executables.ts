import type { ProgramSettings } from "../config/settings.ts";
import { findOnPath, readShebang, realFile, whereFound } from "../lib/executable.ts";

type Executed = Pick<ProgramSettings, "match" | "argv" | "useshell" | "directory">;

/** The PATH that a program gets; undefined: none. `given`: what it may inherit. */
export function searchPath(
  { env, inheritEnv }: Pick<ProgramSettings, "env" | "inheritEnv">,
  given: Readonly<Record<string, string>>,
): string | undefined {
  return env.get("PATH") ?? (inheritEnv ? given["PATH"] : undefined);
}

/**
 * The files that the kernel may execute for a program, links followed: its own, or the interpreter of its
 * script. None for a shell line without a literal command.
 */
export function executables(
  { match, argv, useshell, directory }: Executed,
  path: string | undefined,
): readonly string[] {
  const given = useshell ? [] : [argv];
  const commands = match.kind === "command" ? match.candidates : given;
  return commands.flatMap(([name = ""]) =>
    whereFound(name, directory, path).flatMap(({ opened }) => {
      const line = readShebang(opened);
      if (line === undefined) return realFile(opened);
      const isEnv = /(^|\/)env$/.test(line.interpreter);
      const word = isEnv ? line.option?.replace(/^-S\s*/, "").split(/[ \t]+/)[0] : undefined;
      const file = word === undefined ? line.interpreter : findOnPath(word, directory, path);
      return file === undefined ? [] : realFile(file);
    }),
  );
}

/** The files that the words of a command name, links followed, and what they may be executed through. */
export function namedFiles(program: Executed, path: string | undefined): readonly string[] {
  const { argv, directory } = program;
  const words = argv.slice(1).filter((word) => !word.startsWith("-"));
  const named = words.flatMap((word) => whereFound(word, directory, path));
  return [...executables(program, path), ...named.flatMap(({ opened }) => realFile(opened))];
}
