import { homeFolder } from "../../../lib/home.ts";
import { signalNamed, signalNumbered, shortSignal } from "../../../../proc/signal.ts";
import { isOurAccount, otherAccount, OTHER_GROUP } from "../account.ts";
import { OWN_LOG } from "../advice.ts";
import type { ProgramDraft } from "../draft.ts";
import { timeOf } from "../value-text.ts";
import type { Entries } from "./entries.ts";
import { setAttributes } from "./attributes.ts";
import { setCommands } from "./commands.ts";
import { setEnvironment } from "./environment.ts";
import { setRestarts } from "./restarts.ts";
import { expandSpecifiers, type UnitName, unknownSpecifiers } from "./specifiers.ts";
import type { UnitEntry } from "./unit-file.ts";
import { readSpan, readYes } from "./values.ts";

/** A unit that is translated. */
export interface Unit {
  readonly draft: ProgramDraft;
  readonly entries: Entries;
  readonly name: UnitName;
  readonly file: string;
}

/** Puts the [Service] of a unit into its draft. */
export function translateService(unit: Unit): void {
  const { draft, entries, name, file } = unit;
  const kind = entries.one("Service", "Type");
  const type =
    kind?.value ?? (entries.all("Service", "ExecStart").length === 0 ? "oneshot" : "simple");
  const variables = setEnvironment(unit);
  setCommands(unit, type, variables);
  setType(unit, type, kind);
  const folder = entries.one("Service", "WorkingDirectory");
  if (folder !== undefined) {
    const path = expandSpecifiers(folder.value.replace(/^-/, ""), name, file);
    draft.set("directory", path === "~" ? homeFolder() : path, folder.source);
  }
  setAccount(unit);
  setOutput(unit);
  setRestarts(unit, type);
  setStop(unit);
  setAttributes(unit);
  for (const [key, { text, source }] of draft.keys) {
    const unknown = unknownSpecifiers(text, name, file).filter((one) => one !== "%%");
    if (unknown.length > 0) {
      draft.note(
        source,
        key,
        text,
        `${unknown.join(", ")} is not known here: write what it stands for`,
      );
    }
  }
}

