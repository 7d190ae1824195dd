import { realpathSync } from "node:fs";
import { parse, type Parsed } from "./cli/args.ts";
import { canDetach, detach, redirectOutput, startDetached } from "./cli/background.ts";
import type { Begin, How } from "./cli/commands/usrsvcd/begin.ts";
import type { Tool } from "./cli/command.ts";
import { configErrors } from "./cli/config-errors.ts";
import { tellResult } from "./cli/daemon-result.ts";
import { homeFolder } from "./lib/home.ts";
import { leaveNow } from "./cli/leave.ts";
import { showPage } from "./cli/pages.ts";
import { run } from "./cli/run.ts";
import { processScreen, type Screen } from "./cli/screen.ts";
import { containerRole } from "./lib/container.ts";
import { ExitCode } from "./exit-code.ts";
import { version } from "./package-root.ts";
import { readyDescriptor, takeRestart, tellReady } from "./state/startup-report.ts";

/** Where somebody waits for us to go to the background; undefined from the moment when we are there. */
let readyFd = readyDescriptor(process.env);
/** What is called `start` in our words, which stay, was `restart` (build.mjs, cli/background.ts). */
const isRestart = takeRestart(process.env);

/** Does what `usrsvcd` was called for, by one of the commands of `make`, and ends the process with its exit code. */
export function runUsrsvcd(make: (begin: Begin) => Tool): void {
  void main(make(begin())).then((code) => {
    process.exitCode = code;
    tell(code);
    // The log is written. Neither a mail server that hangs nor a launch that does keeps us from leaving.
    if (hasSupervised) leaveNow(code);
  });
}

async function main(tool: Tool): Promise<ExitCode> {
  using screen = processScreen();
  const argv = process.argv.slice(2);
  let asked: Parsed | undefined;
  const attempt = async (): Promise<ExitCode> => {
    asked = asCalled(parse(argv, tool), tool);
    if (asked.kind !== "run") return await showPage(asked.kind, tool, screen);
    return await asked.command.run({ ...asked, screen });
  };
  return await run("usrsvcd", screen, argv.includes("--debug"), attempt, (code, message) => {
    tellWhyNot(message, code);
    if (asked?.kind !== "run" || !asked.options.json) return;
    const { name: action } = asked.command;
    tellResult({ action, result: "failed", code, message }, true, screen);
  });
}

function asCalled(asked: Parsed, tool: Tool): Parsed {
  if (asked.kind !== "run" || !isRestart) return asked;
  const command = tool.commands.find(({ name }) => name === "restart") ?? asked.command;
  return { ...asked, command };
}

function begin(): Begin {
  return {
    detached(how) {
      if (!goesToBackground(how) || (readyFd !== undefined && canDetach())) return undefined;
      const { argv } = process;
      return startDetached(realpathSync(argv[1] ?? ""), argv.slice(2), how.action === "restart");
    },
    supervise,
  };
}

function goesToBackground({ foreground }: How): boolean {
  return !foreground && containerRole() === undefined;
}

let hasSupervised = false;
/** Set as soon as it can be done. */
let tellWhyNot = (_reason: string, _code: ExitCode): void => {};

async function supervise(how: How, config: string, screen: Screen): Promise<ExitCode> {
  const { action, debug, json } = how;
  const inBackground = goesToBackground(how);
  const { runDaemon } = await import("./daemon/daemon.ts");
  const { CannotBegin, ...reasons } = await import("./daemon/cannot-begin.ts");
  hasSupervised = true;
  ({ tellWhyNot } = reasons);
  let setAside: readonly string[] = [];
  if (inBackground) detach();
  try {
    return await runDaemon({
      config,
      home: homeFolder(),
      uid: process.getuid?.() ?? 0,
      version: version(),
      debug,
      background: inBackground,
      onLoaded(settings) {
        setAside = [...settings.faulty.keys()];
        // In the foreground the log has them.
        if (!inBackground) return;
        for (const line of configErrors(settings, [])) screen.complain(line);
      },
      onReady(log, crashes) {
        if (!inBackground) return;
        const { pid } = process;
        const aside = setAside.length === 0 ? "" : `; set aside: ${setAside.join(", ")}`;
        const message = `usrsvcd runs, pid ${pid}${aside}; log: ${log}`;
        const facts = { pid, config, log, setAside };
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
