import { join } from "node:path";
import { monitorSchema, programSchema } from "../../src/config/schema.ts";
import type { Fields, Schema } from "../../src/config/setting.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";

/** Settings of a program in `dir`, as the configuration would give them, with short times. */
export function programSettings(
  dir: string,
  argv: readonly string[],
  overrides: Partial<ProgramSettings> = {},
): ProgramSettings {
  const name = overrides.name ?? "web";
  const stdout = overrides.stdout ?? join(dir, `${name}.log`);
  return {
    ...defaultsOf(programSchema),
    name,
    instanceOf: undefined,
    place: { file: join(dir, "usrsvc.cfg"), line: 1 },
    command: argv.join(" "),
    argv,
    match: { kind: "command", candidates: [argv] },
    pidfile: join(dir, `${name}.pid`),
    successMs: 200,
    termToKillMs: 5000,
    stdout,
    stderr: stdout,
    env: new Map(),
    monitor: { ...defaultsOf(monitorSchema), monitorAfterMs: 0, activityfileLimitMs: 0 },
    directory: dir,
    ...overrides,
  };
}

/** Settings of a program with `useshell`, found by `regex`. */
export function shellSettings(
  dir: string,
  command: string,
  regex: RegExp,
  overrides: Partial<ProgramSettings> = {},
): ProgramSettings {
  return programSettings(dir, ["/bin/sh", "-c", command], {
    command,
    useshell: true,
    match: { kind: "title", source: regex.source, regex },
    ...overrides,
  });
}

/** The defaults of a table by field, where they are values; a test gives the others itself. */
function defaultsOf<S extends Schema>(schema: S): Fields<S> {
  const rows = Object.values(schema).filter((row) => typeof row.default !== "function");
  return Object.fromEntries(rows.map((row) => [row.field, row.default])) as Fields<S>;
}
