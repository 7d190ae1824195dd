import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Pid, ProcessRef } from "../../../proc/pid.ts";
import { sameProcess } from "../../../proc/pid.ts";
import { ageMs } from "../../../proc/uptime.ts";
import { splitWords } from "../../config/shell/words.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import { lookFor, programOf } from "../../identity/program.ts";
import { recordStore } from "../../identity/foreign.ts";
import { fileStem } from "../../lib/file-stem.ts";
import { type CommandFound, findCommand } from "./command.ts";
import { compose } from "./draft.ts";
import { startsExecutable } from "./executable.ts";
import { type Drafted, makeDraft } from "./make-draft.ts";
import { chooseName } from "./name.ts";
import { describeParents } from "./parents.ts";
import { findStarter } from "./starter.ts";
import { examine, type Refusal, type Subject } from "./subject.ts";
import { isFound, type Trial, type Verdict, verify } from "./verify.ts";
import { describeProcess } from "./words.ts";
import { configPath } from "../configuration.ts";
import { commandWords } from "../own-command.ts";
import { openSite, type Site } from "../site.ts";

/** What is to be adopted, and how. */
export interface AdoptAsked {
  readonly pid: Pid;
  /** Undefined: one that follows from the command. */
  readonly name: string | undefined;
  /** Its command, where the process has written over it. */
  readonly command: string | undefined;
  /** As given after -c. */
  readonly config: string | undefined;
}

/** A section for a process that runs. */
export interface Adoption {
  /** `ready`; `incomplete`: a person has to write the command; `unfit`: it would not find the process. */
  readonly result: "ready" | "incomplete" | "unfit";
  readonly code: ExitCode;
  readonly message: string;
  readonly program: string;
  readonly process: ProcessRef;
  /** The text of the section. */
  readonly section: string;
  /** What a person should know before it is used, one sentence each. */
  readonly remarks: readonly string[];
  /** Other processes that match as well. */
  readonly otherPids: readonly number[];
  /** The file that it would be; undefined: there is no config_dir. */
  readonly file: string | undefined;
  readonly verdict: Verdict;
}

/**
 * `usrsvc adopt`: describes a process that runs as a program. Only looks.
 *
 * @throws {ConfigError} when there is a configuration that cannot be used
 */
export function describeAdoption(asked: AdoptAsked): Adoption | Refusal {
  const { pid, config } = asked;
  const main = configPath(config);
  // Without a configuration there can be a section all the same.
  const texts = new Map(existsSync(main) ? [] : [[main, "[Main]\n"]]);
  using site = openSite(config, texts);
  const { host, settings } = site;
  const subject = examine(pid, host, config);
  if ("result" in subject) return subject;
  const managed = findProgramOf(subject.ref, site);
  if (managed !== undefined) return refuse("managed", managed);
  const starter = findStarter(host);
  const path = subject.particulars.environ?.get("PATH") ?? host.env["PATH"];
  const found = findCommand(subject, path);
  const command =
    asked.command === undefined ? found : withGiven(asked.command, found, subject, path);
  if ("code" in command) return command;
  const { words } = command;
  const name =
    asked.name ??
    chooseName(words ?? [command.program], command.directory, (one) => isFree(one, site));
  const taken = settings.programs.get(name)?.place ?? settings.faulty.get(name)?.place;
  if (taken !== undefined) {
    const where = `${taken.file}:${taken.line}`;
    return refuse(
      "taken",
      `there is already a program ${name} (${where}); choose another name with --name`,
    );
  }
  const folder = settings.main.configDir;
  const file = join(folder ?? dirname(main), `${fileStem(name)}.cfg`);
  if (folder !== undefined && existsSync(file)) {
    return refuse("taken", `${file} already exists; choose another name with --name`);
  }
  const trial = { config, file, texts };
  const make = (isByTitle: boolean): Drafted =>
    makeDraft(
      subject,
      { name, command, words, isByTitle, head: [headOf(subject, host)] },
      starter,
      host,
    );
  const { drafted, verdict } = choose(make, words !== undefined, subject.ref, trial);
  const { settings: read, errors, warnings, dropped, others } = verdict;
  const section = compose(drafted.draft, dropped, true).text;
  const isSame = words === undefined || read === undefined || isEqual(read.argv, words);
  const further = others.filter((one) => !sameProcess(one, subject.ref));
  const rivals = [
    ...(verdict.found === undefined || isFound(verdict, subject.ref) ? [] : [verdict.found]),
    ...further,
  ];
  const remarks = [
    ...describeParents(subject, host, config),
    ...drafted.remarks,
    ...[...dropped].map(([key, why]) => `${key} is left out: ${why}`),
    ...warnings.filter((text) => !isOfThese(text, [subject.ref, ...rivals])),
    ...(rivals.length === 0 ? [] : [describeRivals(rivals, host)]),
  ];
  const base = {
    program: name,
    process: subject.ref,
    section,
    remarks,
    otherPids: rivals.map((one) => Number(one.pid)),
    file: folder === undefined ? undefined : file,
    verdict,
  };
  if (words === undefined) {
    const ask = `${commandWords("usrsvc", `adopt ${pid}`, config)} --command '${command.program} …'`;
    const message = `the command is missing, because process ${pid} has written a title over it: write it into the section, or give it: ${ask}`;
    return { ...base, result: "incomplete", code: ExitCode.failure, message };
  }
  if (read === undefined || !isSame || !(isFound(verdict, subject.ref) || rivals.length > 0)) {
    const why = errors.length > 0 ? errors.join("; ") : "it would not find the process";
    const message = `the section cannot be used as it is: ${why}`;
    return { ...base, result: "unfit", code: ExitCode.failure, message };
  }
  return {
    ...base,
    result: "ready",
    code: ExitCode.ok,
    message: `process ${pid} described as program ${name}`,
  };
}

