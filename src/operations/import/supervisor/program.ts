import { dirname, resolve } from "node:path";
import { homeFolder } from "../../../lib/home.ts";
import { shortSignal, signalNamed, signalNumbered } from "../../../../proc/signal.ts";
import { isOurAccount, otherAccount } from "../account.ts";
import { NOTHING, OWN_LOG, ROTATION, UNKNOWN } from "../advice.ts";
import type { ProgramDraft } from "../draft.ts";
import { splitWords } from "../../../config/shell/words.ts";
import { word } from "../value-text.ts";
import { expand, type Expansions, type Instance } from "./expand.ts";
import type { IniEntry, IniSection } from "./ini.ts";
import { parsePairs } from "./pairs.ts";

/** What supervisor knows besides the section of a program. */
export interface Around {
  readonly supervisord: IniSection | undefined;
  readonly host: string;
  /** The name of the program there, and of its group. */
  readonly program: string;
  readonly group: string;
  readonly numprocs: number;
  /** `%(process_num)d` of this one, or what stands for it here. */
  readonly number: number | Instance;
}

const TRUE = /^(true|t|yes|y|on|1)$/i;

/** Puts the settings of a `[program:x]` into a draft. */
export function translate(draft: ProgramDraft, section: IniSection, around: Around): void {
  const own = section.entries;
  const env = environment(draft, section, around);
  const expansions = expansionsOf(around, section, env);
  const left = new Set(own.keys());
  const take = (key: string): (IniEntry & { readonly text: string }) | undefined => {
    const entry = own.get(key);
    left.delete(key);
    return entry && { ...entry, text: expand(entry.value, expansions) };
  };
  const use = (key: string, act: (text: string, entry: IniEntry) => void): void => {
    const entry = take(key);
    if (entry !== undefined) act(entry.text, entry);
  };
  const count = (key: string, act: (number: number, entry: IniEntry) => void): void =>
    use(key, (text, entry) => {
      if (/^\d{1,9}$/.test(text)) act(Number(text), entry);
      else draft.note(entry.source, key, text, "it is not a whole number");
    });
  const drop = (why: string, ...keys: readonly string[]): void => {
    for (const key of keys) {
      use(key, (_text, { value, source }) => {
        if (!/^(false|no|off|0|auto|)$/i.test(value)) draft.note(source, key, value, why);
      });
    }
  };

  use("command", (text, { source }) => draft.set("command", commandText(text), source));
  const base = around.supervisord?.entries.get("directory");
  use("directory", (text, { source }) => draft.set("directory", folder(text, section), source));
  if (!draft.keys.has("directory") && base !== undefined) {
    draft.set("directory", folder(expand(base.value, expansions), section), base.source);
  }
  const mask = take("umask") ?? around.supervisord?.entries.get("umask");
  if (mask !== undefined) draft.set("umask", mask.value, mask.source);
  logs(draft, take, draft.keys.get("directory")?.text);
  use("autostart", (text, { source }) => {
    if (!TRUE.test(text)) draft.set("autostart", "False", source);
  });
  const restart = take("autorestart");
  restarts(draft, restart, take("exitcodes"));
  count("startsecs", (number, { source }) => draft.set("success_seconds", number, source));
  // There the first start does not count.
  count("startretries", (number, { source }) => draft.set("maxrestarts", number + 1, source));
  stopping(draft, take("stopsignal"), take("stopwaitsecs"));
  use("stopasgroup", (text, { source }) => {
    if (TRUE.test(text)) draft.set("stop_group", "True", source);
  });
  left.delete("killasgroup"); // what is left of the session is always ended
  use("user", (text, { source }) => {
    if (!isOurAccount(text)) draft.note(source, "user", text, otherAccount(text));
  });
  for (const key of ["numprocs", "numprocs_start", "process_name", "environment"]) left.delete(key);
  count("priority", (number, { source }) => {
    const why = "programs start side by side; where one has to wait for another: after = NAME";
    draft.note(source, "priority", String(number), why);
  });
  drop(ROTATION, "stdout_logfile_maxbytes", "stdout_logfile_backups");
  drop(ROTATION, "stderr_logfile_maxbytes", "stderr_logfile_backups");
  const events = "output goes to its file and nowhere else";
  drop(events, "stdout_capture_maxbytes", "stderr_capture_maxbytes");
  drop(events, "stdout_events_enabled", "stderr_events_enabled");
  drop("let the program write to syslog itself", "stdout_syslog", "stderr_syslog");
  drop("there is no server; the program can run usrsvc itself", "serverurl");
  if (section.name.startsWith("fcgi-program:")) {
    drop("let the server bind its socket itself", "socket", "socket_backlog", "socket_owner");
    drop("let the server bind its socket itself", "socket_mode");
  }
  for (const key of left) drop(`${UNKNOWN}, or ${NOTHING}`, key);
}

