import type { ConfigFile, Section } from "./configobj/configobj.ts";
import { type Destination, parseDestination, shownDestination } from "./destination.ts";
import { IssueList } from "./issue-list.ts";
import type { ConfigIssue, Place } from "./issue.ts";
import { didYouMean, nearest } from "./nearest.ts";
import { resolveEntry } from "./resolve/section-reader.ts";
import type { Variables } from "./resolve/variables.ts";
import { HOSTS, topOf } from "./section-names.ts";
import { shownSection } from "./shown.ts";

/*
 * [Hosts] of the main file: names for what `usrsvc -H` reaches by ssh, `web1 = web@web1.example`, with the command that
 * is run there where it is not plain usrsvc; and groups of them, `web = web1, web2`.
 */

/** A host that usrsvc reaches by ssh. */
export interface HostTarget {
  /** How it is called on the screen. */
  readonly name: string;
  readonly destination: Destination;
  /** What is run there instead of `usrsvc`, for sh. */
  readonly command: string | undefined;
}

/** What a name of `[Hosts]` stands for. */
export type HostsEntry =
  | { readonly kind: "host"; readonly target: HostTarget }
  /** Names of the section, and hosts that have none there. */
  | { readonly kind: "group"; readonly members: readonly (string | HostTarget)[] }
  /** What is wrong with it is among the issues. */
  | { readonly kind: "faulty" };

/** `[Hosts]`, as far as it can be read. */
export interface HostsSettings {
  readonly entries: ReadonlyMap<string, HostsEntry>;
  readonly issues: readonly HostsIssue[];
}

/** What is wrong in `[Hosts]`; with a name of the section, where it concerns no more than that. */
export type HostsIssue = ConfigIssue & { readonly entry: string | undefined };

/** Reads `[Hosts]` of a main file; what is wrong is said with its line. */
export function readHosts(file: ConfigFile, path: string, variables: Variables): HostsSettings {
  const reader = new HostsReader(path, variables);
  for (const { owner, line, message } of file.faults) {
    if (topOf(owner)?.name === HOSTS) reader.fault(line, message);
  }
  const section = file.root.sections.get(HOSTS);
  if (section !== undefined) reader.read(section);
  return reader;
}

class HostsReader implements HostsSettings {
  readonly entries = new Map<string, HostsEntry>();
  readonly issues: HostsIssue[] = [];
  readonly #file: string;
  readonly #variables: Variables;

  constructor(file: string, variables: Variables) {
    this.#file = file;
    this.#variables = variables;
  }

  fault(line: number, message: string): void {
    this.#error(undefined, line, message);
  }

  read(section: Section): void {
    for (const { name, line } of section.sections.values()) {
      this.fault(line, `unknown section [[${shownSection(name)}]]: [Hosts] has no subsections`);
    }
    for (const [name, entry] of section.entries) {
      const list = new IssueList(undefined);
      const placed = { section, file: this.#file, variables: this.#variables };
      const value = resolveEntry(placed, name, entry, list);
      for (const issue of list.issues) this.issues.push({ ...issue, entry: name });
      const read =
        value === undefined
          ? FAULTY
          : this.#entry(name, value.list ?? [value.text], value, section);
      this.entries.set(name, read);
    }
    for (const name of section.unread) if (!this.entries.has(name)) this.entries.set(name, FAULTY);
    this.#findLoops(section);
  }

  #entry(
    name: string,
    items: readonly string[],
    {
      list,
      isBrokenList,
      line,
    }: { readonly list: unknown; readonly isBrokenList: boolean; readonly line: number },
    section: Section,
  ): HostsEntry {
    if (!canBeName(name)) {
      const wanted = "letters, digits, dots, _ and -, and none of the last at its beginning";
      return this.#faulty(
        name,
        line,
        `${JSON.stringify(name)} is not a name for a host: ${wanted}`,
      );
    }
    const words = items.map((item) => item.trim()).filter((item) => item !== "");
    const [first] = words;
    if (isBrokenList || first === undefined) {
      const found = isBrokenList ? "is not a list" : "is empty";
      return this.#faulty(
        name,
        line,
        `${name}: ${found}; write a host (web@web1.example) or a group (web1, web2)`,
      );
    }
    const isName = (word: string): boolean => word !== name && section.entries.has(word);
    if (list === undefined && !first.startsWith("@") && !isName(first)) {
      const read = readTarget(name, first);
      if ("target" in read) return { kind: "host", target: read.target };
      return this.#faulty(name, line, `${name}: ${read.problem}`);
    }
    const members: (string | HostTarget)[] = [];
    for (const word of words) {
      const member = this.#member(word, section);
      if ("problem" in member) return this.#faulty(name, line, `${name}: ${member.problem}`);
      members.push("target" in member ? member.target : member.name);
    }
    return { kind: "group", members };
  }

  #member(
    word: string,
    { entries }: Section,
  ): { readonly name: string } | { readonly target: HostTarget } | { readonly problem: string } {
    const name = word.startsWith("@") ? word.slice(1) : word;
    if (entries.has(name)) return { name };
    if (!word.startsWith("@")) return readTarget(word.split(/\s/, 1)[0] ?? word, word);
    const near = didYouMean(nearest(name, entries.keys())?.replace(/^/, "@"));
    return { problem: `there is no group ${JSON.stringify(name)} in [Hosts]${near}` };
  }

  /** A group that contains itself, also by way of others, is an error of each that is in the loop. */
  #findLoops({ entries }: Section): void {
    const wrong = new Set<string>();
    for (const [name, { line }] of entries) {
      const loop = this.#loopOf(name);
      if (loop === undefined) continue;
      wrong.add(name);
      this.#error(
        name,
        line,
        `${name}: contains itself: ${loop.join(" → ")}; take one of them out`,
      );
    }
    for (const name of wrong) this.entries.set(name, FAULTY);
  }

  /** The shortest way from a group back to itself. */
  #loopOf(name: string): readonly string[] | undefined {
    const seen = new Set<string>();
    const ways: (readonly string[])[] = [[name]];
    for (const way of ways) {
      const entry = this.entries.get(way.at(-1) ?? "");
      if (entry?.kind !== "group") continue;
      for (const member of entry.members) {
        if (typeof member !== "string") continue;
        if (member === name) return [...way, name];
        if (!seen.has(member)) ways.push([...way, member]);
        seen.add(member);
      }
    }
    return undefined;
  }

  #faulty(name: string, line: number, message: string): HostsEntry {
    this.#error(name, line, message);
    return FAULTY;
  }

  #error(entry: string | undefined, line: number, message: string): void {
    const place: Place = { file: this.#file, line };
    const list = new IssueList(undefined);
    list.error(place, message);
    for (const issue of list.issues) this.issues.push({ ...issue, entry });
  }
}

const FAULTY: HostsEntry = { kind: "faulty" };
/**
 * Of a host or group: what can stand between commas after `-H`, and means nothing to ssh or a shell. The expression is made when
 * it is needed: classes of Unicode take their time.
 */
const canBeName = (text: string): boolean => /^[\p{L}\p{N}_.][\p{L}\p{N}_.-]{0,99}$/u.test(text);

/** A destination, and after a blank the command that is run there. */
function readTarget(
  name: string,
  text: string,
): { readonly target: HostTarget } | { readonly problem: string } {
  const [where = "", ...rest] = text.split(/\s+/);
  const read = parseDestination(where);
  if ("problem" in read) return { problem: `${shownDestination(where)} ${read.problem}` };
  const command = rest.length === 0 ? undefined : text.slice(where.length).trim();
  return { target: { name, destination: read.destination, command } };
}
