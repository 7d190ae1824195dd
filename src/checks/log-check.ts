import { BoundedSearch } from "../identity/bounded-search.ts";
import type { Check, ProgramSettings } from "../config/settings.ts";
import { LogReader } from "../launch/log-reader.ts";
import type { LogEnds } from "../launch/output.ts";

/** Looks for a line in what a program has written since its start. Reads each part of its logs once. */
export class LogCheck {
  readonly #readers: readonly LogReader[];
  #search: BoundedSearch | undefined;
  #has = false;

  constructor({ stdout, stderr }: Pick<ProgramSettings, "stdout" | "stderr">, since: LogEnds) {
    const out = new LogReader(stdout, since.stdout);
    this.#readers = stderr === stdout ? [out] : [out, new LogReader(stderr, since.stderr)];
  }

  /** True once the line was there. */
  has({ regex, ways, text }: Check & { readonly kind: "log" }): boolean {
    this.#search ??= new BoundedSearch({ source: text, regex, ...(ways && { ways }) });
    const search = this.#search;
    for (const reader of this.#readers) {
      if (this.#has) break;
      this.#has = reader.lines().some((line) => search.isIn(line));
    }
    return this.#has;
  }
}
