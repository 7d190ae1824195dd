import { exactExpression, printCommand } from "../../config/print-text.ts";
import type { Host } from "../../host/host.ts";
import { shorten } from "../../lib/format.ts";
import { mayHoldSecret, maskSecrets } from "../../lib/secrets.ts";
import type { CommandFound } from "./command.ts";
import type { Draft, DraftKey } from "./draft.ts";
import { type EnvironmentFound, findEnvironment } from "./environment.ts";
import { findOutputs } from "./outputs.ts";
import { findPidfile } from "./pidfiles.ts";
import type { Starter } from "./starter.ts";
import type { Subject } from "./subject.ts";
import { titleExpression } from "./titles.ts";
import { findTraits } from "./traits.ts";
import { isShellName } from "./words.ts";

/** A draft, and what a person should know of it. */
export interface Drafted {
  readonly draft: Draft;
  readonly remarks: readonly string[];
}

/** Collects what a process is, as settings. `words`: its command, where it is known. */
export function makeDraft(
  subject: Subject,
  {
    name,
    command,
    words,
    isByTitle,
    head,
  }: {
    readonly name: string;
    readonly command: CommandFound;
    readonly words: readonly string[] | undefined;
    /** Its command line is to be found by an expression. */
    readonly isByTitle: boolean;
    readonly head: readonly string[];
  },
  starter: Starter,
  host: Host,
): Drafted {
  const { particulars } = subject;
  const { directory } = command;
  const text = words && printCommand(words);
  const outputs = findOutputs(subject, host);
  const traits = findTraits(subject, starter);
  const environment = findEnvironment(particulars.environ, starter.env);
  const uptime = host.proc.uptime();
  const pidfile = findPidfile(subject, { words: words ?? particulars.argv, directory, uptime });
  const shown = command.title ?? particulars.argv.join(" ");
  const keys: DraftKey[] = [
    ...(isByTitle ? [{ key: "proctitle_re", value: expressionFor(shown, words, subject) }] : []),
    { key: "directory", value: directory },
    outputs.stdout === undefined
      ? { key: "stdout", value: undefined, note: `stdout: ${outputs.remarks[0] ?? ""}` }
      : { key: "stdout", value: outputs.stdout },
    ...(outputs.stderr === undefined ? [] : [{ key: "stderr", value: outputs.stderr }]),
    ...(pidfile === undefined ? [] : [{ key: "pidfile", value: pidfile.path }]),
    ...(pidfile?.isWritten === true
      ? [{ key: "autopid", value: "False", note: "The program writes its pidfile itself:" }]
      : []),
    ...(sharesGroup(subject, host)
      ? [{ key: "stop_descendants", value: "True", note: SHARED }]
      : []),
    ...traits.keys.map(([key, value]) => ({ key, value })),
  ];
  const question =
    text !== undefined
      ? undefined
      : {
          program: command.program,
          text:
            `The process has written "${shorten(maskSecrets(shown))}" over its command line. Write here how it is started, ` +
            "with all options and the configuration file that it reads:",
        };
  const remarks = [
    ...command.remarks,
    ...outputs.remarks,
    ...traits.remarks,
    ...remarksOnEnvironment(environment),
    ...(words !== undefined &&
    mayHoldSecret(words.join(" ")) &&
    maskSecrets(words.join(" ")) !== words.join(" ")
      ? [SECRET_IN_COMMAND]
      : []),
  ];
  return {
    draft: {
      name,
      head,
      command: text,
      question,
      keys,
      env: environment.set,
      envNotes: notesOn(environment),
    },
    remarks,
  };
}

/** Of one that only calls itself otherwise (exec -a), what is started from now on has its own name. */
function expressionFor(
  shown: string,
  words: readonly string[] | undefined,
  { particulars: { argv } }: Subject,
): string {
  const rest = words?.slice(1).join("\0");
  const isRenamed = rest !== undefined && rest !== "" && rest === argv.slice(1).join("\0");
  if (!isRenamed || words === undefined || shown === words.join(" ")) return titleExpression(shown);
  const ways = [shown, words.join(" ")].map((text) => exactExpression(text).slice(1, -1));
  return `^(${ways.join("|")})$`;
}

const SHARED =
  "It was started in the process group of others, so a stop cannot end its group; this ends what it has started:";

/** True where a stop, which ends only a group or session of the program's own, would leave its children. */
function sharesGroup({ ref, stat, particulars }: Subject, { table }: Host): boolean {
  const pid = Number(ref.pid);
  if (stat.pgrp === pid || stat.session === pid) return false;
  const isShell = isShellName(particulars.exe?.path ?? "");
  return isShell || table.scan({ maxAgeMs: 1000 }).some(({ ppid }) => ppid === pid);
}

const SECRET_IN_COMMAND =
  "its command contains what looks like a secret, and so does the section; all accounts of this machine can see it in ps as well";

function remarksOnEnvironment({
  secret,
  unwritable,
  isKnown,
}: EnvironmentFound): readonly string[] {
  if (!isKnown) {
    return [
      "its environment cannot be seen: it has written over it, or hides it; add to [[Env]] what it needs",
    ];
  }
  return [
    ...(secret.length === 0
      ? []
      : [
          `left out, because the values look like secrets: ${secret.join(", ")}; a restart would come without them: ` +
            "put them into a file of mode 0600, and name that in env_file",
        ]),
    ...(unwritable.length === 0
      ? []
      : [
          `left out, because a configuration cannot hold the values: ${unwritable.join(", ")}; use env_file`,
        ]),
  ];
}

function notesOn({ secret, unwritable }: EnvironmentFound): readonly string[] {
  return [
    ...secret.map((name) => `${name} looks like a secret and is left out: put it into an env_file`),
    ...unwritable.map((name) => `${name} cannot be written here: put it into an env_file`),
  ];
}
