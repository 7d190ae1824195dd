import { readlinkSync } from "node:fs";
import type { ProcessRef } from "../../../proc/pid.ts";
import { ProcError } from "../../../proc/error.ts";
import { programSchema } from "../../config/schema.ts";
import { isDefault, type Setting } from "../../config/setting.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import type { Host } from "../../host/host.ts";
import { isMark } from "../../identity/mark.ts";
import { maskWords, shownName } from "../../lib/secrets.ts";
import { shorten } from "../../lib/format.ts";
import { realPath } from "../../lib/same-file.ts";
import { settingsDigest } from "../../state/digest.ts";

/*
 * With which settings a process was launched, only their digest is on record. What the process shows of itself (its
 * command line, folder, environment, logs) suggests what they were; the digest says whether that is true.
 */

/** Which settings have been changed since a process was launched. */
export interface OlderSettings {
  /** Keys of the configuration, `Env NAME` for a variable; absent: that could not be found out. */
  readonly changed?: readonly string[];
  /** What differs between the process and the settings, as it seems, in sentences. */
  readonly seen: readonly string[];
}

/** One setting as it may have been. */
interface Guess {
  readonly key: string;
  readonly settings: Partial<ProgramSettings>;
  /** Undefined: nothing of the process says so. */
  readonly seen?: string;
}

/** Most digests that are tried: each takes some 10 µs. */
const MOST_TRIES = 4096;
/** Most settings of which all combinations are tried. */
const MOST_AT_ONCE = 10;

/** Compares a process that was launched with another digest than its settings have by now. */
export function olderSettings(
  settings: ProgramSettings,
  digest: string,
  process: ProcessRef,
  host: Pick<Host, "proc">,
): OlderSettings {
  const guesses = [...guessesOf(settings, process, host), ...formerDefaults(settings)];
  const changed = verified(settings, digest, guesses);
  const seen = guesses.flatMap(({ key, seen: text }) =>
    text === undefined || (changed !== undefined && !changed.includes(key)) ? [] : [text],
  );
  return { ...(changed && { changed }), seen: [...new Set(seen)] };
}

/** The keys of those guesses with which the digest is that on record; undefined: there are none. */
function verified(
  settings: ProgramSettings,
  digest: string,
  guesses: readonly Guess[],
): readonly string[] | undefined {
  let tries = 0;
  for (const some of combinations(guesses)) {
    let former = settings;
    for (const one of some) former = merged(former, one.settings);
    if (settingsDigest(former) === digest) return some.map(({ key }) => key);
    tries += 1;
    if (tries >= MOST_TRIES) return undefined;
  }
  return undefined;
}

/** All sets of guesses, no two about one key: one change is more likely than two. */
function* combinations(all: readonly Guess[]): Generator<readonly Guess[]> {
  let sets: readonly { readonly chosen: readonly Guess[]; readonly next: number }[] = [
    { chosen: [], next: 0 },
  ];
  for (let count = 1; count <= Math.min(all.length, MOST_AT_ONCE); count += 1) {
    const larger: { readonly chosen: readonly Guess[]; readonly next: number }[] = [];
    for (const { chosen, next } of sets) {
      for (const [at, one] of all.entries()) {
        if (at < next || chosen.some(({ key }) => key === one.key)) continue;
        const set = [...chosen, one];
        yield set;
        if (larger.length < MOST_TRIES) larger.push({ chosen: set, next: at + 1 });
      }
    }
    sets = larger;
  }
}

/** Variables are changed one by one. */
function merged(
  settings: ProgramSettings,
  { env, ...former }: Partial<ProgramSettings>,
): ProgramSettings {
  if (env === undefined) return { ...settings, ...former };
  const all = new Map(settings.env);
  for (const [name, value] of env) {
    if (value === GONE) all.delete(name);
    else all.set(name, value);
  }
  return { ...settings, ...former, env: all };
}

/** The value of a variable that was not set. No variable can have it. */
const GONE = "\0";

