import { formatDuration } from "../lib/format.ts";
import type { Rows } from "./row.ts";

/** Of the mails. */
export type AlertEvent =
  | { readonly kind: "alert.sent"; readonly program: string; readonly events: number }
  | {
      readonly kind: "alert.failed";
      readonly program: string;
      readonly reason: string;
      readonly attempts: number;
      readonly retryMs: number;
    }
  /** The disk is full, say: what waits would be lost with usrsvcd. Told once. */
  | { readonly kind: "alert.unsaved"; readonly program: string; readonly reason: string }
  /** What waited in memory only is on disk, or gone out. */
  | { readonly kind: "alert.saved" }
  | {
      readonly kind: "alert.dropped";
      readonly program: string;
      readonly events: number;
      readonly reason: string;
    }
  /** It cannot be understood. */
  | { readonly kind: "alert.dropped"; readonly file: string };

export const alertEvents = {
  "alert.sent": {
    level: "info",
    sentence: ({ program }) => `${program}: mail sent`,
    fields: { events: "how many the mail stands for" },
  },
  "alert.failed": {
    level: "warn",
    sentence: ({ program, reason, retryMs }) =>
      `${program}: mail could not be sent: ${reason}; again in ${formatDuration(retryMs)}`,
    fields: { reason: "", attempts: "", retryMs: "" },
  },
  "alert.unsaved": {
    level: "warn",
    sentence: ({ reason }) =>
      `mails wait only in memory, and would be lost with usrsvcd: ${reason}; tried again`,
    about: "mails wait in memory only, because the disk is full, for example; reported once",
    fields: { reason: "" },
  },
  "alert.saved": {
    level: "info",
    sentence: () => "no mail waits only in memory any more",
    about: "mails are on disk again",
    fields: {},
  },
  "alert.dropped": {
    level: { among: ["warn", "error"], of: (event) => ("file" in event ? "warn" : "error") },
    sentence: (event) =>
      "file" in event
        ? `${event.file}: is not a mail that can be understood; set aside as .damaged`
        : `${event.program}: a mail on ${event.events} events is dropped: ${event.reason}`,
    fields: { events: "", reason: "", file: "a mail that cannot be understood" },
  },
} satisfies Rows<AlertEvent>;
