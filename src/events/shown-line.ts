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

/** The line about an event; `more`: further fields. */
export function shownLine(event: UsrsvcEvent, more: LineFields = {}): ShownLine {
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
