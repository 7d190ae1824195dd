import type { StartCause as StartKind } from "../events/start-events.ts";
import { assertNever } from "../lib/assert-never.ts";
import type { StartCause } from "./program-state.ts";

/** After a start that failed, or a death. What was ended for a limit has left nothing. */
export function isRestart({ kind }: StartCause): boolean {
  return kind === "death" || kind === "retry";
}

/** What a start is, for people: the first, one after a death, after a limit was exceeded, or one that was planned. */
export function startKind(cause: StartCause): StartKind {
  switch (cause.kind) {
    case "limit":
      return cause.isPlanned ? "planned" : "limit-exceeded";
    case "death":
    case "retry":
    case "with":
      return "restarted";
    case "due":
      return "planned";
    case "autostart":
    case "operator":
    case "resumed":
      return "started";
    default:
      return assertNever(cause);
  }
}
