import { monotonicMs } from "../clock.ts";
import { loadSettings, type LoadOptions } from "./load.ts";

/** What was read stays known for so long, in ms: many programs may ask at once. */
const KNOWN_MS = 1000;

/** Other main configuration files: which programs they have. */
export class OtherFiles {
  readonly #host: Omit<LoadOptions, "path">;
  readonly #known = new Map<
    string,
    { readonly at: number; readonly names: ReadonlySet<string> | undefined }
  >();

  constructor(host: Omit<LoadOptions, "path">) {
    this.#host = host;
  }

  /** True where the file has a program of this name, or where nobody can tell. */
  has(config: string, name: string): boolean {
    let known = this.#known.get(config);
    if (known === undefined || monotonicMs() - known.at > KNOWN_MS) {
      known = { at: monotonicMs(), names: this.#read(config) };
      this.#known.set(config, known);
    }
    return known.names?.has(name) ?? true;
  }

  #read(path: string): ReadonlySet<string> | undefined {
    try {
      const { programs, faulty } = loadSettings({ ...this.#host, path });
      return new Set([...programs.keys(), ...faulty.keys()]);
    } catch {
      return undefined; // wholly faulty
    }
  }
}
