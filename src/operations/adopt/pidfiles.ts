import { readdirSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { isWrittenSince, readPidfile } from "../../state/pidfile.ts";
import { homeFolder } from "../../lib/home.ts";
import { isDetached } from "./background.ts";
import type { Subject } from "./subject.ts";

/** A pidfile that names the process. */
export interface PidfileFound {
  readonly path: string;
  /** The program writes it, as far as can be told: it is in its command, or it went to the background by itself. */
  readonly isWritten: boolean;
}

/** Number of files that are opened, at most. */
const MOST_FILES = 200;

/** Looks where pidfiles usually are: in the words of the command, beside what these name, in folders called run or tmp. */
export function findPidfile(
  subject: Subject,
  {
    words,
    directory,
    uptime,
  }: { readonly words: readonly string[]; readonly directory: string; readonly uptime: number },
): PidfileFound | undefined {
  const { ref } = subject;
  const named = words.flatMap((word) => pathsIn(word, directory));
  const beside = named.flatMap((path) => [path, dirname(path)]);
  const folders = [directory, ...beside, homeFolder()].flatMap((folder) =>
    ["", "run", "var/run", "tmp", "tmp/pids", "pids", "logs"].map((name) => join(folder, name)),
  );
  const runtime = process.env["XDG_RUNTIME_DIR"];
  const all = [
    ...named,
    ...[...folders, ...(runtime === undefined ? [] : [runtime])].flatMap(pidfilesIn),
  ];
  const path = [...new Set(all)].slice(0, MOST_FILES).find((file) => {
    const found = readPidfile(file);
    return found.kind === "pid" && found.pid === ref.pid && isWrittenSince(file, ref, uptime);
  });
  if (path === undefined) return undefined;
  return { path, isWritten: named.includes(path) || isDetached(subject) };
}

/** `/run/x.pid`, `--pid=run/x.pid`. */
function pathsIn(word: string, directory: string): readonly string[] {
  const text = word.slice(word.startsWith("-") ? word.indexOf("=") + 1 : 0);
  if (!text.includes("/") && !text.endsWith(".pid")) return [];
  if (text === "" || text.length > 4096 || /[\n:]/.test(text)) return [];
  return [isAbsolute(text) ? text : join(directory, text)];
}

function pidfilesIn(folder: string): readonly string[] {
  if (folder === "/" || folder === "/tmp" || folder === "/dev") return [];
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".pid"))
      .map((name) => join(folder, name));
  } catch {
    return []; // no folder, or not ours to read
  }
}
