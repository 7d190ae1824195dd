import type { ProcessTable } from "../identity/process-table.ts";

/** Whether a look through all processes could bring news, which few system calls tell. */
export class TableNews {
  readonly #table: ProcessTable;
  /** What the table had shown when all that wait for a process were last told to look. */
  #seenChanges = 0;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  /** So that the look after the next death finds little that is new. */
  settle(): void {
    try {
      this.#table.settle();
    } catch {
      // no descriptor left just now (EMFILE): the next look reads more, then
    }
  }

  /** A look through the processes would show something, or one that was made since has done so. */
  isNews(): boolean {
    try {
      // As of now: what comes while they are looked for is news to the next slow look.
      const seen = this.#seenChanges;
      this.#seenChanges = this.#table.changes;
      return this.#seenChanges !== seen || !this.#table.isCurrent();
    } catch {
      return true; // no descriptor left just now (EMFILE)
    }
  }
}
