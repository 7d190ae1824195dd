import { findOnPath, readShebang } from "../../lib/executable.ts";
import { basename, isAbsolute, join } from "node:path";
import { realpathSync } from "node:fs";
import { ProcError } from "../../../proc/error.ts";
import type { ProcessRef } from "../../../proc/pid.ts";
import type { ProcReader } from "../../../proc/reader.ts";
import { isDead } from "../../../proc/stat.ts";
import { tops } from "../../../proc/tree.ts";
import type { ProgramSettings } from "../../config/settings.ts";
import { listShellCommands } from "../../config/shell/commands.ts";
import { shorten } from "../../lib/format.ts";
import type { Host } from "../../host/host.ts";
import { pattern } from "../../identity/match.ts";

/** A running process of this account. */
interface Process {
  readonly ref: ProcessRef;
  readonly pid: number;
  readonly ppid: number;
  readonly argv: readonly string[];
}

/** Finds the processes that a `proctitle_re` would mistake for its program. */
export class StrangerFinder {
  readonly #host: Host;
  #seen: readonly Process[] | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * In words, one each. What usrsvc has started, or has on record, for the program is not a stranger; nor
   * is the one that looks as if the command had started it, since that may be the program, started by hand.
   */
  find(settings: ProgramSettings): readonly string[] {
    const path = this.#pathOf(settings);
    const title = pattern(settings.match, settings, path);
    const all = (this.#seen ??= ownProcesses(this.#host.proc));
    const parents = new Map(all.map(({ pid, ppid }) => [pid, ppid]));
    const matching = all.filter(({ argv }) => title.matches(argv));
    const owned = tops(matching, (pid) => parents.get(pid)).map((process) => ({
      process,
      owner: this.#ownerOf(process, parents),
    }));
    const isKnown = owned.some(({ owner }) => owner === settings.name);
    const others = owned.filter(({ owner }) => owner !== settings.name);
    const [only] = others;
    if (others.length === 1 && only !== undefined && only.owner === undefined && !isKnown) {
      if (this.#looksLaunched(only.process, settings, path)) return [];
    }
    return others.map(({ process, owner }) => {
      const words = shorten(process.argv.join(" ").trim(), 60);
      return `pid ${process.pid} (${words})${owner === undefined ? "" : `, which belongs to ${owner}`}`;
    });
  }

  #pathOf({ env, inheritEnv }: ProgramSettings): string | undefined {
    return env.get("PATH") ?? (inheritEnv ? this.#host.env["PATH"] : undefined);
  }

  /** The program to which a process, or the nearest of those that it descends from, belongs. */
  #ownerOf({ pid }: Process, parents: ReadonlyMap<number, number>): string | undefined {
    const byPid = new Map((this.#seen ?? []).map((one) => [one.pid, one]));
    for (let at: number | undefined = pid; at !== undefined; at = parents.get(at)) {
      const one = byPid.get(at);
      const owner = one && (this.#host.ownerOf(one.ref) ?? this.#markOf(one));
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  #markOf({ ref }: Process): string | undefined {
    try {
      return this.#host.proc.environ(ref.pid).get("USRSVC_PROGRAM");
    } catch (error) {
      if (error instanceof ProcError) return undefined;
      throw error;
    }
  }

  /** Whether a process is what the command starts: its words, or its executable under another title. */
  #looksLaunched(
    { ref, argv }: Process,
    settings: ProgramSettings,
    path: string | undefined,
  ): boolean {
    const { useshell, command, directory } = settings;
    const candidates = useshell ? listShellCommands(command) : [settings.argv];
    if (pattern({ kind: "command", candidates }, settings, path).matches(argv)) return true;
    const isTitle = argv.filter((word) => word !== "").length === 1;
    if (!isTitle) return false;
    const exe = this.#exeOf(ref);
    return candidates.some(
      ([name = ""]) => exe !== undefined && executables(name, directory, path).includes(exe),
    );
  }

  #exeOf({ pid }: ProcessRef): string | undefined {
    try {
      return this.#host.proc.exe(pid).replace(/ \(deleted\)$/, "");
    } catch {
      return undefined;
    }
  }
}

/** What is executed for a command: itself, and what the `#!` lines lead to. */
function executables(name: string, directory: string, path: string | undefined): readonly string[] {
  const found: string[] = [];
  let next: string | undefined = name;
  while (next !== undefined && found.length < 4) {
    const file: string | undefined = next.includes("/") ? next : findOnPath(next, directory, path);
    if (file === undefined) break;
    const whole = isAbsolute(file) ? file : join(directory, file);
    try {
      found.push(realpathSync(whole));
    } catch {
      break;
    }
    const line = readShebang(whole);
    next =
      line !== undefined && basename(line.interpreter) === "env"
        ? line.option?.replace(/^-S\s*/, "").split(/\s/)[0]
        : line?.interpreter;
  }
  return found;
}

/** All processes of this user, except ourselves, our ancestors, and other commands of usrsvc. */
function ownProcesses(proc: ProcReader): readonly Process[] {
  const uid = process.getuid?.();
  const all = proc.pids().flatMap((pid) => {
    try {
      if (proc.uid(pid) !== uid) return [];
      const stat = proc.stat(pid);
      const argv = isDead(stat) ? [] : proc.cmdline(pid);
      if (argv.length === 0 || argv.slice(0, 8).some(namesUsrsvc)) return [];
      return [{ ref: { pid, startTime: stat.startTime }, pid, ppid: stat.ppid, argv }];
    } catch (error) {
      if (error instanceof ProcError) return []; // gone in the meantime, or not ours to read
      throw error;
    }
  });
  const parents = new Map(all.map(({ pid, ppid }) => [pid as number, ppid]));
  const above = new Set<number>();
  for (
    let at: number | undefined = process.ppid;
    at !== undefined && !above.has(at);
    at = parents.get(at)
  ) {
    above.add(at);
  }
  return all.filter(({ pid }) => pid !== process.pid && !above.has(pid));
}

function namesUsrsvc(word: string): boolean {
  return /(^|[/\s])usrsvcd?(\.cjs|\.ts)?($|\s)/.test(word);
}
