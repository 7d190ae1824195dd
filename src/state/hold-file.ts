import { existsSync, lstatSync, readdirSync, rmSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Caller } from "../lib/caller.ts";
import { NotAFile, readFileHead } from "../lib/read-file.ts";
import { replaceFile, syncFolder } from "../lib/replace-file.ts";
import { isSameFile } from "../lib/same-file.ts";
import { type Hold, isOver } from "./hold.ts";
import { checkStateDir, fileStem, sparePath, type StateDir } from "./state-dir.ts";
import { asText, isObject, namedObject } from "./named-object.ts";

/*
 * A hold is a file of its own, beside the record of its program: it lasts over a boot, and whatever becomes of the
 * record. Written by who holds the program's lock, so that nobody acts on the program any more once it is there.
 */

/** What stands there. */
export interface HoldFile {
  readonly hold: Hold;
  /** The main configuration file whose program is held. */
  readonly config: string | undefined;
  /** Somebody has ended it, and usrsvcd has not told of that yet. */
  readonly released?: Release | undefined;
}

/** Who has ended a hold, and when (an ISO time). */
export interface Release {
  readonly by: Caller;
  readonly at: string;
}

const ENDING = ".hold";
/** No hold is longer, in bytes. */
const MOST_BYTES = 16_384;
/** That come again with the next try. */
const UNREADABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EISDIR", "ELOOP"]);

/** The file stem of the program whose hold a file of the watched folder is, if it is one. */
export function holdStem(file: string): string | undefined {
  return file.endsWith(ENDING) && !file.startsWith(".") ? file.slice(0, -ENDING.length) : undefined;
}

function holdPath(dir: StateDir, name: string): string {
  return join(dir.programs, `${fileStem(name)}${ENDING}`);
}

/** Tells one text of the file from another without reading it; empty where there is none. */
export function holdStamp(dir: StateDir, name: string): string {
  try {
    const stat = lstatSync(holdPath(dir, name), { throwIfNoEntry: false });
    return stat === undefined ? "" : [stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join();
  } catch {
    return "?"; // the folder may not be entered: who reads it says so
  }
}

/**
 * What stands in the file of a program; undefined where there is none. One that cannot be understood holds all the
 * same: somebody has put it there.
 *
 * @throws when it cannot be read just now (no descriptor left): then nothing may be decided
 */
export function readHoldFile(dir: StateDir, name: string): HoldFile | undefined {
  const path = holdPath(dir, name);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  try {
    const { text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" });
    return parseHold(text, name) ?? unclear(path, stat);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined; // released just now
    if (error instanceof NotAFile || UNREADABLE.has(code ?? "")) return unclear(path, stat);
    throw error;
  }
}

/** Who holds a program of this configuration file now; undefined: nobody. */
export function readHold(
  { state, config }: HoldPlace,
  name: string,
  nowMs: number,
): Hold | undefined {
  const file = readHoldFile(state, name);
  return file !== undefined && counts(file, config, nowMs) ? file.hold : undefined;
}

/** Where holds are looked for, and for which main configuration file. */
export interface HoldPlace {
  readonly state: StateDir;
  readonly config: string;
}

/** False for one that is over, or is meant for the program of another file. */
export function counts(file: HoldFile, config: string, nowMs: number): boolean {
  return file.released === undefined && !isOver(file.hold, nowMs) && !isOthers(file, config);
}

/** True for the hold of a program of the same name in another configuration file. */
export function isOthers(file: HoldFile, config: string): boolean {
  const theirs = file.config;
  return theirs !== undefined && !isSameFile(theirs, config) && existsSync(theirs);
}

/** The file stems of all programs of which a hold is there, whether it counts or not: one look for many programs. */
export function heldStems({ programs }: StateDir): ReadonlySet<string> {
  try {
    return new Set(readdirSync(programs).flatMap((file) => holdStem(file) ?? []));
  } catch {
    return new Set(); // nothing was ever started
  }
}

/** The program whose hold has this file stem; undefined where the file does not say. */
export function heldName(dir: StateDir, stem: string): string | undefined {
  try {
    const path = join(dir.programs, `${stem}${ENDING}`);
    const { text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" });
    const { name } = JSON.parse(text) as { readonly name?: unknown };
    return typeof name === "string" && fileStem(name) === stem ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Only while the program's lock is held. It is on the disk when this returns. */
export function writeHoldFile(dir: StateDir, name: string, file: HoldFile): void {
  checkStateDir(dir);
  const text = `${JSON.stringify({ version: 1, name, ...file })}\n`;
  replaceFile(holdPath(dir, name), sparePath(dir, name, "hold"), text, { isSynced: true });
}

/** Only while the program's lock is held. Where there is none, nothing is done. */
export function removeHoldFile(dir: StateDir, name: string): void {
  const path = holdPath(dir, name);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  checkStateDir(dir);
  rmSync(path, { force: true, recursive: true });
  rmSync(sparePath(dir, name, "hold"), { force: true, recursive: true });
  syncFolder(dir.programs); // else it might be back after a power failure
}

/** Only while the locks of all are held: programs get other names, some of them each other's, perhaps. */
export function moveHolds(
  dir: StateDir,
  moves: readonly { readonly from: string; readonly to: string }[],
): void {
  const files = moves.map(({ from, to }) => [to, readHoldFile(dir, from)] as const);
  const stays = new Set(files.flatMap(([to, file]) => (file === undefined ? [] : [to])));
  for (const [to, file] of files) if (file !== undefined) writeHoldFile(dir, to, file);
  for (const { from } of moves) if (!stays.has(from)) removeHoldFile(dir, from);
}

/** Checked by hand, field by field: the file may have been edited, or be of a later version. */
function parseHold(text: string, name: string): HoldFile | undefined {
  const raw = namedObject(text, name);
  if (raw === undefined) return undefined;
  const { config, hold, released } = raw;
  if (!isObject(hold)) return undefined;
  const by = asCaller(hold["by"]);
  const since = asTime(hold["since"]);
  if (by === undefined || since === undefined) return undefined;
  const until = asTime(hold["until"]);
  if (hold["until"] !== undefined && until === undefined) return undefined;
  const reason = asText(hold["reason"]);
  const byWhom = isObject(released) ? asCaller(released["by"]) : undefined;
  const at = isObject(released) ? asTime(released["at"]) : undefined;
  return {
    config: asText(config),
    hold: { by, since, ...(until && { until }), ...(reason !== undefined && { reason }) },
    ...(byWhom && at && { released: { by: byWhom, at } }),
  };
}

/** Since its file was changed, by somebody. */
function unclear(path: string, { mtimeMs }: Stats): HoldFile {
  const hold = {
    by: { account: "somebody" },
    since: new Date(mtimeMs).toISOString(),
    reason: `${path} cannot be understood`,
  };
  return { config: undefined, hold };
}

function asTime(value: unknown): string | undefined {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

function asCaller(value: unknown): Caller | undefined {
  if (!isObject(value)) return undefined;
  const account = asText(value["account"]);
  const as = asText(value["as"]);
  const terminal = asText(value["terminal"]);
  if (account === undefined) return undefined;
  return { account, ...(as !== undefined && { as }), ...(terminal !== undefined && { terminal }) };
}
