import type { ConfigFile, Section } from "../configobj/configobj.ts";
import { checkDependencies, type WhereIs } from "./check-dependencies.ts";
import { chooseDefaults, type Defaults, findDefaults, type ReadFile } from "./defaults.ts";
import { adviseForeignSection } from "./foreign-keys.ts";
import { hasDependencies } from "../dependencies.ts";
import { IssueList } from "../issue-list.ts";
import type { ConfigIssue, Place } from "../issue.ts";
import { nearest } from "../nearest.ts";
import type { ProgramHost } from "./main.ts";
import { resolveProgram } from "./program.ts";
import { DEFAULTS, HOSTS, nameAfter, PROGRAM, topOf } from "../section-names.ts";
import {
  fullName,
  hostVariables,
  type Named,
  programVariables,
  type Variables,
} from "./variables.ts";
import { programSchema, schemas } from "../schema.ts";
import { type PlacedSection, resolveEntry } from "./section-reader.ts";
import { shownSection } from "../shown.ts";
import type { FaultyProgram, ProgramSettings, Settings } from "../settings.ts";

/** All that is read of the programs. */
export type ResolvedPrograms = Pick<Settings, "programs" | "faulty" | "issues">;

/**
 * Puts DefaultSettings under programs and converts all values. The first file is the main one; the
 * issues of its `[Main]` are not reported here.
 *
 * A line that cannot be read makes the program of its section faulty. If a header is broken, it is
 * unknown which program it was: its lines are dropped, and an error without a program says so. The other
 * programs of the file work, because each has its own section.
 */
export function resolvePrograms(files: readonly ReadFile[], host: ProgramHost): ResolvedPrograms {
  const general = new IssueList(undefined);
  const ofHost = hostVariables(host);
  const defaults = findDefaults(files, general);
  const sources = { defaults, areCounted: isSetInSome(defaults), ofHost };
  const programs = new Map<string, ProgramSettings>();
  const faulty = new Map<string, FaultyProgram>();
  const seen = new Map<string, PlacedSection>();
  const issues: ConfigIssue[] = [];
  const places = new Map<string, WhereIs>();
  let long = 0;
  const readOne = (named: Named, placed: PlacedSection, unread: ConfigFile["faults"]): void => {
    const name = fullName(named);
    const list = new IssueList(name === "" ? undefined : name);
    const place = { file: placed.file, line: placed.section.line };
    const instanceOf = named.instance === undefined ? undefined : named.program;
    for (const { line, message } of unread) list.error({ file: placed.file, line }, message);
    if (name === "" || name === "all") {
      list.error(
        place,
        name === "" ? NAMELESS : 'the name "all" means all programs; choose another',
      );
    } else if (seen.has(name)) {
      repeatName(name, place, seen.get(name), list);
      setAside(name, programs, faulty);
    } else if (long > MOST_OF_LONG) {
      list.error(place, TOO_MUCH);
      faulty.set(name, { name, instanceOf, place, known: {} });
    } else {
      const own = { ...placed, variables: programVariables(named, ofHost) };
      seen.set(name, own);
      if (name.trim() !== name)
        list.warn(place, `the name ${JSON.stringify(name)} begins or ends with a blank`);
      const inDefaults = (onUse: () => void): Variables => programVariables(named, ofHost, onUse);
      const base = chooseDefaults(own, defaults, inDefaults, list);
      for (const issue of base?.issues ?? []) list.issues.push({ ...issue, program: name });
      const resolved = resolveProgram(name, instanceOf, own, base?.layer, host, list);
      if ("settings" in resolved) {
        programs.set(name, resolved.settings);
        if (hasDependencies(resolved.settings)) places.set(name, resolved.whereIs);
      } else faulty.set(name, { name, instanceOf, place, known: resolved.known });
      const { command = "" } = "settings" in resolved ? resolved.settings : resolved.known;
      if (command.length > LONG) long += command.length;
    }
    for (const issue of list.issues) issues.push(issue);
  };
  for (const file of files) {
    const faults = faultsBySection(file, general);
    noteIgnored(file, file !== files[0], general);
    for (const section of file.root.sections.values()) {
      const program = nameAfter(PROGRAM, section);
      if (program === undefined) continue;
      const placed = { section, file: file.path };
      const unread = faults.get(section) ?? [];
      for (const named of instancesOf(program, placed, sources)) {
        readOne(named, placed, unread);
      }
    }
  }
  warnOfSharedPidfiles(programs, issues);
  for (const issue of checkDependencies(programs, faulty, places)) {
    issues.push(issue);
    if (issue.program !== undefined) setAside(issue.program, programs, faulty);
  }
  return { programs, faulty, issues: [...general.issues, ...issues] };
}

/** Where `instances` may be. */
interface InstanceSources {
  readonly defaults: ReadonlyMap<string, Defaults>;
  /** Some of them have it. */
  readonly areCounted: boolean;
  readonly ofHost: Variables;
}

