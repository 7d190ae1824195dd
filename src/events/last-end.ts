import type { Exit } from "../../proc/exit.ts";

/** How a program ended last, for a mail about what follows from it. */
export interface LastEnd {
  readonly exit: Exit | undefined;
  readonly pid: number | undefined;
  /** What it wrote last. */
  readonly output: readonly string[];
}
