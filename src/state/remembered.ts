import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Caller } from "../lib/caller.ts";
import { readFileHead } from "../lib/read-file.ts";
import { replaceFile } from "../lib/replace-file.ts";
import { isSameFile } from "../lib/same-file.ts";
import { waitLock } from "./lock.ts";
import { checkStateDir, type StateDir } from "./state-dir.ts";

/*
 * The programs that `usrsvc stop --remember` has stopped, until `usrsvc start --remembered` has started them: one file
 * of the state folder, which lasts over a boot.
 */

/** A program that ran, and was stopped. */
export interface Remembered {
  readonly program: string;
  /** The main configuration file whose program it is. */
  readonly config: string;
  /** ISO time of the stop. */
  readonly at: string;
  readonly by: Caller;
  /** It did not run, because it was held: usrsvcd would have started it after that. */
  readonly wasHeld?: true;
}

/** No memory is longer, in bytes. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Who changes it has done so by then, in ms. */
const PATIENCE_MS = 10_000;

/** The file. */
export function rememberedPath({ path }: StateDir): string {
  return join(path, "remembered.json");
}

/** True where it is worth a look. */
export function isAnythingRemembered(dir: StateDir): boolean {
  return existsSync(rememberedPath(dir));
}

/**
 * What is remembered of the programs of a configuration file, in the order in which they were stopped first.
 *
 * @throws when the file cannot be read or understood; the message says what to do
 */
export function readRemembered(dir: StateDir, config: string): readonly Remembered[] {
  return readAll(dir).filter((one) => isSameFile(one.config, config));
}

/**
 * Changes what is remembered of the programs of a configuration file. Nobody else does at the same time.
 *
 * @throws when that cannot be: then all is as it was
 */
export async function changeRemembered(
  dir: StateDir,
  config: string,
  change: (before: readonly Remembered[]) => readonly Remembered[],
  signal?: AbortSignal,
): Promise<void> {
  checkStateDir(dir);
  using lock = await waitLock(join(dir.locks, "+remembered.lock"), PATIENCE_MS, signal);
  if (lock === undefined) throw new Error(`${rememberedPath(dir)} is being written by another`);
  const all = readAll(dir);
  const isOurs = (one: Remembered): boolean => isSameFile(one.config, config);
  const before = all.filter(isOurs);
  const after = change(before);
  if (after === before) return;
  const others = all.filter((one) => !isOurs(one));
  const text = `${JSON.stringify({ version: 1, programs: [...others, ...after] })}\n`;
  replaceFile(rememberedPath(dir), join(dir.locks, "+remembered"), text, { isSynced: true });
}

function readAll(dir: StateDir): readonly Remembered[] {
  const path = rememberedPath(dir);
  let text: string;
  try {
    ({ text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const all = parse(text);
  if (all !== undefined) return all;
  throw new Error(`${path} cannot be understood; look what is in it, and move it away`);
}

/** Undefined where it is no memory of ours: it may have been edited, or be of a later version. */
function parse(text: string): readonly Remembered[] | undefined {
  try {
    const raw = JSON.parse(text) as { readonly version?: unknown; readonly programs?: unknown };
    if (raw.version !== 1 || !Array.isArray(raw.programs)) return undefined;
    return raw.programs.every(isRemembered) ? raw.programs : undefined;
  } catch {
    return undefined;
  }
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== "object" || value === null) return false;
  const { program, config, at, by } = value as Partial<Record<keyof Remembered, unknown>>;
  const isKnown = [program, config, at].every((one) => typeof one === "string");
  const { account, as, terminal } = (by ?? {}) as Partial<Record<keyof Caller, unknown>>;
  const isText = (one: unknown): boolean => one === undefined || typeof one === "string";
  const isTime = !Number.isNaN(Date.parse(String(at)));
  return isKnown && isTime && typeof account === "string" && isText(as) && isText(terminal);
}