function refuse(result: string, why: string, code: ExitCode = ExitCode.failure): Refusal {
  return { result, code, message: `not adopted: ${why}` };
}

/** A program whose process it is without being on record: started by hand, for example. */
function findProgramOf(ref: ProcessRef, { settings, host }: Site): string | undefined {
  for (const program of settings.programs.values()) {
    const store = recordStore(program.name, host);
    store.read();
    const found = lookFor(programOf(program, host), store.record, host, { maxAgeMs: 1000 });
    if (found.kind === "absent") continue;
    const all = [found.process, ...(found.main === undefined ? [] : [found.main])];
    if (all.some((one) => sameProcess(one, ref))) {
      return `process ${ref.pid} is already that of program ${program.name} (usrsvc status ${program.name})`;
    }
  }
  return undefined;
}

/** With the command that a person gave, which must be that of the process. */
function withGiven(
  text: string,
  found: CommandFound,
  subject: Subject,
  path: string | undefined,
): CommandFound | Refusal {
  const split = splitWords(text);
  const words = "words" in split ? split.words : [];
  const [first] = words;
  if (first === undefined) {
    const why = "problem" in split ? split.problem : "it is empty";
    return refuse("usage", `--command cannot be split into words: ${why}`);
  }
  const { argv } = subject.particulars;
  const title = found.title ?? (isEqual(words, argv) ? undefined : argv.join(" "));
  const { directory } = found;
  const isIts = startsExecutable(first, { directory, path }, subject.ref.pid, subject.particulars);
  const doubt = `--command begins with ${first}, but process ${subject.ref.pid} executes ${subject.particulars.exe?.path ?? "something else"}`;
  return { ...found, words, title, remarks: [...found.remarks, ...(isIts ? [] : [doubt])] };
}

/** By its words if they find it; else by an expression. */
function choose(
  make: (isByTitle: boolean) => Drafted,
  isKnown: boolean,
  ref: ProcessRef,
  trial: Trial,
): { readonly drafted: Drafted; readonly verdict: Verdict } {
  if (isKnown) {
    const drafted = make(false);
    const verdict = verify(drafted.draft, trial);
    if (verdict.settings === undefined || isFound(verdict, ref) || verdict.others.length > 0) {
      return { drafted, verdict };
    }
    if (verdict.found !== undefined) return { drafted, verdict };
  }
  const drafted = make(true);
  return { drafted, verdict: verify(drafted.draft, trial) };
}

/** No program, and no file, has it. */
function isFree(name: string, { settings, host }: Site): boolean {
  const { programs, faulty, main } = settings;
  if (name === "all" || programs.has(name) || faulty.has(name)) return false;
  if ([...programs.values()].some(({ instanceOf }) => instanceOf === name)) return false;
  if (main.configDir !== undefined && existsSync(join(main.configDir, `${fileStem(name)}.cfg`)))
    return false;
  const store = recordStore(name, host);
  store.read();
  return store.record?.process === undefined && store.record?.desired !== "down";
}

function headOf({ ref, particulars }: Subject, { proc }: Host): string {
  const at = new Date(Date.now() - ageMs(ref.startTime, proc.uptime()));
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return `Adopted from process ${ref.pid} (${particulars.exe?.path ?? "?"}), which runs since ${date} ${time}.`;
}

/** A warning that the expression finds what it is for, or what a remark of ours names anyway. */
function isOfThese(warning: string, processes: readonly ProcessRef[]): boolean {
  const named = [...warning.matchAll(/\bpid (\d+) \(/g)].map(([, word]) => Number(word));
  const pids = new Set(processes.map(({ pid }) => Number(pid)));
  return (
    warning.startsWith("proctitle_re: ") && named.length > 0 && named.every((one) => pids.has(one))
  );
}

function describeRivals(rivals: readonly ProcessRef[], host: Host): string {
  const all = rivals.map(({ pid }) => describeProcess(pid, host)).join(", ");
  const [it, they] = rivals.length === 1 ? ["matches as well", "it"] : ["match as well", "they"];
  return `${all} ${it}: only the pidfile tells which one is meant, and when that has ended, another would be taken for it; adopt ${they === "it" ? "it" : "them"} as well, or give each a word or folder of its own`;
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
