import { monotonicMs } from "../lib/clock.ts";
import { isSameFile } from "../lib/same-file.ts";
import { loadSettings, type LoadOptions } from "./load.ts";
import type { Standing } from "./settings.ts";

/** Time for which what was read is cached, in ms: many programs may ask at once. */
const KNOWN_MS = 1000;

/** Other main configuration files: which programs they have. */
export class OtherFiles {
  readonly #host: Omit<LoadOptions, "path">;
  readonly #stateDir: string;
  readonly #known = new Map<string, KnownFile>();

  /** `stateDir`: our own. */
  constructor(host: Omit<LoadOptions, "path">, stateDir: string) {
    this.#host = host;
    this.#stateDir = stateDir;
  }

  /** How a program of this name is configured in a file; "here" where that is unknown. */
  standing(config: string, name: string): Standing {
    let known = this.#known.get(config);
    if (known === undefined || monotonicMs() - known.at > KNOWN_MS) {
      known = { at: monotonicMs(), ...this.#read(config) };
      this.#known.set(config, known);
    }
    if (known.isApart) return "apart";
    return (known.names?.has(name) ?? true) ? "here" : "none";
  }

  #read(path: string): Omit<KnownFile, "at"> {
    try {
      const { programs, faulty, main } = loadSettings({ ...this.#host, path });
      const names = new Set([...programs.keys(), ...faulty.keys()]);
      return { names, isApart: !isSameFile(main.stateDir, this.#stateDir) };
    } catch {
      return { names: undefined, isApart: false }; // wholly faulty
    }
  }
}

interface KnownFile {
  readonly at: number;
  readonly names: ReadonlySet<string> | undefined;
  readonly isApart: boolean;
}
