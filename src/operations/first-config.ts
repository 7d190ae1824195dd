import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nameOf, runAs } from "../lib/accounts.ts";
import { formatIssues } from "../config/issue.ts";
import { ExitCode } from "../exit-code.ts";
import { writeNew } from "../lib/new-file.ts";
import { makePrivateFolder } from "../lib/private-file.ts";
import { check, configPath } from "./configuration.ts";
import type { DaemonResult } from "./daemon/result.ts";
import { commandWords } from "./own-command.ts";
import { homeFolder } from "../lib/home.ts";

/** `usrsvc init`, `usrsvcd init`: writes a configuration to start from, with its folder, and never replaces one. */
export function writeFirstConfig(config: string | undefined): DaemonResult {
  const path = configPath(config);
  const fail = (result: string, code: ExitCode, message: string): DaemonResult => ({
    action: "init",
    result,
    code,
    message,
    facts: { config: path },
  });
  const folder = dirname(path);
  const owner = ownerOf(folder);
  if (owner === undefined) {
    const message = `the folder ${folder} does not exist or cannot be accessed; create it, or name another file with -c FILE`;
    return fail("failed", ExitCode.failure, message);
  }
  // What root puts in somebody's home does not belong to them, and they could not even change it.
  if (process.getuid?.() === 0 && owner !== 0) {
    const message = `${folder} belongs to ${nameOf(owner)}, and you are root; run it as ${nameOf(owner)}: ${runAs(owner, "usrsvcd init")}`;
    return fail("refused", ExitCode.permission, message);
  }
  try {
    const parts = partsFolder(path);
    writeNew(path, template(homeFolder(), parts));
    // Not before: where there is a configuration, nothing is done.
    if (parts.isUsable) makePrivateFolder(parts.path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      const advice = `and is left unchanged; ${commandWords("usrsvcd", "checkconfig", config)} shows what is wrong in it`;
      return fail("exists", ExitCode.failure, `${path} already exists ${advice}`);
    }
    const isDenied = code === "EACCES" || code === "EPERM" || code === "EROFS";
    return fail(
      "failed",
      isDenied ? ExitCode.permission : ExitCode.failure,
      `${path} cannot be written: ${message}`,
    );
  }
  const { settings, issues } = check(config);
  if (settings === undefined) {
    return {
      ...fail("unusable", ExitCode.invalidConfig, `${path} written, but cannot be used:`),
      details: formatIssues(issues),
    };
  }
  const option = config === undefined ? undefined : path;
  const start = commandWords("usrsvc", `start ${EXAMPLE}`, option);
  const keep = commandWords("usrsvcd", "", option);
  const look = commandWords("usrsvc", "status", option);
  const width = Math.max(start.length, look.length, keep.length);
  return {
    action: "init",
    result: "written",
    code: ExitCode.ok,
    message: `${path} written: it explains how to describe your programs, and contains one to try`,
    details: [
      "Next:",
      `  ${start.padEnd(width)}   # starts it once`,
      `  ${look.padEnd(width)}   # shows it; the exit code is 0 while all run, else 1`,
      `  ${keep.padEnd(width)}   # keeps it running from now on`,
    ],
    facts: { config: path, next: [start, look, keep] },
  };
}

function ownerOf(folder: string): number | undefined {
  try {
    const stat = statSync(folder);
    return stat.isDirectory() ? stat.uid : undefined;
  } catch {
    return undefined;
  }
}

/** The folder for more files. */
interface PartsFolder {
  readonly path: string;
  /** False: something is there that cannot be it, which is left as it is. */
  readonly isUsable: boolean;
}

/** Beside the main file, by its name: usrsvc.d. One that is there already is taken if it is one of ours. */
function partsFolder(file: string): PartsFolder {
  const path = join(dirname(file), `${basename(file).replace(/\.[^.]*$/, "")}.d`);
  const stat = statSync(path, { throwIfNoEntry: false });
  const isOurs = stat?.isDirectory() === true && stat.uid === process.getuid?.();
  return { path, isUsable: stat === undefined || (isOurs && (stat.mode & 0o022) === 0) };
}

/** The program in it, which every machine can run. */
const EXAMPLE = "example";

/** The program after `[Main]` works as it is; everything else is there to be copied. */
function template(home: string, parts: PartsFolder): string {
  return `# What usrsvc and usrsvcd run for this account. All keys: usrsvc --readme, "Configuration".
#
#   usrsvcd checkconfig     what is wrong here, and what is doubtful
#   usrsvcd reread          usrsvcd applies it; it restarts nothing
#   usrsvc restart NAME     a program runs with its new settings
#
# Nobody else must be able to write to this file: it says what runs as you.

[Main]
# A folder with more files, each named *.cfg; usrsvc adopt --write puts the programs there that it describes:
${parts.isUsable ? "" : "#"}config_dir = ${parts.path}
# For mail (email_alerts), if this machine has no sendmail:
#smtp_url = smtps://USER:PASSWORD@mail.example.org


# A program is two lines. Its output is in ${home}/.local/state/usrsvc/log/NAME.log,
# its pid in ${home}/.local/state/usrsvc/run/NAME.pid.
[Program:${EXAMPLE}]
command = sleep 86400


# One with more settings: remove the #, and write your own.
#[Program:web]
#command = node server.js --port 8080
#directory = ${home}/web
#stdout = ${home}/log/web.log
# There is no shell around the command. For |, >, &&, $NAME or ~ set:
#useshell = True
# Who is notified when it was restarted, and after how many failed starts in a row usrsvcd gives up:
#email_alerts = me@example.org
#maxrestarts = 10
#
#    [[Env]]
#    NODE_ENV = production
#
#    [[Monitor]]
#    rss_limit = 500M


# What several programs share; each of them says: defaults = common
#[DefaultSettings:common]
#success_seconds = 5
`;
}
