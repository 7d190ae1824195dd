import type { Emitter } from "../events/event.ts";
import { monotonicMs, within } from "../lib/clock.ts";
import type { SupervisedProgram } from "./supervised-program.ts";

/** For all programs one after the other, in ms. */
const PATIENCE_MS = 60_000;

/** Ends programs in this order, the next when the one before is gone; after a minute all that are left at once. */
export async function endOneByOne(
  programs: readonly SupervisedProgram[],
  events: Emitter,
): Promise<void> {
  const end = monotonicMs() + PATIENCE_MS;
  const late: Promise<void>[] = [];
  for (const program of programs) {
    const ending = program.end().catch((error: unknown) => {
      const reason = String(error);
      events.emit({ kind: "program.error", program: program.name, what: "not-ended", reason });
    });
    late.push(ending);
    await within(ending, Math.max(0, end - monotonicMs()));
  }
  await Promise.all(late);
}
