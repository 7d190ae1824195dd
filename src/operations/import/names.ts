/** Names of programs that are valid here, and each but once. */
export class Names {
  readonly #taken = new Set<string>();

  /** The nearest name to what the program is called elsewhere. */
  take(wanted: string): string {
    // A colon begins the number of an instance; the rest is for patterns, lists, comments and brackets.
    const plain = wanted
      .normalize()
      .replaceAll(/[^\p{L}\p{N}_.@+/-]+/gu, "-")
      .replaceAll(/^[-./]+|[-/]+$/g, "");
    const base = plain === "" || plain === "all" ? `program${plain && `-${plain}`}` : plain;
    let name = base;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${base}-${number}`;
    this.#taken.add(name);
    return name;
  }
}
