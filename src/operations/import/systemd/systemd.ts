import { existsSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Draft, type Note, ProgramDraft } from "../draft.ts";
import type { Names } from "../names.ts";
import { cronOf, everyMs } from "./calendar.ts";
import { Entries } from "./entries.ts";
import { whyNone } from "./no-counterpart.ts";
import { translateService, type Unit } from "./service.ts";
import { expandSpecifiers, unitName } from "./specifiers.ts";
import { parseUnit, type UnitEntry } from "./unit-file.ts";
import { readSpan, readYes } from "./values.ts";

type ReadText = (path: string) => string;

/** A unit to translate: its text, and where that stands. */
export interface UnitText {
  readonly text: string;
  readonly file: string;
}

/** Translates services, with the timers and drop-ins beside them; names of units count among those given. */
export function importSystemd(units: readonly UnitText[], names: Names, read: ReadText): Draft {
  const notes: Note[] = [];
  const byUnit = new Map<string, Unit>();
  for (const { text, file } of withServices(units, notes, read)) {
    let name = unitName(file);
    const twin = byUnit.get(name.whole);
    if (twin !== undefined) {
      const why = `${twin.file} is the same unit, and is translated already`;
      if (twin.file !== file)
        notes.push({ source: { file, line: undefined }, key: name.whole, value: "", why });
      continue;
    }
    const parsed = [{ ...parseUnit(text, file) }, ...beside(`${file}.d`, read)];
    for (const { source, text: line } of parsed.flatMap((one) => one.strange)) {
      notes.push({ source, key: line, value: "", why: "not a line of a unit" });
    }
    const entries = new Entries(parsed.flatMap((one) => one.entries));
    // Whose instances are accounts: this one.
    const isOfAccount =
      name.instance === "" && /^%[iI]$/.test(entries.one("Service", "User")?.value ?? "");
    if (isOfAccount) name = { ...name, instance: userInfo().username };
    const bare = name.whole.replace(/\.service$/, "").replace(/@$/, "");
    const draft = new ProgramDraft(names.take(bare), { file, line: 1 });
    byUnit.set(name.whole, { draft, entries, name, file });
  }
  for (const unit of byUnit.values()) translateUnit(unit, units, read);
  for (const unit of byUnit.values()) setOrder(unit, byUnit);
  for (const unit of byUnit.values()) withoutNeeded(unit);
  for (const { draft, entries } of byUnit.values()) {
    for (const { source, key, value } of entries.rest()) {
      const why = whyNone(key, value);
      if (why !== undefined) draft.note(source, key, value, why);
    }
    draft.notes.sort((a, b) => Number(a.source.line) - Number(b.source.line));
  }
  return { from: "systemd", programs: [...byUnit.values()].map(({ draft }) => draft), notes };
}

/** The services themselves, and those that timers start. */
function withServices(
  units: readonly UnitText[],
  notes: Note[],
  read: ReadText,
): readonly UnitText[] {
  return units.flatMap((unit) => {
    if (!unit.file.endsWith(".timer")) return [unit];
    const entry = new Entries(parseUnit(unit.text, unit.file).entries).one("Timer", "Unit");
    const name = entry?.value ?? basename(unit.file).replace(/\.timer$/, ".service");
    const file = join(dirname(unit.file), name);
    try {
      return [{ text: read(file), file }];
    } catch (error) {
      const why = `the unit that it starts cannot be read: ${(error as Error).message}`;
      notes.push({
        source: { file: unit.file, line: undefined },
        key: basename(unit.file),
        value: "",
        why,
      });
      return [];
    }
  });
}

/** The drop-ins of a unit, in their order. */
function beside(folder: string, read: ReadText): readonly ReturnType<typeof parseUnit>[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".conf"));
  return files.toSorted().map((name) => parseUnit(read(join(folder, name)), join(folder, name)));
}

function translateUnit(unit: Unit, given: readonly UnitText[], read: ReadText): void {
  const { draft, entries, name, file } = unit;
  const title = entries.one("Unit", "Description")?.value;
  draft.title = title && name.instance !== "" ? expandSpecifiers(title, name, file) : title;
  translateService(unit);
  if (name.instance === "") {
    const why =
      "instances have numbers here, from 1; for a named one: usrsvc import NAME@INSTANCE.service";
    draft.set("instances", 1);
    draft.note(draft.source, name.whole, "", why);
  }
  const timer = timerOf(file, given, read);
  if (timer !== undefined) setTimer(draft, timer);
  const wanted = entries.all("Install", "WantedBy");
  if (timer === undefined && wanted.length === 0 && draft.keys.has("command")) {
    draft.set("autostart", "False");
    draft.note(
      draft.source,
      "[Install]",
      "",
      "without WantedBy= it is not started by itself: autostart = False",
    );
  }
}

