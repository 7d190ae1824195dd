import { findOnPath, readShebang } from "../lib/executable.ts";
import { constants, existsSync, type Stats, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { ProgramSettings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import { accessFault, readOnlyDisk } from "../lib/fault.ts";
import { shellWord, shorten } from "../lib/format.ts";
import { foreignFault } from "../lib/open-log.ts";
import type { LifecyclePorts } from "./ports.ts";
import { programEnvironment } from "../launch/environment.ts";
import { placeFor } from "../state/folders.ts";

/** Why a program cannot be started, found before anything was done. */
export interface CannotStart {
  readonly code: ExitCode;
  readonly reason: string;
  /** The error of the system, where it is that of the machine (fault.ts). */
  readonly trouble?: string | undefined;
}

/** Checks what can be checked before a launch; undefined when nothing speaks against it. */
export function checkBeforeStart(
  program: ProgramSettings,
  host: LifecyclePorts,
): CannotStart | undefined {
  return (
    checkFolder("directory", program.directory, constants.X_OK, "entered") ??
    checkFiles(program, host) ??
    checkCommand(program, programEnvironment(program, host.env)["PATH"])
  );
}

/**
 * Checks the part of it that the launch itself would not tell: where pidfile and logs are. The file
 * system of the program is not touched: it may hang.
 */
export function checkFiles(
  program: ProgramSettings,
  { state }: Pick<LifecyclePorts, "state">,
): CannotStart | undefined {
  return (
    (program.autopid
      ? checkFileFolder("pidfile folder", dirname(program.pidfile), state)
      : undefined) ??
    (program.autopid ? checkPidfile(program.pidfile) : undefined) ??
    checkOutput("stdout", program.stdout, state) ??
    (program.stderr === program.stdout ? undefined : checkOutput("stderr", program.stderr, state))
  );
}

/** A folder in which a file is to be made; one of ours may be missing, and is made by the launch. */
function checkFileFolder(
  what: string,
  path: string,
  state: LifecyclePorts["state"],
): CannotStart | undefined {
  const place = existsSync(path) ? undefined : placeFor(path, state);
  if (place === undefined) return checkFolder(what, path, constants.W_OK, "written");
  const obstacle = checkFolder("folder", place, constants.W_OK | constants.X_OK, "written");
  if (obstacle === undefined) return undefined;
  return { ...obstacle, reason: `${what} ${path} cannot be made: ${obstacle.reason}` };
}

function checkFolder(
  what: string,
  path: string,
  mode: number,
  verb: string,
): CannotStart | undefined {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    return refuse(`${what} ${path}: ${explain(error)}`);
  }
  if (!stat.isDirectory()) return refuse(`${what} ${path} is not a folder`);
  const obstacle = accessFault(path, mode);
  if (obstacle === undefined) return undefined;
  if (obstacle === "EROFS") return readOnly(`${what} ${path}`);
  return refuse(`${what} ${path} cannot be ${verb} by this user (${ownership(stat)})`);
}

function checkPidfile(path: string): CannotStart | undefined {
  try {
    const isFolder = statSync(path).isDirectory();
    return isFolder ? refuse(`pidfile ${path} is a folder, not a file`) : undefined;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT"; // as it should be
    return isMissing ? undefined : refuse(`pidfile ${path}: ${explain(error)}`);
  }
}

function checkOutput(
  what: string,
  path: string,
  state: LifecyclePorts["state"],
): CannotStart | undefined {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return refuse(`${what} ${path} is a folder, not a file`);
    const obstacle = accessFault(path, constants.W_OK);
    const foreign = foreignFault(path);
    if (foreign !== undefined) return refuse(`${what} ${foreign}`);
    if (obstacle === undefined) return undefined;
    if (obstacle === "EROFS") return readOnly(`${what} ${path}`);
    return refuse(`${what} ${path} cannot be written by this user (${ownership(stat)})`);
  } catch {
    return checkFileFolder(`folder of ${what}`, dirname(path), state);
  }
}

/** Whether the command can be executed: it is there, and so is the interpreter of a script. */
export function checkCommand(
  { argv, directory, useshell }: Pick<ProgramSettings, "argv" | "directory" | "useshell">,
  path: string | undefined,
): CannotStart | undefined {
  const name = argv[0] ?? "";
  if (useshell) return undefined; // the shell will tell
  if (!name.includes("/")) {
    const found = findOnPath(name, directory, path);
    if (found !== undefined) return checkInterpreter(found, directory);
    const where = path ?? "/bin:/usr/bin, because the program has no PATH";
    return failed(`no such command: ${name} (looked in ${where})`);
  }
  const file = isAbsolute(name) ? name : join(directory, name);
  let mode: number;
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) return failed(`${file} is a folder, not a command`);
    mode = stat.mode;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const shown = shorten(file);
    return failed(isMissing ? `no such command: ${shown}` : `command ${shown}: ${explain(error)}`);
  }
  if (allowed(file, constants.X_OK)) return checkInterpreter(file, directory);
  return failed(
    (mode & 0o111) === 0
      ? `${file} is not executable: chmod +x ${shellWord(file)}`
      : `${file} cannot be executed by this user, though its mode is ${octal(mode)}: ` +
          "is it for others only, or its file system mounted noexec?",
  );
}

/** A script whose `#!` line leads nowhere: the kernel would only say that the script is not there. */
function checkInterpreter(file: string, directory: string): CannotStart | undefined {
  const interpreter = readShebang(file)?.interpreter;
  if (interpreter === undefined || allowed(resolve(directory, interpreter), constants.X_OK)) {
    return undefined;
  }
  const shown = JSON.stringify(interpreter);
  return failed(`${file} cannot be run: its interpreter ${shown} cannot be executed`);
}

function ownership({ uid, mode }: Stats): string {
  return `it belongs to user ${uid}, mode ${octal(mode)}`;
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8);
}

function allowed(path: string, mode: number): boolean {
  return accessFault(path, mode) === undefined;
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "does not exist";
  if (code === "ENOTDIR") return "a part of the path is not a folder";
  if (code === "ELOOP") return "too many symbolic links";
  if (code === "ENAMETOOLONG") return "its name is too long";
  return code === "EACCES" ? "a folder above it cannot be entered by this user" : message;
}

/** Whoever it belongs to. */
function readOnly(what: string): CannotStart {
  return { code: ExitCode.permission, reason: readOnlyDisk(what).message, trouble: "EROFS" };
}

function refuse(reason: string): CannotStart {
  return { code: ExitCode.permission, reason };
}

function failed(reason: string): CannotStart {
  return { code: ExitCode.failedToLaunch, reason };
}
