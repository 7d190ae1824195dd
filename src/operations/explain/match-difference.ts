import { translatePythonRegex } from "../../config/python-regex/python-regex.ts";
import { BoundedSearch } from "../../identity/bounded-search.ts";
import { relation } from "../../identity/lineage.ts";
import type { IdentityPorts } from "../../identity/ports.ts";
import type { TableEntry } from "../../identity/process-classifier.ts";
import type { Program } from "../../identity/program.ts";
import { monotonicMs } from "../../lib/clock.ts";
import { shorten } from "../../lib/format.ts";
import { maskWords } from "../../lib/secrets.ts";

/** Longest expression of which the beginnings are tried, in characters. */
const LONGEST = 300;
/** Shortest beginning that says anything, and shortest text that it finds, in characters. */
const SHORTEST = 3;
/** Time for all beginnings together, in ms: each alone may be expensive, and this is only advice. */
const MOST_MS = 500;
/** Characters that are shown before the place where it fails, and after it. */
const SHOWN = 60;

/** Where a command line differs from what is looked for, for people; undefined: in all, or it does not. */
export function describeDifference(
  argv: readonly string[],
  { pattern, settings }: Pick<Program, "pattern" | "settings">,
): string | undefined {
  if (pattern.matches(argv)) return undefined;
  const { match } = settings ?? {};
  if (match?.kind === "title") return describeBeginning(match.source, argv);
  const difference = pattern.differs?.(argv);
  if (difference === undefined) return undefined;
  const { word, wanted, seen } = difference;
  const before = argv[word - 2] ?? "";
  const show = (text: string): string =>
    JSON.stringify(shorten(maskWords([before, text])[1] ?? "", 60));
  if (seen === undefined) return `word ${word} is missing: ${show(wanted ?? "")}`;
  if (wanted === undefined) return `word ${word} is one too many: ${show(seen)}`;
  return `word ${word} is ${show(seen)}, wanted ${show(wanted)}`;
}

function describeBeginning(source: string, argv: readonly string[]): string | undefined {
  const found = longestBeginning(source, [argv.join(" ")]);
  return found && describeSplit(source, found.length);
}

/** What of an expression is found, and what is not. */
export function describeSplit(source: string, length: number): string {
  const begin =
    length > SHOWN ? `…${source.slice(length - SHOWN, length)}` : source.slice(0, length);
  const rest = shorten(source.slice(length), SHOWN);
  return `the expression is found up to "${begin}", and not with "${rest}" after it`;
}

/** The longest beginning of an expression that is found somewhere, and where. */
export interface Beginning {
  /** In characters. */
  readonly length: number;
  /** Index of the text. */
  readonly at: number;
}

/**
 * How much of an expression (Python's) is found in texts that do not have the whole of it: the longest beginning that is
 * an expression itself, and the first text that has it. Undefined: next to nothing, or it is too long to be tried.
 */
export function longestBeginning(source: string, texts: readonly string[]): Beginning | undefined {
  if (source.length > LONGEST) return undefined;
  const end = monotonicMs() + MOST_MS;
  for (let length = source.length - 1; length >= SHORTEST && monotonicMs() < end; length -= 1) {
    const begin = source.slice(0, length);
    const translated = translatePythonRegex(begin); // a problem where it ends in the middle of an escape or group
    if ("problem" in translated) continue;
    if (translated.regex.test("")) return undefined; // what is found in nothing is found everywhere
    const search = new BoundedSearch({ source: begin, ...translated });
    // A letter is found anywhere, and says nothing.
    const at = texts.findIndex(
      (text) => search.isIn(text) && (translated.regex.exec(text)?.[0].length ?? 0) >= SHORTEST,
    );
    if (at >= 0) return { length, at };
  }
  return undefined;
}

/** The process in whose command line most of an expression is found, and how much; none of usrsvc's own. */
export function nearestToExpression(
  source: string,
  all: readonly TableEntry[],
  host: IdentityPorts,
): { readonly entry: TableEntry; readonly length: number } | undefined {
  const others = all.filter(({ ref, argv }) => argv.length > 0 && !isUsrsvcs(ref, host));
  const texts = others.map(({ argv }) => argv.join(" "));
  const found = longestBeginning(source, texts);
  const entry = found && others[found.at];
  return found && entry && { entry, length: found.length };
}

/** This command, a shell that calls it, or a usrsvcd: the words of programs are among theirs. */
function isUsrsvcs(ref: TableEntry["ref"], host: IdentityPorts): boolean {
  let by: string | undefined;
  relation(ref, "", host, (kin) => (by = kin.by));
  return by === "ourselves" || by === "usrsvc";
}
