import { realpathSync } from "node:fs";
import { type DaemonCommand, parseDaemonCommand } from "./cli/args.ts";
import { canDetach, detach, redirectOutput, startDetached } from "./cli/background.ts";
import { control } from "./cli/control.ts";
import { tellResult } from "./cli/daemon-result.ts";
import { homeFolder } from "./lib/home.ts";
import { leaveNow } from "./cli/leave.ts";
import { manual } from "./cli/manual.ts";
import { run, untilSignalled } from "./cli/run.ts";
import { processScreen, type Screen } from "./cli/screen.ts";
import { configPath, issuesOf } from "./cli/session.ts";
import { daemonUsage } from "./cli/usage.ts";
import { containerRole } from "./lib/container.ts";
import { ExitCode } from "./exit-code.ts";
import { version } from "./package-root.ts";
import { readyDescriptor, takeRestart, tellReady } from "./state/startup-report.ts";

/** Where somebody waits for us to go to the background; undefined from the moment when we are there. */
let readyFd = readyDescriptor(process.env);
/** What is called `start` in our words, which stay, was `restart` (build.mjs, cli/background.ts). */
const isRestart = takeRestart(process.env);

async function main(): Promise<ExitCode> {
  using screen = processScreen();
  const argv = process.argv.slice(2);
  let asked: DaemonCommand | undefined;
  const attempt = async (): Promise<ExitCode> => {
    const words = parseDaemonCommand(argv);
    const command = (asked =
      isRestart && words.kind === "control" ? { ...words, action: "restart" } : words);
    switch (command.kind) {
      case "help":
        screen.page(daemonUsage.trimEnd());
        return ExitCode.ok;
      case "version":
        screen.page(`usrsvcd ${version()}`);
        return ExitCode.ok;
      case "readme":
        screen.page(manual());
        return ExitCode.ok;
      case "control":
        return await perform(command, argv, screen);
    }
  };
  return await run("usrsvcd", screen, argv.includes("--debug"), attempt, (code, message) => {
    tellWhyNot(message, code);
    if (asked?.kind !== "control" || !asked.json) return;
    tellResult({ action: asked.action, result: "failed", code, message }, true, screen);
  });
}

async function perform(
  command: DaemonCommand & { kind: "control" },
  argv: readonly string[],
  screen: Screen,
): Promise<ExitCode> {
  const { action, foreground } = command;
  const stays = foreground || containerRole() !== undefined;
  const inBackground = (action === "start" || action === "restart") && !stays;
  if (inBackground && (readyFd === undefined || !canDetach())) {
    return await startDetached(realpathSync(process.argv[1] ?? ""), argv, action === "restart");
  }
  if (action !== "start") {
    const code = await untilSignalled((signal) => control({ ...command, action }, screen, signal));
    if (action !== "restart" || code !== ExitCode.ok) return code;
  }
  return await supervise(command, inBackground, screen);
}

let hasSupervised = false;
/** Set as soon as it can be done. */
let tellWhyNot = (_reason: string, _code: ExitCode): void => {};

async function supervise(
  { action, config, debug, json }: DaemonCommand & { kind: "control" },
  inBackground: boolean,
  screen: Screen,
): Promise<ExitCode> {
  const { CannotBegin, runDaemon, ...daemon } = await import("./daemon/daemon.ts");
  hasSupervised = true;
  ({ tellWhyNot } = daemon);
  const path = configPath(config);
  let setAside: readonly string[] = [];
  if (inBackground) detach();
  try {
    return await runDaemon({
      config: path,
      home: homeFolder(),
      uid: process.getuid?.() ?? 0,
      version: version(),
      debug,
      background: inBackground,
      onLoaded(settings) {
        setAside = [...settings.faulty.keys()];
        // In the foreground the log has them.
        if (inBackground) for (const line of issuesOf(settings, undefined)) screen.complain(line);
      },
      onReady(log, crashes) {
        if (!inBackground) return;
        const { pid } = process;
        const aside = setAside.length === 0 ? "" : `; set aside: ${setAside.join(", ")}`;
        const message = `usrsvcd runs, pid ${pid}${aside}; log: ${log}`;
        const facts = { pid, config: path, log, setAside };
        tellResult({ action, result: "running", code: ExitCode.ok, message, facts }, json, screen);
        redirectOutput(crashes);
        tell(ExitCode.ok);
      },
    });
  } catch (error) {
    if (!(error instanceof CannotBegin)) throw error;
    const { code } = error;
    tellWhyNot(error.message, code);
    const message = json ? error.message : `usrsvcd: ${error.message}`;
    const result = code === ExitCode.alreadyRunning ? "running-already" : "failed";
    return tellResult({ action, result, code, message }, json, screen);
  }
}

function tell(code: ExitCode): void {
  if (readyFd !== undefined) tellReady(readyFd, code);
  readyFd = undefined;
}

void main().then((code) => {
  process.exitCode = code;
  tell(code);
  // The log is written. Neither a mail server that hangs nor a launch that does keeps us from leaving.
  if (hasSupervised) leaveNow(code);
});