/** What the process shows. */
function guessesOf(
  settings: ProgramSettings,
  { pid }: ProcessRef,
  { proc }: Pick<Host, "proc">,
): readonly Guess[] {
  const guesses: Guess[] = [];
  const look = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      // It has ended, or hides that: nothing is known of it, then.
      if (!(error instanceof ProcError) && (error as NodeJS.ErrnoException).code === undefined)
        throw error;
    }
  };
  look(() => {
    const argv = proc.cmdline(pid);
    const isSame = settings.argv.every((word, at) => argv.at(at - settings.argv.length) === word);
    if (argv.length === 0 || isSame) return;
    const words = (some: readonly string[]): string => shorten(maskWords(some).join(" "), 100);
    const seen = `command: the process has "${words(argv)}", the file "${words(settings.argv)}"`;
    guesses.push({ key: "command", settings: { argv }, seen });
    // Of a script the kernel shows its interpreter as well.
    for (const from of [1, 2]) {
      if (argv.length > from)
        guesses.push({ key: "command", settings: { argv: argv.slice(from) }, seen });
    }
  });
  look(() => {
    const directory = proc.cwd(pid);
    if (realPath(settings.directory) === directory) return;
    const seen = `directory: the process works in ${directory}, the file has ${settings.directory}`;
    guesses.push({ key: "directory", settings: { directory }, seen });
  });
  look(() => guesses.push(...logGuesses(settings, pid)));
  look(() => guesses.push(...variableGuesses(settings, proc.environ(pid))));
  return guesses;
}

function logGuesses(settings: ProgramSettings, pid: number): readonly Guess[] {
  const [stdout = "", stderr = ""] = [1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const guesses: Guess[] = [];
  const isFile = (path: string): boolean => path.startsWith("/") && !path.endsWith(" (deleted)");
  const told = (key: string, is: string, wanted: string): string =>
    `${key}: the process writes to ${is}, the file has ${wanted}`;
  if (stdout !== settings.stdout && isFile(stdout)) {
    guesses.push({
      key: "stdout",
      settings: { stdout },
      seen: told("stdout", stdout, settings.stdout),
    });
  }
  if (stderr !== settings.stderr && isFile(stderr)) {
    guesses.push({
      key: "stderr",
      settings: { stderr },
      seen: told("stderr", stderr, settings.stderr),
    });
  }
  return guesses;
}

/** Values are not told: there are secrets. */
function variableGuesses(
  { env, inheritEnv }: ProgramSettings,
  environ: ReadonlyMap<string, string>,
): readonly Guess[] {
  if (!environ.has("PATH") && !environ.has("HOME") && !environ.has("USRSVC_LAUNCH")) return []; // written over
  const set = [...env].flatMap(([name, value]): readonly Guess[] => {
    const had = environ.get(name);
    if (had === value) return [];
    const key = `Env ${shownName(name)}`;
    const seen = `${key}: the process has ${had === undefined ? "none" : "another value"}`;
    const gone = { key, settings: { env: new Map([[name, GONE]]) }, seen };
    if (had === undefined) return [gone];
    // It may also come from usrsvcd's environment.
    return [{ key, settings: { env: new Map([[name, had]]) }, seen }, gone];
  });
  const unset = [...environ].flatMap(([name, value]): readonly Guess[] =>
    env.has(name) || isMark(name) || name === "PWD"
      ? []
      : [{ key: `Env ${shownName(name)}`, settings: { env: new Map([[name, value]]) } }],
  );
  const inherits = { key: "inherit_env", settings: { inheritEnv: !inheritEnv } };
  return [...set, inherits, ...unset];
}

/** A setting that was added since had its default before. */
function formerDefaults(settings: ProgramSettings): readonly Guess[] {
  return Object.entries<Setting>(programSchema).flatMap(([key, row]) =>
    row.applies !== "restart" || typeof row.default === "function" || isDefault(settings, row)
      ? []
      : [{ key, settings: { [row.field]: row.default } }],
  );
}
