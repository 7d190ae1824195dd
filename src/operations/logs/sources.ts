import { readlinkSync, type Stats, statSync } from "node:fs";
import { basename } from "node:path";
import type { Pid } from "../../../proc/pid.ts";
import { strangersRecord } from "../../identity/other-config.ts";
import { lookFor, type Program } from "../../identity/program.ts";
import { readRecord } from "../../state/record-file.ts";
import type { Site } from "../site.ts";

/** Which of its outputs a program has written to a file. */
export type LogStream = "stdout" | "stderr";

/** A file with what a program has written. */
export interface LogSource {
  readonly program: string;
  readonly stream: LogStream;
  /** What is opened. */
  readonly path: string;
  /** How it is called. */
  readonly file: string;
  /** Only what is still to come counts: what is there now is from before another one was opened. */
  readonly isForLater: boolean;
}

/** Where the output of a program is. */
export interface ProgramLogs {
  readonly sources: readonly LogSource[];
  /** What its operator should know, each with the next step. */
  readonly notes: readonly string[];
}

/** Where a descriptor of a process leads. */
interface Target {
  readonly pid: Pid;
  readonly stat: Stats;
  readonly link: string;
}

/** One of the outputs of a program. */
interface Output {
  readonly program: string;
  readonly stream: LogStream;
  /** How it is called: `output` where it is both. */
  readonly what: string;
  /** What the settings say. */
  readonly path: string | undefined;
  /** Where its process writes it to; undefined: none runs; `told`: where the other goes. */
  readonly target: Target | "told" | undefined;
}

/** One look through all processes serves all programs. */
const LOOK = { maxAgeMs: 1000 };
/** Descriptors of the streams. */
const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;
const DELETED = / \(deleted\)$/;
const OF_CONTAINER = /^\/proc\/1\/fd\/[12]$/;

/**
 * The files that hold what a program writes: those that its process has open, where it runs and they are files; else those
 * that its settings name. The two differ after a change of the settings, a rotation, and for what was started by others.
 */
export function logsOf(program: Program, site: Site, onlyErrors: boolean): ProgramLogs {
  const { stdout, stderr = stdout } = namedLogs(program.name, site);
  const pid = processOf(program, site);
  const of = (stream: LogStream, path: string | undefined, what: string = stream): Output => ({
    program: program.name,
    stream,
    what,
    path,
    target: pid === undefined ? undefined : targetOf(pid, DESCRIPTORS[stream]),
  });
  const outputs = [of("stdout", stdout), of("stderr", stderr)] as const;
  const isOne = isSameOutput(...outputs);
  const wanted = isOne
    ? [
        of("stdout", stdout, "output"),
        ...(stdout === stderr ? [] : [{ ...of("stderr", stderr), target: "told" } as const]),
      ]
    : onlyErrors
      ? [outputs[1]]
      : outputs;
  const found = wanted.map(sourcesOf);
  const notes = found.flatMap((one) => one.notes);
  if (onlyErrors && isOne) {
    notes.push("stdout and stderr go to one file: stderr = FILE in its section separates them");
  }
  const sources = found.flatMap((one) => one.sources);
  return { sources: sources.filter((one, at) => firstOf(one, sources) === at), notes };
}

/** A file that is both shown and awaited is shown. */
function firstOf({ path }: LogSource, all: readonly LogSource[]): number {
  const shown = all.findIndex((one) => one.path === path && !one.isForLater);
  return shown >= 0 ? shown : all.findIndex((one) => one.path === path);
}

/** True if nothing tells the two apart. */
function isSameOutput(out: Output, err: Output): boolean {
  const [a, b] = [targetStat(out), targetStat(err)];
  if (a === undefined || b === undefined) return a === b && out.path === err.path;
  return isSameFile(a, b);
}

function targetStat({ target }: Output): Stats | undefined {
  return typeof target === "object" ? target.stat : undefined;
}

/** What the settings say, as far as they are known. */
function namedLogs(
  name: string,
  { settings }: Site,
): { readonly stdout?: string | undefined; readonly stderr?: string | undefined } {
  return settings.programs.get(name) ?? settings.faulty.get(name)?.known ?? {};
}

