import type { UnitEntry } from "./unit-file.ts";

/** The keys of a unit with its drop-ins: an empty value takes back what was said before. */
export class Entries {
  readonly #all = new Map<string, UnitEntry[]>();
  /** Those that nobody has asked for. */
  readonly #left = new Set<string>();

  constructor(entries: readonly UnitEntry[]) {
    for (const entry of entries) {
      const name = `${entry.section}.${entry.key}`;
      this.#left.add(name);
      if (entry.value === "") this.#all.set(name, []);
      else this.#all.set(name, [...(this.#all.get(name) ?? []), entry]);
    }
  }

  /** All values of a key that may come several times. */
  all(section: string, ...keys: readonly string[]): readonly UnitEntry[] {
    return keys.flatMap((key) => {
      this.#left.delete(`${section}.${key}`);
      return this.#all.get(`${section}.${key}`) ?? [];
    });
  }

  /** The value that counts. */
  one(section: string, ...keys: readonly string[]): UnitEntry | undefined {
    return this.all(section, ...keys).at(-1);
  }

  /** What nobody has asked for, in its order. */
  rest(): readonly UnitEntry[] {
    return [...this.#left].flatMap((name) => this.#all.get(name) ?? []);
  }
}
