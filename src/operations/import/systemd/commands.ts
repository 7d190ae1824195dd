import { signalNamed, signalNumbered, shortSignal } from "../../../../proc/signal.ts";
import {
  type Exec,
  joinExecs,
  readExecs,
  signalOf,
  type Variables,
  withVariables,
} from "./exec.ts";
import type { Unit } from "./service.ts";
import type { UnitEntry } from "./unit-file.ts";
import { timeOf } from "../value-text.ts";
import { readSpan } from "./values.ts";

/** Puts the commands of a unit into its draft. */
export function setCommands(unit: Unit, type: string, variables: Variables): void {
  const { draft, entries } = unit;
  const starts = entries.all("Service", "ExecStart");
  const main = execsOf(starts, unit);
  const [first] = main;
  if (first !== undefined) {
    const source = starts[0]?.source;
    if (main.length === 1) {
      const { text, isShell } = withVariables(first, variables);
      draft.set("command", text, source);
      if (isShell) draft.set("useshell", "True", source);
    } else {
      draft.set("command", joinExecs(main, variables), source);
    }
    if (first.prefixes.includes("-") && type !== "oneshot") {
      draft.note(
        starts[0]?.source ?? draft.source,
        "ExecStart",
        "-",
        "an exit code that is a failure stays one; success_exit lists those that are none",
      );
    }
    if (first.prefixes.includes("-") && type === "oneshot" && main.length === 1) {
      draft.set("command", joinExecs(main, variables), source);
      draft.keys.delete("useshell");
    }
  }
  for (const [theirs, ours] of [
    ["ExecStartPre", "before_start"],
    ["ExecStartPost", "after_start"],
    ["ExecStopPost", "after_exit"],
  ] as const) {
    const all = entries.all("Service", theirs);
    const execs = execsOf(all, unit);
    if (execs.length === 0) continue;
    draft.set(ours, joinExecs(execs, variables), all[0]?.source);
    const limit = entries.one("Service", "TimeoutStartSec") ?? entries.one("Service", "TimeoutSec");
    const ms = limit === undefined ? 90_000 : readSpan(limit.value);
    const patience = ms === undefined || ms === Infinity || ms === 0 ? 86_400_000 : ms;
    draft.set("hook_timeout", timeOf(patience), limit?.source ?? all[0]?.source);
  }
  setStopCommand(unit, variables);
  setReload(unit, variables);
}

function setStopCommand(unit: Unit, variables: Variables): void {
  const stops = unit.entries.all("Service", "ExecStop");
  const execs = execsOf(stops, unit);
  const [first] = execs;
  if (first === undefined) return;
  const signal = execs.length === 1 ? named(signalOf(first)) : undefined;
  if (signal === undefined)
    unit.draft.set("stop_command", joinExecs(execs, variables), stops[0]?.source);
  else unit.draft.set("stop", shortSignal(signal), stops[0]?.source);
}

function setReload(unit: Unit, variables: Variables): void {
  const reloads = unit.entries.all("Service", "ExecReload");
  const execs = execsOf(reloads, unit);
  const signal =
    execs.length === 1 && execs[0] !== undefined ? named(signalOf(execs[0])) : undefined;
  const entry = reloads[0] ?? unit.entries.one("Service", "ReloadSignal");
  if (entry === undefined) return;
  const other = named(unit.entries.one("Service", "ReloadSignal")?.value);
  const text = signal ?? (execs.length === 0 ? other : undefined);
  const written = text === undefined ? joinExecs(execs, variables) : shortSignal(text);
  if (written !== "") unit.draft.set("reload", written, entry.source);
}

function named(signal: string | undefined): NodeJS.Signals | undefined {
  return signal === undefined ? undefined : (signalNumbered(signal) ?? signalNamed(signal));
}

/** The commands of a key; what their prefixes ask for is noted where there is no such thing here. */
function execsOf(all: readonly UnitEntry[], { draft, name, file }: Unit): readonly Exec[] {
  return all.flatMap(({ value, key, source }) => {
    const execs = readExecs(value, name, file);
    if (execs === undefined) {
      draft.note(source, key, value, "a quote in it is not closed");
      return [];
    }
    return execs.map((exec) => {
      if (/[+!]/.test(exec.prefixes)) {
        draft.note(source, key, value, "it runs with the rights of this account, as all does");
      }
      if (!exec.prefixes.includes("@")) return exec;
      draft.note(
        source,
        key,
        value,
        "the program is called by its own name (argv[0]); the name after it is left out",
      );
      return { ...exec, words: exec.words.filter((_, index) => index !== 1) };
    });
  });
}