/** The process that does the work of the program; undefined while none runs. */
function processOf(program: Program, { host }: Site): Pid | undefined {
  const { record } = readRecord(host.state, program.name, host.proc.bootId());
  const isOurs = record !== undefined && strangersRecord(record, host) === undefined;
  const found = lookFor(program, isOurs ? record : undefined, host, LOOK);
  return found.kind === "running" ? (found.main ?? found.process).pid : undefined;
}

function targetOf(pid: Pid, descriptor: number): Target | undefined {
  const path = `/proc/${pid}/fd/${descriptor}`;
  try {
    return { pid, stat: statSync(path), link: readlinkSync(path) };
  } catch {
    return undefined; // closed, ended just now, or not ours to see
  }
}

function sourcesOf({ program, stream, what, path, target }: Output): ProgramLogs {
  const source = (file: string, isForLater = false, opened = file): LogSource => ({
    program,
    stream,
    path: opened,
    file,
    isForLater,
  });
  const named = path === undefined ? undefined : statOf(path);
  const isNowhere = path !== undefined && isSpecial(path, named);
  const own = path === undefined || isNowhere ? [] : [path];
  if (target === "told") return { sources: own.map((one) => source(one, true)), notes: [] };
  if (target === undefined || isSameFile(target.stat, named)) {
    const notes = isNowhere ? [describeSetting(what, path, named)] : [];
    return { sources: own.map((one) => source(one)), notes };
  }
  const { pid, stat, link } = target;
  if (!stat.isFile()) {
    const isThere = named !== undefined;
    const before = isThere ? own[0] : undefined;
    return {
      sources: own.map((one) => source(one, !isThere)),
      notes: [describeElsewhere(what, target, before)],
    };
  }
  const later = own.map((one) => source(one, true));
  const file = link.replace(DELETED, "");
  if (file !== link && !isSameFile(stat, statOf(file))) {
    const note =
      `${file} was removed, and process ${pid} still writes its ${what} to it: shown is what it holds, ` +
      `which is lost when the process ends; a restart has it write to a new file`;
    const opened = `/proc/${pid}/fd/${DESCRIPTORS[stream]}`;
    return { sources: [source(file, false, opened), ...later], notes: [note] };
  }
  const note = `shown is ${file}, to which process ${pid} writes its ${what}`;
  return { sources: [source(file), ...later], notes: [note + describeOther(file, path)] };
}

/** Why it is not the file of the settings. */
function describeOther(file: string, path: string | undefined): string {
  if (path === undefined) return "";
  if (basename(file).startsWith(basename(path))) {
    return `: it has not opened ${path} since the rotation (usrsvc reload or restart has it do so)`;
  }
  return `, and not to ${path}, as its section says: it was started so, or has opened that file itself`;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // to read it says why
  }
}

/** The output of the container is nobody's to read, and may not even be seen. */
function isSpecial(path: string, stat: Stats | undefined): boolean {
  return stat === undefined ? OF_CONTAINER.test(path) : !stat.isFile();
}

function isSameFile(a: Stats, b: Stats | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** Of a path in the settings that is no file. */
function describeSetting(what: string, path: string, stat: Stats | undefined): string {
  if (path === "/dev/null") {
    return `its ${what} is thrown away (${path}): name a file in its section to keep it`;
  }
  if (OF_CONTAINER.test(path)) {
    return `its ${what} is that of the container (${path}): docker logs or kubectl logs shows it`;
  }
  const kind = stat?.isDirectory() === true ? "a folder" : kindOf(stat, path);
  return `its ${what} goes to ${kind}, which keeps nothing to be shown: name a file in its section`;
}

/** Of a process that has opened something else than a file. */
function describeElsewhere(what: string, target: Target, file: string | undefined): string {
  const { pid, stat, link } = target;
  const since = file === undefined ? "" : `; ${file} has only what was written before`;
  const head = `process ${pid} writes its ${what} to ${kindOf(stat, link)}`;
  if (stat.isSocket()) {
    return `${head}, as under systemd: journalctl _PID=${pid} may show it${since}`;
  }
  if (stat.isFIFO()) return `${head}, which only its reader sees${since}`;
  return `${head}: see where its own settings have it log to${since}`;
}

function kindOf(stat: Stats | undefined, name: string): string {
  if (stat?.isSocket() === true) return "a socket";
  if (stat?.isFIFO() === true) return "a pipe";
  return name.startsWith("/dev/pts/") || name.startsWith("/dev/tty")
    ? `the terminal ${name}`
    : name;
}
