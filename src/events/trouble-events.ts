import type { Exit } from "../../proc/exit.ts";
import { assertNever } from "../lib/assert-never.ts";
import { describeExit } from "../lib/describe-exit.ts";
import { formatDuration } from "../lib/format.ts";
import type { LastEnd } from "./last-end.ts";
import { type Rows, unlogged } from "./row.ts";

/** Something failed that is not the program's fault. */
type Failed = { readonly kind: "program.error" } & (
  | {
      readonly what: "trouble";
      readonly reason: string;
      /** How it ended, where that was not told before. */
      readonly exit: Exit | undefined;
      readonly retryMs: number;
      /** It does not run: people are mailed. */
      readonly isDown: boolean;
      readonly last: LastEnd;
    }
  /** A program of that name of another configuration file runs, as `how` tells. */
  | { readonly what: "elsewhere"; readonly config: string; readonly how: string }
  /** Its match takes too long; it could not be ended with the machine. */
  | { readonly what: "expression" | "not-ended"; readonly reason: string }
  | { readonly what: "unanswered"; readonly action: string; readonly reason: string }
);

interface Recovered {
  readonly kind: "program.recovered";
  readonly reason: string;
  readonly lastedMs: number;
}

/** What keeps usrsvcd from looking after a program, and that it is over. */
export type TroubleEvent = { readonly program: string } & (Failed | Recovered);

export const troubleEvents = {
  "program.error": {
    level: "error",
    mailed: true, // where it is down
    sentence: (event) => `${event.program}: ${describeFailure(event)}`,
    about: "something failed that is not the program's fault; reported once",
    fields: {
      what: {
        trouble: "disk full or read-only, no process or descriptor left: tried again every 10 s",
        elsewhere: "it runs for another configuration file, `config`",
        expression: "its `match` takes too long",
        "not-ended": "with the machine",
        unanswered: "what a usrsvc had asked for, `action`",
      },
      reason: "",
      exit: "",
      config: "",
      action: "",
      how: unlogged,
      retryMs: unlogged,
      isDown: unlogged,
      last: unlogged,
    },
  },
  "program.recovered": {
    level: "info",
    sentence: ({ program, lastedMs, reason }) =>
      `${program}: is supervised again, after ${formatDuration(lastedMs)}: the trouble was ${reason}`,
    about: "what `program.error` reported is over",
    fields: { reason: "", lastedMs: "" },
  },
} satisfies Rows<TroubleEvent>;

function describeFailure(event: Failed): string {
  switch (event.what) {
    case "trouble": {
      const { exit, reason, retryMs } = event;
      const ended = exit === undefined ? "" : `${describeExit(exit)}, and stays down: `;
      return `${ended}${reason}; tried again every ${formatDuration(retryMs)}, and reported when it works`;
    }
    case "elsewhere":
      return (
        `is also a program of ${event.config}, which shares the state_dir, and ${event.how}: left alone; ` +
        "give one of them another name, or another state_dir"
      );
    case "expression":
      return event.reason;
    case "not-ended":
      return `could not be ended: ${event.reason}`;
    case "unanswered":
      return `${event.action} could not be answered: ${event.reason}`;
    default:
      return assertNever(event);
  }
}
