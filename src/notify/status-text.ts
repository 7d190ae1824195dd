import type { ProgramSettings } from "../config/settings.ts";
import { rmSync, statSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readFileHead } from "../lib/read-file.ts";
import { writeByRename } from "../lib/write-file.ts";
import { fileStem, type StateDir } from "../state/state-dir.ts";

/** The kernel takes no longer path of a socket, in bytes. */
const LONGEST_SOCKET = 107;
/** No status that is kept is longer, in bytes. */
const MOST_BYTES = 4096;

/** True for a program that is asked to say how it is. */
export function isHeard({ ready, monitor }: Pick<ProgramSettings, "ready" | "monitor">): boolean {
  return ready?.kind === "notify" || monitor.watchdogMs > 0;
}

/** Folder of the sockets at which programs are heard, and of what they said last. */
export function noticeFolder(state: StateDir): string {
  return join(state.path, "notify");
}

/** The socket at which a program is heard, NOTIFY_SOCKET: its name, or, where that is too long, its hash. */
export function noticePath(state: StateDir, program: string): string {
  const path = join(noticeFolder(state), fileStem(program));
  if (Buffer.byteLength(path) <= LONGEST_SOCKET) return path;
  const digest = createHash("sha256").update(program).digest("hex").slice(0, 16);
  return join(noticeFolder(state), digest);
}

function statusPath(state: StateDir, program: string): string {
  return `${noticePath(state, program)}.status`;
}

/** Keeps what a program said last (STATUS=) for whoever asks; empty: nothing. */
export function writeStatusText(state: StateDir, program: string, text: string): void {
  if (text === "") rmSync(statusPath(state, program), { force: true });
  else writeByRename(statusPath(state, program), text);
}

/** What it said last, and when, in ms since 1970; undefined: nothing. */
export function readStatusText(
  state: StateDir,
  program: string,
): { readonly text: string; readonly at: number } | undefined {
  const path = statusPath(state, program);
  try {
    const { text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" });
    return { text, at: statSync(path).mtimeMs };
  } catch {
    return undefined;
  }
}