/** One without a number, or as many as `instances` says; where that cannot be read, whoever reads the rest says so. */
function instancesOf(
  program: string,
  placed: PlacedSection,
  { defaults, areCounted, ofHost }: InstanceSources,
): readonly Named[] {
  const single = { program, instance: undefined };
  const ignored = new IssueList(undefined);
  const own = { ...placed, variables: programVariables(single, ofHost) };
  const entry = placed.section.entries.get("instances");
  if (entry === undefined && !areCounted) return [single];
  const inDefaults = (onUse: () => void): Variables => programVariables(single, ofHost, onUse);
  const base = entry ? undefined : chooseDefaults(own, defaults, inDefaults, ignored);
  const value = entry
    ? resolveEntry(own, "instances", entry, ignored)
    : base?.layer.keys.values.get("instances");
  const read = value && programSchema.instances.unit.parse(value);
  const count = read && "value" in read ? read.value : undefined;
  if (count === undefined) return [single];
  return Array.from({ length: count }, (_, index) => ({ program, instance: index + 1 }));
}

function isSetInSome(defaults: ReadonlyMap<string, Defaults>): boolean {
  for (const { section } of defaults.values()) if (section.entries.has("instances")) return true;
  return false;
}

/** Commands are taken apart for each program, also one that stands once, in defaults that all share. */
const LONG = 16 * 1024;
const MOST_OF_LONG = 8 * 1024 * 1024;
const TOO_MUCH =
  "the long commands (16 kB or more) of the programs above add up to more than 8 MB; shorten them";

const NAMELESS = "[Program:] has no name; write one, as in [Program:web]";

function faultsBySection(
  file: ReadFile,
  issues: IssueList,
): ReadonlyMap<Section, ConfigFile["faults"]> {
  const found = new Map<Section, ConfigFile["faults"][number][]>();
  for (const fault of file.faults) {
    const section = topOf(fault.owner);
    if (section?.name === HOSTS) continue; // only -H needs it, and checkconfig reports it
    if (section === undefined || nameAfter(PROGRAM, section) === undefined) {
      issues.error({ file: file.path, line: fault.line }, fault.message);
      continue;
    }
    const list = found.get(section) ?? [];
    list.push(fault);
    found.set(section, list);
  }
  return found;
}

/** Reports what is in a file, but has no effect. */
function noteIgnored({ path, root }: ReadFile, isFurther: boolean, issues: IssueList): void {
  for (const { name, line } of root.sections.values()) {
    const place = { file: path, line };
    if (name === "Main" || name === HOSTS) {
      if (isFurther)
        issues.warn(place, `[${name}] counts only in the main file and is ignored here`);
    } else if (name !== "DEFAULT" && !name.startsWith(PROGRAM) && !name.startsWith(DEFAULTS)) {
      const [kind = name, ...rest] = name.split(":");
      const near = nearest(kind, ["Main", HOSTS, "Program", "DefaultSettings"]);
      const meant =
        near === undefined || near === "Main" || near === HOSTS
          ? near
          : `${near}:${rest.join(":") || "NAME"}`;
      const foreign = adviseForeignSection(name);
      const advice = foreign ?? (meant === undefined ? undefined : `did you mean [${meant}]?`);
      issues.warn(
        place,
        `[${shownSection(name)}] is not a section of usrsvc and is ignored${advice === undefined ? "" : `; ${advice}`}`,
      );
    }
  }
  for (const [key, { line }] of root.entries) {
    const place = { file: path, line };
    if (key.startsWith(PROGRAM)) {
      issues.error(
        place,
        `${shownSection(key)}: must be a section, [${shownSection(key)}], with its keys on the lines below`,
      );
    } else if (Object.values(schemas).some((schema) => Object.hasOwn(schema, key))) {
      issues.warn(place, `${key}: is outside any section and is ignored`);
    }
  }
}

function repeatName(
  name: string,
  place: Place,
  first: PlacedSection | undefined,
  issues: IssueList,
): void {
  const other = `${first?.file}:${first?.section.line}`;
  issues.error(place, `[Program:${name}] already exists, in ${other}; rename one of them`);
}

/** It cannot be started, as one of two of a name; its settings, in which nothing else is wrong, count as known. */
function setAside(
  name: string,
  programs: Map<string, ProgramSettings>,
  faulty: Map<string, FaultyProgram>,
): void {
  const program = programs.get(name);
  if (program === undefined) return;
  programs.delete(name);
  const { instanceOf, place } = program;
  faulty.set(name, { name, instanceOf, place, known: program });
}

function warnOfSharedPidfiles(
  programs: ReadonlyMap<string, ProgramSettings>,
  issues: ConfigIssue[],
): void {
  const owners = new Map<string, string>();
  for (const { name, pidfile, place } of programs.values()) {
    const other = owners.get(pidfile);
    if (other === undefined) {
      owners.set(pidfile, name);
      continue;
    }
    const message = `pidfile: ${JSON.stringify(pidfile)} is also that of ${JSON.stringify(other)}; each program needs its own`;
    issues.push({ place, severity: "warning", program: name, message });
  }
}
