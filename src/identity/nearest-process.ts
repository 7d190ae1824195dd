import { basename } from "node:path";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { shorten } from "../lib/format.ts";
import type { IdentityPorts } from "./ports.ts";
import { relation } from "./lineage.ts";
import { namesUsrsvc } from "./usrsvc-process.ts";
import { markOf } from "./mark.ts";
import type { TableEntry } from "./process-classifier.ts";
import type { Program } from "./program.ts";

/** Words that many programs have in common, and options. */
const COMMON =
  /^(-.*|\d+|ba|da|z|k)?(sh)?$|^(env|exec|node|nodejs|npm|npx|start|run|java|perl|php|ruby|python[\d.]*|uv|sudo|cat|flock|nice|nohup|sleep|tail|tee|timeout)$/;

/**
 * For an operator whose program was not found: the living process of this account that looks most
 * like it, and why that is not it. Undefined where none looks like it at all.
 */
export function nearestProcess(
  { name, pattern, settings }: Pick<Program, "name" | "pattern" | "settings">,
  host: IdentityPorts,
): string | undefined {
  const words = new Set(settings?.command.split(/[\s;|&]+/).map(wordOf));
  let best: { readonly entry: TableEntry; readonly score: number } | undefined;
  for (const entry of host.table.scan({ maxAgeMs: 1000 })) {
    const score = pattern.matches(entry.argv) ? Number.MAX_SAFE_INTEGER : shared(entry.argv, words);
    if (score <= (best?.score ?? 0) || isOne(entry, host)) continue;
    if (score < Number.MAX_SAFE_INTEGER && isSibling(entry, settings, host)) continue;
    if (sameProcess(host.proc.alive(entry.ref.pid), entry.ref)) best = { entry, score };
  }
  if (best === undefined) return undefined;
  const { ref, argv } = best.entry;
  const whose = owner(best.entry, name, host);
  const where = pattern.folder === undefined ? "" : folder(best.entry, host);
  return `nearest to it is process ${ref.pid}${where}${whose}: ${shorten(argv.join(" "))}`;
}

/** Least part of the words of a command that something which looks like it has in the same places. */
const ALIKE = 0.5;

/**
 * The processes of a look that look like the program, the most alike first: for who wants to know why one that should be
 * found is not. They share distinctive words with its command, or are another in a few words only.
 */
export function lookAlikes(
  { pattern, settings }: Pick<Program, "pattern" | "settings">,
  all: readonly TableEntry[],
  host: IdentityPorts,
): readonly TableEntry[] {
  const words = new Set(settings?.command.split(/[\s;|&]+/).map(wordOf));
  return all
    .map((entry) => {
      const likeness = pattern.differs?.(entry.argv)?.likeness ?? 0;
      return { entry, score: shared(entry.argv, words) + (likeness >= ALIKE ? likeness : 0) };
    })
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .flatMap(({ entry }) =>
      isOne(entry, host) || !sameProcess(host.proc.alive(entry.ref.pid), entry.ref) ? [] : [entry],
    );
}

/** Another instance of the same program looks like it, and explains nothing. */
function isSibling(
  { ref }: TableEntry,
  settings: Program["settings"],
  host: IdentityPorts,
): boolean {
  const { instanceOf } = settings ?? {};
  return instanceOf !== undefined && ownerOf(ref, host)?.startsWith(`${instanceOf}:`) === true;
}

function wordOf(word: string): string {
  return basename(word.replaceAll(/^["']|["']$/g, ""));
}

/** How many distinctive words they share. */
function shared(argv: readonly string[], words: ReadonlySet<string>): number {
  const own = new Set(argv.map(wordOf));
  return [...own].filter((word) => word !== "" && words.has(word) && !COMMON.test(word)).length;
}

/** Ourselves, and other commands that have the words of programs among their own. */
function isOne({ ref, argv }: TableEntry, host: IdentityPorts): boolean {
  if (ref.pid === process.pid) return true;
  const isNamed = argv.slice(0, 6).some(namesUsrsvc);
  return isNamed || (relation(ref, "", host) === "other" && owner({ ref }, "", host) === "");
}

function owner({ ref }: Pick<TableEntry, "ref">, name: string, host: IdentityPorts): string {
  const program = ownerOf(ref, host);
  return program === undefined || program === name ? "" : `, which belongs to ${program}`;
}

function ownerOf(ref: ProcessRef, host: IdentityPorts): string | undefined {
  return host.ownerOf(ref) ?? markOf(host.proc, ref.pid)?.program;
}

function folder({ ref }: TableEntry, { proc }: IdentityPorts): string {
  try {
    return ` in ${proc.cwd(ref.pid)}`;
  } catch {
    return ""; // gone, or hidden
  }
}
