import { join } from "node:path";
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
    name,
    place: { file: join(dir, "usrsvc.cfg"), line: 1 },
    command: argv.join(" "),
    argv,
    useshell: false,
    match: { kind: "command", candidates: [argv] },
    pidfile: join(dir, `${name}.pid`),
    enabled: true,
    autopid: true,
    scanForProcess: true,
    autostart: true,
    autorestart: true,
    maxrestarts: 0,
    restartDelayMs: 0,
    successMs: 200,
    termToKillMs: 5000,
    emailAlerts: [],
    stdout,
    stderr: stdout,
    defaults: undefined,
    inheritEnv: true,
    env: new Map(),
    monitor: {
      monitorAfterMs: 0,
      activityfile: undefined,
      activityfileLimitMs: 0,
      rssLimitBytes: 0,
    },
    directory: dir,
    umask: undefined,
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