function setType(
  { draft, entries, name, file }: Unit,
  type: string,
  kind: UnitEntry | undefined,
): void {
  const pidfile = entries.one("Service", "PIDFile");
  const source = kind?.source ?? draft.source;
  const stays = entries.one("Service", "RemainAfterExit");
  const start = readTime(
    entries.one("Service", "TimeoutStartSec"),
    entries.one("Service", "TimeoutSec"),
  );
  const time = start?.ms === Infinity || start?.ms === 0 ? undefined : start;
  switch (type) {
    case "notify":
    case "notify-reload":
      draft.set("ready", "notify", source);
      // systemd waits for longer than we do.
      draft.set(
        "start_timeout",
        timeOf(time?.ms ?? (start === undefined ? 90_000 : 86_400_000)),
        time?.source ?? source,
      );
      if (type === "notify-reload" && !draft.keys.has("reload")) draft.set("reload", "HUP", source);
      break;
    case "oneshot":
      draft.set("type", "job", source);
      if (time !== undefined) draft.set("timeout", timeOf(time.ms), time.source);
      if (stays !== undefined && readYes(stays.value) === true) {
        const what = draft.keys.has("stop_command")
          ? ", and stop_command does not run for what has ended"
          : "";
        draft.note(
          stays.source,
          "RemainAfterExit",
          stays.value,
          `a job that has ended is done${what}`,
        );
      }
      break;
    case "forking":
      if (pidfile === undefined) {
        const why =
          "without PIDFile= the process is found by its command line: have the program stay in the foreground, or set proctitle_re";
        draft.note(source, "Type", type, why);
      } else draft.set("autopid", "False", source);
      break;
    case "dbus":
      draft.note(
        source,
        "Type",
        type,
        "a start has succeeded after success_seconds, or as ready says",
      );
  }
  if (pidfile !== undefined) {
    const path = expandSpecifiers(pidfile.value, name, file);
    const full = path.startsWith("/") ? path : `/run/user/${process.getuid?.() ?? 0}/${path}`;
    if (type === "forking")
      draft.set("pidfile", full.replace(/^\/var\/run\//, "/run/"), pidfile.source);
  }
  if (
    time !== undefined &&
    !["notify", "notify-reload", "oneshot"].includes(type) &&
    !draft.keys.has("before_start")
  ) {
    const why = "it says how long a start may take; start_timeout does, with a check as ready";
    draft.note(time.source, "TimeoutStartSec", time.text, why);
  }
}

function setAccount({ draft, entries, name: unit, file }: Unit): void {
  const user = entries.one("Service", "User");
  const name = expandSpecifiers(user?.value ?? "", unit, file);
  if (user !== undefined && !isOurAccount(name)) {
    draft.note(user.source, "User", name, otherAccount(name));
  }
  const group = entries.one("Service", "Group");
  if (group !== undefined && expandSpecifiers(group.value, unit, file) !== name)
    draft.note(group.source, "Group", group.value, OTHER_GROUP);
  const more = entries.one("Service", "SupplementaryGroups");
  if (more !== undefined) draft.note(more.source, "SupplementaryGroups", more.value, OTHER_GROUP);
}

function setOutput({ draft, entries, name, file }: Unit): void {
  for (const [theirs, ours] of [
    ["StandardOutput", "stdout"],
    ["StandardError", "stderr"],
  ] as const) {
    const entry = entries.one("Service", theirs);
    if (entry === undefined) continue;
    const { value, source } = entry;
    const path = /^(?:file|append|truncate):(.*)$/.exec(value)?.[1];
    if (path !== undefined) {
      draft.set(ours, expandSpecifiers(path, name, file), source);
      if (value.startsWith("truncate:"))
        draft.note(source, theirs, value, "a log is only appended to");
    } else if (value === "null") draft.set(ours, "/dev/null", source);
    else if (value !== "inherit") draft.note(source, theirs, value, OWN_LOG);
  }
  const { keys } = draft;
  if (keys.get("stderr")?.text === keys.get("stdout")?.text) keys.delete("stderr");
  const input = entries.one("Service", "StandardInput");
  if (input !== undefined && input.value !== "null") {
    draft.note(
      input.source,
      "StandardInput",
      input.value,
      "programs have no standard input (/dev/null)",
    );
  }
}

function setStop({ draft, entries }: Unit): void {
  const signal = entries.one("Service", "KillSignal");
  const final = entries.one("Service", "FinalKillSignal");
  const time = readTime(
    entries.one("Service", "TimeoutStopSec"),
    entries.one("Service", "TimeoutSec"),
  );
  const isEndless = time !== undefined && (time.ms === Infinity || time.ms === 0);
  const wait = timeOf(isEndless ? 86_400_000 : (time?.ms ?? 90_000));
  const named = signal && (signalNumbered(signal.value) ?? signalNamed(signal.value));
  // `kill` in ExecStop= has set it already.
  const stop = named === undefined ? draft.keys.get("stop")?.text : shortSignal(named);
  if (signal !== undefined && named === undefined) {
    draft.note(signal.source, "KillSignal", signal.value, "not a signal that has a name here");
  }
  if (stop === undefined || stop === "TERM") {
    draft.keys.delete("stop");
    draft.set("term_to_kill_seconds", wait, time?.source);
  } else if (stop === "KILL") draft.set("stop", "KILL", signal?.source);
  else
    draft.set(
      "stop",
      `${stop} ${/\D/.test(wait) ? wait : `${wait}s`}, KILL`,
      signal?.source ?? time?.source,
    );
  if (final !== undefined && !final.value.endsWith("KILL")) {
    draft.note(
      final.source,
      "FinalKillSignal",
      final.value,
      "KILL always comes last; others before it: stop = TERM 30s, ABRT 5s, KILL",
    );
  }
  const mode = entries.one("Service", "KillMode");
  if (mode?.value === "control-group") draft.set("stop_group", "True", mode.source);
  if (mode?.value === "process" || mode?.value === "none") {
    const why =
      "what is left of the session is ended as well; what is to stay has to leave it (setsid)";
    draft.note(mode.source, "KillMode", mode.value, why);
  }
  const dog = entries.one("Service", "WatchdogSec");
  const bark = dog && readSpan(dog.value);
  if (dog !== undefined && bark !== undefined && bark > 0 && bark !== Infinity) {
    draft.watch("watchdog", timeOf(bark), dog.source);
  }
}

/** A time of one of two keys; undefined: nothing that is one. */
function readTime(
  ...entries: readonly (UnitEntry | undefined)[]
):
  { readonly ms: number; readonly source: UnitEntry["source"]; readonly text: string } | undefined {
  const entry = entries.find((one) => one !== undefined);
  const ms = entry && readSpan(entry.value);
  return entry === undefined || ms === undefined
    ? undefined
    : { ms, source: entry.source, text: entry.value };
}
