import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { parseDaemonCommand } from "./cli/args.ts";
import { control } from "./cli/control.ts";
import { run, untilSignalled } from "./cli/run.ts";
import { processScreen, type Screen } from "./cli/screen.ts";
import { configPath } from "./cli/session.ts";
import { daemonUsage } from "./cli/usage.ts";
import { ExitCode } from "./exit-code.ts";
import { readme, version } from "./package-root.ts";
import { READY_FD_VARIABLE, reporter } from "./readiness.ts";

async function main(): Promise<ExitCode> {
  using screen = processScreen();
  const argv = process.argv.slice(2);
  const background = process.env[READY_FD_VARIABLE] !== undefined;
  return await run(
    "usrsvcd",
    background ? reporting(screen) : screen,
    argv.includes("--debug"),
    async () => {
      const command = parseDaemonCommand(argv);
      switch (command.kind) {
        case "help":
          screen.result(daemonUsage.trimEnd());
          return ExitCode.ok;
        case "version":
          screen.result(`usrsvcd ${version()}`);
          return ExitCode.ok;
        case "readme":
          screen.result(readme().trimEnd());
          return ExitCode.ok;
        case "control":
          break;
      }
      if (command.foreground) return await supervise(command.config, command.debug, background);
      const script = realpathSync(process.argv[1] ?? "");
      return await untilSignalled((signal) => control(command, script, screen, signal));
    },
  );
}

let hasSupervised = false;

async function supervise(
  config: string | undefined,
  debug: boolean,
  background: boolean,
): Promise<ExitCode> {
  const { runDaemon, CannotBegin } = await import("./daemon/run.ts");
  const report = reporter(process.env);
  hasSupervised = true;
  try {
    return await runDaemon({
      config: configPath(config),
      home: homedir(),
      uid: process.getuid?.() ?? 0,
      version: version(),
      debug,
      background,
      onReady: (log) => report({ ok: true, pid: process.pid, log }),
    });
  } catch (error) {
    if (!(error instanceof CannotBegin)) throw error;
    report({ ok: false, code: error.code, message: error.message });
    if (!background) process.stderr.write(`usrsvcd: ${error.message}\n`);
    return error.code;
  }
}

/** In the background, complaints go to whoever waits for us to be ready. */
function reporting(screen: Screen): Screen {
  const report = reporter(process.env);
  return {
    result: (text) => screen.result(text),
    progress: (text) => screen.progress(text),
    lost: undefined,
    [Symbol.dispose]: () => screen[Symbol.dispose](),
    complain(text) {
      screen.complain(text);
      report({ ok: false, code: ExitCode.unknown, message: text });
    },
  };
}

void main().then((code) => {
  process.exitCode = code;
  // The log is written. A mail server that hangs must not keep usrsvcd from leaving.
  if (hasSupervised) process.exit();
});
