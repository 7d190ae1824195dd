import { maskAll, maskSecrets } from "../lib/secrets.ts";
import { describe, type LineFields } from "./describe.ts";
import type { UsrsvcEvent } from "./event.ts";
import type { Level } from "./row.ts";

/** A line about an event, fit to be kept: without secrets, and with no text that is too long. */
export interface ShownLine {
  readonly level: Level;
  /** For people. */
  readonly msg: string;
  /** The other fields. */
  readonly fields: LineFields;
}

/** Lines are kept under what journald splits (48 KiB): no text field may be longer. */
const LONGEST_TEXT = 4096;

/** The line about the latest event: the log and the history have the same one, and each is told in turn. */
let latest: { readonly event: UsrsvcEvent; readonly line: ShownLine } | undefined;

/** The line about an event; `at`: when it happened, where it is told later. */
export function shownLine(event: UsrsvcEvent, at?: string): ShownLine {
  if (at !== undefined) return makeLine(event, { at });
  if (latest?.event !== event) latest = { event, line: makeLine(event, {}) };
  return latest.line;
}

function makeLine(event: UsrsvcEvent, more: LineFields): ShownLine {
  const { level, sentence, fields } = describe(event);
  return {
    level,
    msg: cut(maskSecrets(sentence)),
    fields: shorten(maskAll({ ...fields, ...more })),
  };
}

function shorten(fields: LineFields): LineFields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === "string" ? cut(value) : value]),
  );
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
