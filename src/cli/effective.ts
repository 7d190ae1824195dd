import { printSettings } from "../config/print.ts";
import { mainSchema, monitorSchema, programSchema } from "../config/schema.ts";
import type { ProgramSettings, Settings } from "../config/settings.ts";
import { MASK, maskWords, shownName } from "../lib/secrets.ts";

/**
 * The effective settings, defaults resolved, under the names that the configuration file has for
 * them: first `[Main]`, then one object per program. Times are in seconds, sizes in kB, as there. Values of
 * `[[Env]]` and passwords are masked unless they are asked for (those of `[Main]`: by jsonLine).
 */
export function describeSettings(
  { main, programs }: Settings,
  showsSecrets: boolean,
): readonly object[] {
  return [
    { section: "Main", ...printSettings(mainSchema, main) },
    ...[...programs.values()].map((program) => describeProgram(program, showsSecrets)),
  ];
}

function describeProgram(program: ProgramSettings, showsSecrets: boolean): object {
  const { name, place, argv, match, env, monitor } = program;
  const words = showsSecrets ? (all: readonly string[]) => all : maskWords;
  return {
    section: "Program",
    program: name,
    file: place.file,
    line: place.line,
    ...printSettings(programSchema, program),
    argv: words(argv),
    matches: match.kind === "command" ? match.candidates.map(words) : null,
    Env: showsSecrets ? Object.fromEntries(env) : maskEnv(env),
    Monitor: printSettings(monitorSchema, monitor),
  };
}

/** An odd name may contain a part of a value: `DB_URL: x://me:secret@h?a = b`. */
function maskEnv(env: ProgramSettings["env"]): object {
  return Object.fromEntries([...env.keys()].map((name) => [shownName(name), MASK]));
}
