import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AdviceFacts, Remark } from "../../config/advice.ts";
import type { MainSettings, ProgramSettings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import { checkBeforeStart, checkCommand } from "../../lifecycle/preflight.ts";
import { placeFor } from "../../state/folders.ts";
import type { Host } from "../../host/host.ts";
import { linuxHost } from "../../host/linux-host.ts";
import { exchangeFault, foreignState, stateDir } from "../../state/state-dir.ts";
import { findSendmail, isProgram } from "../../lib/sendmail.ts";
import { TrustedPaths } from "../../lib/trusted-path.ts";
import { shellWord } from "../../lib/format.ts";
import { homeFolder } from "../../lib/home.ts";
import { describeScriptFault } from "./script-faults.ts";
import { limitFaults, type StarterLimits, starterLimits } from "./limit-faults.ts";
import { livingDaemon } from "../../state/daemon-alive.ts";
import { StrangerFinder } from "./strangers.ts";
import { listShellCommands } from "../../config/shell/commands.ts";

/** What is doubtful about a configuration on this machine; its main file is `path`. Only looks. */
export function machineFacts(path: string): (main: MainSettings) => AdviceFacts {
  return (main) => {
    const host = linuxHost(stateDir(main.stateDir), "usrsvc", {
      config: path,
      home: homeFolder(),
      isConfigured: () => true,
    });
    const finder = new StrangerFinder(host);
    let limits: { readonly found: StarterLimits | undefined } | undefined;
    const findLimits = (): StarterLimits | undefined =>
      starterLimits(livingDaemon(host.state, host.proc)?.process.pid);
    const folders = new FoldersAbove(main.stateDir);
    return {
      ofMain: (settings) => remarksOnMain(settings, path, folders),
      ofMail: describeMail,
      ofCommand: (settings) => describeCommand(settings, host),
      ofWords: (words, settings) => describeWords(words, settings, host),
      ofLimits: (settings) =>
        limitFaults(settings, () => (limits ??= { found: findLimits() }).found),
      ofFiles: (settings) => [
        ...describeFiles(settings, host),
        ...remarksOnFolders(settings, folders),
      ],
      strangers: (settings) => finder.find(settings),
    };
  };
}

function describeMail({ sendmailPath, smtpUrl }: MainSettings): string | undefined {
  if (sendmailPath !== undefined || smtpUrl !== undefined || findSendmail(process.env))
    return undefined;
  return (
    "no mail can be sent, because this machine has no sendmail; install one, or write " +
    "smtp_url = smtp://user:password@host:587 in [Main]"
  );
}

function remarksOnMain(main: MainSettings, file: string, folders: FoldersAbove): readonly Remark[] {
  const {
    sendmailPath,
    smtpUrl,
    pidfile,
    usrsvcdStdout,
    usrsvcdStderr,
    metricsFile,
    stateDir: state,
  } = main;
  const remarks: Remark[] = [];
  const add = (key: string, text: string | undefined): void => {
    if (text !== undefined) remarks.push({ key, text });
  };
  if (sendmailPath !== undefined && !isProgram(sendmailPath)) {
    add(
      "sendmail_path",
      `${sendmailPath} is not a program that you can execute; write auto to have one searched for`,
    );
  }
  if (smtpUrl !== undefined && new URL(smtpUrl).password !== "" && isReadByOthers(file)) {
    add(
      "smtp_url",
      `it contains a password, and others can read this file; fix it: chmod 600 ${shellWord(file)}`,
    );
  }
  add("pidfile", describePlace(dirname(pidfile), main) ?? folders.doubt(pidfile));
  for (const [key, path] of [
    ["usrsvcd_stdout", usrsvcdStdout],
    ["usrsvcd_stderr", usrsvcdStderr],
  ] as const) {
    if (path?.startsWith("/")) add(key, describePlace(dirname(path), main) ?? folders.doubt(path));
  }
  if (metricsFile !== undefined) {
    const isFolder = isFolderAt(metricsFile);
    const folder = describeFolder(dirname(metricsFile));
    const inTheWay = `${metricsFile} is a folder; add the name of a file, such as usrsvc.prom`;
    add("metrics_file", isFolder ? inTheWay : folder);
  }
  const openness = exchangeFault(state) ?? foreignState(stateDir(state))?.replace(/^\w+:? /, "");
  add("state_dir", describePlace(state, main) ?? openness ?? describeParts(state));
  return remarks;
}

/** True for a folder; false as well where nobody can tell. */
function isFolderAt(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What is in the place of a folder in `state_dir`. */
function describeParts(state: string): string | undefined {
  const { programs, locks, pidfiles, logs } = stateDir(state);
  const isNoFolder = (path: string): boolean => {
    try {
      return !statSync(path).isDirectory();
    } catch {
      return false; // not there yet
    }
  };
  const path = [programs, locks, pidfiles, logs].find(isNoFolder);
  return path && `${path} is not a folder: move it away`;
}

/** Why no file can be created in a folder that usrsvcd writes to. */
function describePlace(folder: string, { stateDir: state }: MainSettings): string | undefined {
  return describeFolder(placeFor(folder, { path: state }) ?? folder, folder);
}

/** The same for one that nobody makes, or for what is there of `folder`. */
function describeFolder(place: string, folder = place): string | undefined {
  try {
    if (!statSync(place).isDirectory()) return `${place} is not a folder; write another path`;
    accessSync(place, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      return `the folder ${folder} does not exist; create it, or write another path`;
    return `the folder ${place} is not writable for you; write another path`;
  }
}

function isReadByOthers(file: string): boolean {
  try {
    return (statSync(file).mode & 0o044) !== 0 && (statSync(dirname(file)).mode & 0o011) !== 0;
  } catch {
    return false;
  }
}

type Partly = { readonly [K in keyof ProgramSettings]: ProgramSettings[K] | undefined };

function describeCommand(settings: Partly, host: Host): string | undefined {
  const { argv, directory, useshell, env, inheritEnv, command } = settings;
  if (argv === undefined || directory === undefined || useshell === undefined) return undefined;
  const path = env?.get("PATH") ?? (inheritEnv === false ? undefined : host.env["PATH"]);
  // Of a shell line, only scripts; the shell will report everything else.
  const commands = useshell ? listShellCommands(command ?? "") : [argv];
  for (const one of commands) {
    if (useshell && !(one[0]?.startsWith("/") ?? false)) continue;
    const fault = describeScriptFault(one, directory, path);
    if (fault !== undefined) return fault;
  }
  return checkCommand({ argv, directory, useshell }, path)?.reason;
}

function describeWords(
  words: readonly string[],
  { directory, env, inheritEnv }: Partly,
  host: Host,
): string | undefined {
  if (directory === undefined) return undefined;
  const path = env?.get("PATH") ?? (inheritEnv === false ? undefined : host.env["PATH"]);
  const fault = describeScriptFault(words, directory, path);
  return fault ?? checkCommand({ argv: words, directory, useshell: false }, path)?.reason;
}

function describeFiles(settings: ProgramSettings, host: Host): readonly Remark[] {
  const obstacle = checkBeforeStart(settings, host);
  if (obstacle === undefined || obstacle.code === ExitCode.failedToLaunch) return []; // reported under command
  const key = /\b(pidfile|stdout|stderr|directory)\b/.exec(obstacle.reason)?.[1] ?? "command";
  return [{ key, text: `it cannot be started now: ${obstacle.reason}` }];
}

function remarksOnFolders(
  { pidfile, stdout, stderr }: ProgramSettings,
  folders: FoldersAbove,
): readonly Remark[] {
  const paths = { pidfile, stdout, ...(stderr === stdout ? {} : { stderr }) };
  return Object.entries(paths).flatMap(([key, path]) => {
    const text = folders.doubt(path);
    return text === undefined ? [] : [{ key, text }];
  });
}

/**
 * Looks at the folders above those of pidfiles and logs, each once. A team that shares such folders may want
 * this: it is reported, not refused.
 */
class FoldersAbove {
  readonly #paths = new TrustedPaths(process.getuid?.() ?? 0);
  readonly #known = new Map<string, string | undefined>();
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  doubt(path: string): string | undefined {
    const folder = dirname(path);
    if (`${folder}/`.startsWith(`${this.#stateDir}/`)) return undefined; // reported for state_dir
    if (!this.#known.has(folder)) this.#known.set(folder, this.#paths.doubt(folder, ELSEWHERE));
    return this.#known.get(folder);
  }
}

const ELSEWHERE = {
  so: "so others could have this file written elsewhere",
  instead: "write another path",
};
