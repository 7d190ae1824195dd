import { type ProcessRef, sameProcess } from "../../../proc/pid.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import { lookFor, programOf } from "../../identity/program.ts";
import { check } from "../configuration.ts";
import { openSite } from "../site.ts";
import { compose, type Composed, type Draft } from "./draft.ts";

/** A configuration with a section that is in none of its files yet. */
export interface Trial {
  /** As given after -c. */
  readonly config: string | undefined;
  /** The file that the section would be. */
  readonly file: string;
  /** Texts of further files that are not there, by path. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What became of a section when it was read, and looked for. */
export interface Verdict {
  /** Undefined: it is faulty, or its name is taken. */
  readonly settings: ProgramSettings | undefined;
  /** What checkconfig says of it. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Keys that had to be left out, with the reason. */
  readonly dropped: ReadonlyMap<string, string>;
  /** The process that would be taken for the program; undefined: none. */
  readonly found: ProcessRef | undefined;
  /** Other processes that match as well. */
  readonly others: readonly ProcessRef[];
}

/** These make the program what it is: without them it would be another. */
const NEEDED: ReadonlySet<string> = new Set(["command", "proctitle_re"]);

/** Reads a section as it would be read, without what is refused, and looks which process it finds. */
export function verify(draft: Draft, { config, file, texts }: Trial): Verdict {
  const dropped = new Map<string, string>();
  const withIt = ({ text }: Composed): ReadonlyMap<string, string> =>
    new Map([...texts, [file, text]]);
  for (;;) {
    const composed = compose(draft, dropped, false);
    const all = withIt(composed);
    const { settings: read, issues } = check(config, { texts: all });
    const own = issues.filter(({ place }) => place.file === file);
    const errors = own.filter(({ severity }) => severity === "error");
    const before = dropped.size;
    for (const { place, message } of errors) {
      const key = composed.keys.get(place.line ?? 0);
      if (key !== undefined && !NEEDED.has(key)) dropped.set(key, withoutKey(message, key));
    }
    if (dropped.size > before) continue;
    const settings = read?.programs.get(draft.name);
    const isOurs = settings?.place.file === file;
    const said = {
      errors: errors.map(({ message }) => message),
      warnings: own.flatMap(({ severity, message }) => (severity === "error" ? [] : [message])),
      dropped,
    };
    if (!isOurs) return { ...said, settings: undefined, found: undefined, others: [] };
    return { ...said, settings, ...identify(draft.name, config, all) };
  }
}

function identify(
  name: string,
  config: string | undefined,
  texts: ReadonlyMap<string, string>,
): Pick<Verdict, "found" | "others"> {
  using site = openSite(config, texts);
  const settings = site.settings.programs.get(name);
  if (settings === undefined) return { found: undefined, others: [] };
  const found = lookFor(programOf(settings, site.host), undefined, site.host);
  if (found.kind === "absent") return { found: undefined, others: [] };
  return { found: found.process, others: found.others };
}

/** True where the section finds the process, alone or first. */
export function isFound({ found }: Verdict, ref: ProcessRef): boolean {
  return sameProcess(found, ref);
}

function withoutKey(message: string, key: string): string {
  return message.startsWith(`${key}: `) ? message.slice(key.length + 2) : message;
}
