import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { isDescendant } from "../../proc/tree.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "./host.ts";
import { identify, topMatches } from "./identify.ts";
import { isLaunchShell } from "./launch.ts";
import type { Pattern } from "./match.ts";
import type { Via } from "./record.ts";
import { isTaken } from "./taken.ts";

/** The program's process, and how it was found. */
export interface Match {
  readonly process: ProcessRef;
  readonly via: Via;
}

/** Looks for the program in and around what was launched to become it. */
export class StartMatch {
  readonly #program: ProgramSettings;
  readonly #pattern: Pattern;
  readonly #host: Host;
  /** What was launched. */
  readonly #top: ProcessRef;
  readonly #descendants = new Map<number, ProcessRef>();
  #first: Match | undefined;

  constructor(program: ProgramSettings, pattern: Pattern, host: Host, launched: ProcessRef) {
    this.#program = program;
    this.#pattern = pattern;
    this.#host = host;
    this.#top = launched;
  }

  /** What was seen below the launched process so far. */
  get descendants(): Iterable<ProcessRef> {
    return this.#descendants.values();
  }

  /** True until what was launched shows the command line of the program. */
  isLaunching(): boolean {
    return this.#argv(this.#top).length === 0 || this.isShell();
  }

  /** True while it is still the shell that prepares the launch; in mid-exec that is not sure. */
  isShell(): boolean {
    return isLaunchShell(this.#argv(this.#top));
  }

  /** The program's process as of now. `hasExited`: what was launched has ended. */
  find(hasExited: boolean): Match | undefined {
    const found = this.#look(hasExited);
    // How it was found first: by now our own pidfile may lead to it.
    if (found !== undefined && !sameProcess(this.#first?.process, found.process)) {
      this.#first = found;
    }
    return found === undefined ? undefined : this.#first;
  }

  #look(hasExited: boolean): Match | undefined {
    const host = this.#host;
    const pattern = this.#pattern;
    const top = this.#top;
    const topLives = !hasExited && sameProcess(host.proc.alive(top.pid), top);
    // Executed by us, word for word: the same process stays the program whatever title it takes.
    if (topLives && pattern.isExecuted) return { process: top, via: "launch" };
    if (topLives && !this.isLaunching() && pattern.matches(this.#argv(top))) {
      return { process: top, via: "launch" };
    }
    const child = this.#matchingDescendant(top);
    if (child !== undefined) return { process: child, via: "launch" };
    const found = identify(this.#program, pattern, undefined, {
      proc: host.proc,
      uid: process.getuid?.() ?? 0,
      processes: () => host.table.sweep({ thorough: true }),
      isTaken: (ref) => isTaken(ref, this.#program.name, host),
    });
    if (found.kind !== "running") return undefined;
    // It may have become the program between the two looks.
    const isLaunched = sameProcess(found.process, top);
    return { process: found.process, via: isLaunched ? "launch" : found.via };
  }

  #matchingDescendant(top: ProcessRef): ProcessRef | undefined {
    const host = this.#host;
    const pattern = this.#pattern;
    const all = host.table.sweep({ thorough: true });
    const parents = new Map(all.map((one) => [one.ref.pid as number, one.ppid]));
    const ours = all.filter(
      (one) =>
        one.ref.pid !== top.pid &&
        (one.session === top.pid || isDescendant(one.ref.pid, top.pid, (pid) => parents.get(pid))),
    );
    for (const { ref } of ours) this.#descendants.set(ref.pid, ref);
    const matching = ours.filter((one) => pattern.matches(one.argv));
    return topMatches(matching, all)[0]?.ref;
  }

  /** What runs in the session that we launched, for an operator whose proctitle_re is wrong. */
  nearest(): readonly string[] {
    const host = this.#host;
    return host.table
      .sweep({ thorough: true })
      .filter((one) => one.session === this.#top.pid)
      .slice(0, 3)
      .map((one) => `found process ${one.ref.pid}: ${one.argv.join(" ")}`);
  }

  /** A warning when the title that the program gave itself does not match. */
  titleNote(process: ProcessRef): readonly string[] {
    const argv = this.#argv(process);
    if (argv.length === 0 || this.#pattern.matches(argv)) return [];
    return [
      `its command line is now "${argv.join(" ")}", which the command does not match: ` +
        "set proctitle_re, or it cannot be found again should its record in state_dir be lost",
    ];
  }

  #argv(ref: ProcessRef): readonly string[] {
    try {
      return this.#host.proc.cmdline(ref.pid);
    } catch {
      return [];
    }
  }
}
