import { formatDuration, localMinute } from "../lib/format.ts";
import type { Rows } from "./row.ts";

/** An operator has it left exactly as it is. */
interface Held {
  readonly kind: "program.held";
  /** `found`: since before usrsvcd began. */
  readonly what: "set" | "found";
  readonly by: string;
  /** ISO times. */
  readonly since: string;
  readonly until: string | undefined;
  readonly reason: string | undefined;
}

interface Released {
  readonly kind: "program.released";
  readonly why: "asked" | "expired";
  readonly by: string | undefined;
  readonly heldBy: string;
  readonly lastedMs: number;
}

/** Whether an operator holds a program. */
export type HoldEvent = { readonly program: string } & (Held | Released);

export const holdEvents = {
  "program.held": {
    level: "info",
    sentence: ({ program, what, by, until, reason }) =>
      `${program}: is ${what === "found" ? "still " : ""}held by ${by}` +
      `${until === undefined ? "" : ` until ${localMinute(new Date(until))}`}${reason === undefined ? "" : `: ${reason}`}`,
    about: "usrsvcd leaves it exactly as it is",
    fields: {
      what: { set: "", found: "since before usrsvcd began" },
      by: "account and terminal",
      since: "",
      until: "",
      reason: "",
    },
  },
  "program.released": {
    level: "info",
    sentence: ({ program, why, by, heldBy, lastedMs }) => {
      const how = why === "expired" ? ": its time is up" : by === undefined ? "" : ` by ${by}`;
      return `${program}: released${how}, after it was held by ${heldBy} for ${formatDuration(lastedMs)}`;
    },
    about: "usrsvcd looks after it again, as if it had just begun",
    fields: {
      why: { asked: "", expired: "its time is up" },
      by: "account and terminal",
      heldBy: "",
      lastedMs: "",
    },
  },
} satisfies Rows<HoldEvent>;