function timerOf(file: string, given: readonly UnitText[], read: ReadText): UnitText | undefined {
  const service = basename(file);
  const named = given.find(
    (one) =>
      one.file.endsWith(".timer") &&
      new Entries(parseUnit(one.text, one.file).entries).one("Timer", "Unit")?.value === service,
  );
  const path = file.replace(/\.service$/, ".timer");
  const own = named ?? given.find((one) => one.file === path);
  if (own !== undefined) return own;
  return path !== file && existsSync(path) ? { text: read(path), file: path } : undefined;
}

function setTimer(draft: ProgramDraft, { text, file }: UnitText): void {
  const timer = new Entries(parseUnit(text, file).entries);
  const note = ({ source, key, value }: UnitEntry, why: string): void =>
    draft.note(source, key, value, why);
  const at = (cron: string, { source }: UnitEntry): void => {
    draft.set("type", "job", source);
    draft.set("schedule", cron, source);
    draft.keys.delete("autorestart");
  };
  for (const entry of timer.all("Timer", "OnCalendar")) {
    const found = cronOf(entry.value);
    if ("problem" in found) note(entry, `${found.problem}: write schedule by hand`);
    else if (draft.keys.has("schedule"))
      note(entry, "a job has one schedule: another program for another time");
    else at(found.cron, entry);
  }
  for (const entry of timer.all("Timer", "OnUnitActiveSec", "OnUnitInactiveSec")) {
    const cron = everyMs(readSpan(entry.value) ?? 0);
    if (cron === undefined || draft.keys.has("schedule"))
      note(entry, "a schedule goes by the clock: write one by hand");
    else {
      at(cron, entry);
      note(entry, `by the clock instead: ${cron}`);
    }
  }
  const persistent = timer.one("Timer", "Persistent");
  if (
    persistent !== undefined &&
    readYes(persistent.value) === true &&
    draft.keys.has("schedule")
  ) {
    draft.set("catch_up", "True", persistent.source);
  }
  timer.all("Unit", "Description", "Documentation", "Requires");
  timer.all("Install", "WantedBy");
  timer.all("Timer", "Unit");
  for (const entry of timer.rest()) {
    if (!entry.key.startsWith("X-")) note(entry, "a job starts when it is due, within the minute");
  }
}

/** Who waits for whom, among those that are translated together. */
function setOrder({ draft, entries }: Unit, byUnit: ReadonlyMap<string, Unit>): void {
  const add = (key: string, to: ProgramDraft, entry: UnitEntry): void => {
    const own = key === "Before" ? to : draft;
    const other = key === "Before" ? draft : to;
    const ours = KEYS[key] ?? "after";
    const before = own.keys.get(ours)?.text.split(", ") ?? [];
    own.set(ours, [...new Set([...before, other.name])].join(", "), entry.source);
  };
  for (const key of ["After", "Before", ...Object.keys(KEYS)]) {
    for (const entry of entries.all("Unit", key)) {
      const names = entry.value.split(/\s+/);
      const others = names.filter((name) => {
        const unit = byUnit.get(name);
        if (unit !== undefined && unit.draft !== draft) add(key, unit.draft, entry);
        return unit === undefined;
      });
      const strange = others.filter((name) => !USUAL.test(name));
      if (strange.length === 0) continue;
      const why = whyNone(key, "") ?? "";
      draft.note(entry.source, key, strange.join(" "), why);
    }
  }
}

/** What is needed comes after it anyway. */
function withoutNeeded({ draft }: Unit): void {
  const after = draft.keys.get("after");
  if (after === undefined) return;
  const needs = draft.keys.get("needs")?.text.split(", ") ?? [];
  const left = after.text.split(", ").filter((name) => !needs.includes(name));
  if (left.length === 0) draft.keys.delete("after");
  else draft.set("after", left.join(", "), after.source);
}

const KEYS: Readonly<Record<string, string>> = {
  Requires: "needs",
  Requisite: "needs",
  BindsTo: "needs",
  Wants: "needs",
  PartOf: "restart_with",
};

/** What is there when an ordinary account's programs start. */
const USUAL =
  /^(network|basic|default|multi-user|sysinit|local-fs|remote-fs|syslog|time-sync|nss-lookup|systemd-\S+|graphical|graphical-session|user|sockets|timers|paths|network-pre|shutdown|umount)\.(target|service)$/;