/** Supervisor's own settings count for the program, and for what it is started with. */
function environment(
  draft: ProgramDraft,
  section: IniSection,
  around: Around,
): ReadonlyMap<string, string> {
  const env = new Map<string, string>();
  for (const from of [around.supervisord, section]) {
    const entry = from?.entries.get("environment");
    if (entry === undefined || from === undefined) continue;
    const read = parsePairs(expand(entry.value, expansionsOf(around, from, env)));
    if ("problem" in read) {
      draft.note(entry.source, "environment", "", `${read.problem}; write [[Env]] by hand`);
      continue;
    }
    for (const [name, value] of read.pairs) {
      env.set(name, value);
      draft.setVariable(name, value, entry.source);
    }
  }
  return env;
}

function expansionsOf(
  { program, group, numprocs, number, host }: Around,
  { source }: IniSection,
  env: ReadonlyMap<string, string>,
): Expansions {
  const known: Readonly<Record<string, string | number | Instance>> = {
    program_name: program,
    group_name: group,
    process_num: number,
    numprocs,
    host_node_name: host,
    here: dirname(resolve(source.file)),
  };
  return (name) => (name.startsWith("ENV_") ? env.get(name.slice(4)) : known[name]);
}

/** One line, where its words are the same then; with no & at its end, which would be dropped. */
function commandText(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, " ").trim();
  const [before, after] = [splitWords(text), splitWords(line)];
  if ("problem" in before || "problem" in after) return line;
  const isSame = JSON.stringify(before.words) === JSON.stringify(after.words);
  const [first = ""] = after.words;
  if (isSame && !line.endsWith("&") && !first.startsWith("~")) return line;
  return before.words.map(word).join(" ");
}

function folder(text: string, { source }: IniSection): string {
  return absolute(text, dirname(resolve(source.file)));
}

function absolute(path: string, base: string): string {
  if (path.startsWith("~/") || path.startsWith("/") || path.startsWith("%(")) return path;
  return path === "~" ? homeFolder() : resolve(base, path);
}

type Take = (key: string) => (IniEntry & { readonly text: string }) | undefined;

/** What is no file of its own, though it looks like one. */
const OF_DAEMON = /^\/(dev\/(stdout|stderr|fd\/[12]|tty|console)|proc\/(1|self)\/fd\/[12])$/;

function logs(draft: ProgramDraft, take: Take, directory: string | undefined): void {
  const [out, err, merged] = [
    take("stdout_logfile"),
    take("stderr_logfile"),
    take("redirect_stderr"),
  ];
  const set = (key: string, entry: ReturnType<Take>): void => {
    if (entry === undefined || /^auto$/i.test(entry.text)) return;
    const { text, source } = entry;
    if (/^(none|off)$/i.test(text)) draft.set(key, "/dev/null", source);
    else if (OF_DAEMON.test(text)) draft.note(source, entry.key, text, OWN_LOG);
    else if (/^syslog$/i.test(text)) {
      draft.note(source, entry.key, text, `${OWN_LOG}; let the program write to syslog itself`);
    } else draft.set(key, absolute(text, directory ?? homeFolder()), source);
  };
  set("stdout", out);
  if (merged === undefined || !TRUE.test(merged.text)) set("stderr", err);
  const { keys } = draft;
  if (keys.has("stderr") && keys.get("stderr")?.text === keys.get("stdout")?.text)
    keys.delete("stderr");
}

function restarts(draft: ProgramDraft, restart: ReturnType<Take>, codes: ReturnType<Take>): void {
  const text = restart?.text ?? "unexpected";
  const source = restart?.source ?? draft.source;
  if (/^unexpected$/i.test(text)) {
    draft.set("autorestart", "on-failure", source);
    if (codes === undefined) return;
    const all = codes.text.split(",").map((code) => code.trim());
    const known = all.filter((code) => code !== "");
    if (known.length > 0) draft.set("success_exit", known.join(", "), codes.source);
    else
      draft.note(codes.source, "exitcodes", "", "any exit is unexpected: write autorestart = True");
    return;
  }
  draft.set("autorestart", TRUE.test(text) ? "True" : "False", source);
  if (codes !== undefined) {
    const why = `it counts only with autorestart=unexpected, here as there`;
    draft.note(codes.source, "exitcodes", codes.text, why);
  }
}

function stopping(draft: ProgramDraft, named: ReturnType<Take>, wait: ReturnType<Take>): void {
  const signal =
    named && (signalNumbered(named.text) ?? signalNamed(named.text.trim()) ?? named.text);
  const seconds = /^\d+$/.test(wait?.text ?? "") ? Number(wait?.text) : 10;
  const source = wait?.source ?? named?.source ?? draft.source;
  if (signal === undefined || signal === "SIGTERM") {
    draft.set("term_to_kill_seconds", seconds, source);
  } else {
    const name = signal.startsWith("SIG") ? shortSignal(signal as NodeJS.Signals) : signal;
    const isKill = name === "KILL";
    draft.set("stop", isKill ? "KILL" : `${name} ${seconds}s, KILL`, named?.source ?? source);
  }
}
