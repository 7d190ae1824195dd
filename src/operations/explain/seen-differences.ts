import { readlinkSync } from "node:fs";
import { ProcError } from "../../../proc/error.ts";
import type { ProcessRef } from "../../../proc/pid.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import type { Host } from "../../host/host.ts";
import { ENV } from "../../lib/env-key.ts";
import { shorten } from "../../lib/format.ts";
import { realPath } from "../../lib/same-file.ts";
import { maskWords } from "../../lib/secrets.ts";
import { variableName } from "../../state/launch-parts.ts";

/*
 * On record are hashes of the settings with which a process was launched: which of them are others by now (launch-parts.ts),
 * not what they were. That is what the process shows of itself: its command line, folder, environment, logs.
 */

/** One setting, and what the process shows of it. */
interface Seen {
  /** As `olderKeys` has it. */
  readonly key: string;
  readonly text: string;
}

/**
 * What differs between a process and the settings, in sentences. Values of variables are not told: there are secrets.
 *
 * @param changed the keys that were changed since its launch; undefined: nobody knows which
 */
export function seenDifferences(
  settings: ProgramSettings,
  changed: readonly string[] | undefined,
  process: ProcessRef,
  host: Pick<Host, "proc">,
): readonly string[] {
  const isChanged = ({ key }: Seen): boolean =>
    changed === undefined ||
    changed.includes(key) ||
    (key.startsWith(ENV) && changed.includes("Env"));
  const seen = look(settings, process, host).filter(isChanged);
  return seen.map(({ text }) => text);
}

function look(
  settings: ProgramSettings,
  { pid }: ProcessRef,
  { proc }: Pick<Host, "proc">,
): readonly Seen[] {
  const looks: readonly (() => readonly Seen[])[] = [
    () => ofCommand(settings, proc.cmdline(pid)),
    () => ofDirectory(settings, proc.cwd(pid)),
    () => ofLogs(settings, pid),
    () => ofVariables(settings, proc.environ(pid)),
  ];
  return looks.flatMap((one) => {
    try {
      return one();
    } catch (error) {
      // It has ended, or hides that: nothing is known of it, then.
      if (error instanceof ProcError || (error as NodeJS.ErrnoException).code !== undefined)
        return [];
      throw error;
    }
  });
}

/** Of a script the kernel shows its interpreter as well. */
function ofCommand(settings: ProgramSettings, argv: readonly string[]): readonly Seen[] {
  const isSame = settings.argv.every((word, at) => argv.at(at - settings.argv.length) === word);
  if (argv.length === 0 || isSame) return [];
  const words = (some: readonly string[]): string => shorten(maskWords(some).join(" "), 100);
  const text = `command: the process has "${words(argv)}", the file "${words(settings.argv)}"`;
  return [{ key: "command", text }];
}

function ofDirectory({ directory: wanted }: ProgramSettings, directory: string): readonly Seen[] {
  if (realPath(wanted) === directory) return [];
  const text = `directory: the process works in ${directory}, the file has ${wanted}`;
  return [{ key: "directory", text }];
}

function ofLogs(settings: ProgramSettings, pid: number): readonly Seen[] {
  return (["stdout", "stderr"] as const).flatMap((key, index) => {
    const [is, wanted] = [readlinkSync(`/proc/${pid}/fd/${index + 1}`), settings[key]];
    if (is === wanted || !is.startsWith("/") || is.endsWith(" (deleted)")) return [];
    return [{ key, text: `${key}: the process writes to ${is}, the file has ${wanted}` }];
  });
}

function ofVariables(
  { env }: ProgramSettings,
  environ: ReadonlyMap<string, string>,
): readonly Seen[] {
  if (!environ.has("PATH") && !environ.has("HOME") && !environ.has("USRSVC_LAUNCH")) return []; // written over
  return [...env].flatMap(([name, value]) => {
    const had = environ.get(name);
    if (had === value) return [];
    const shown = variableName(name);
    const text = `variable ${shown}: the process has ${had === undefined ? "none" : "another value"}`;
    return [{ key: ENV + shown, text }];
  });
}
