import { stripVTControlCharacters } from "node:util";
import { isAtRest } from "../../status/is-right.ts";
import type { ProgramStatus } from "../../status/status.ts";
import { remarks } from "../remarks.ts";
import { remarkLines } from "../status-page.ts";
import { statusTable, styleOfState } from "../status-table.ts";
import {
  harmless,
  joined,
  type Paint,
  reversed,
  type Style,
  type Styled,
} from "../terminal/style.ts";
import { cutEnd, displayWidth } from "../terminal/width.ts";
import type { TopState } from "./model.ts";
import { columnOf } from "./sort.ts";

/** What the screen of `usrsvc top` is made from. */
export interface Seen {
  readonly state: TopState;
  /** In the order in which they are shown. */
  readonly programs: readonly ProgramStatus[];
  /** What concerns all of them; the first is why they are not looked at any more, if that is so. */
  readonly notes: readonly { readonly text: string; readonly style: Style }[];
  /** Outcomes of what was done. */
  readonly messages: readonly string[];
  /** The question that is asked. */
  readonly question: string | undefined;
  readonly nowMs: number;
}

/** The size of the terminal, and its colours. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

/** Which line of the screen has what; in lines. */
export interface Areas {
  readonly rows: number;
  readonly details: number;
}

/** Rows that the table has at least, before something is told of the chosen one. */
const ROWS_LEAST = 4;
/** Lines that are told of the chosen one, if any, and at most. */
const DETAILS_LEAST = 4;
const DETAILS_MOST = 9;
/** Lines of notes and of messages, at most. */
const NOTES_MOST = 2;
const MESSAGES_MOST = 6;

const KEYS = "q quit  ↑↓ choose  s start  S stop  r restart  l log  e events  o sort  ? help";

/** How many lines the rows of the table have, and what is told of the chosen one. */
export function areasOf(
  { notes, messages, programs }: Pick<Seen, "notes" | "messages" | "programs">,
  height: number,
): Areas {
  // The title, the head of the table, and the keys.
  const fixed = 3 + shownNotes(notes, height).length + shownMessages(messages, height).length;
  const room = Math.max(1, height - fixed);
  if (room < ROWS_LEAST + DETAILS_LEAST) return { rows: room, details: 0 };
  const left = Math.max(DETAILS_LEAST, Math.min(DETAILS_MOST, room - programs.length));
  const details = Math.min(left, room - ROWS_LEAST);
  return { rows: room - details, details };
}

/** On a low terminal the rows, and the question, are worth more. */
function shownNotes(notes: Seen["notes"], height: number): Seen["notes"] {
  return height < 8 ? [] : notes.slice(0, NOTES_MOST);
}

function shownMessages(messages: readonly string[], height: number): readonly string[] {
  const most = Math.min(MESSAGES_MOST, Math.floor((height - 4) / 2));
  return most < 1 ? [] : messages.slice(-most);
}

/** The lines of the screen with the table. */
export function tableLines(seen: Seen, canvas: Canvas): readonly Styled[] {
  const { state, programs, nowMs } = seen;
  const { width, height, paint } = canvas;
  const { rows, details } = areasOf(seen, height);
  const { key, isReversed } = state.order;
  const mark = { column: columnOf(key), sign: isReversed ? "▴" : "▾" };
  const table = statusTable(programs, { width, paint, nowMs, mark });
  const shown = table.rows
    .slice(state.first, state.first + rows)
    .map((row, index) => (state.first + index === state.row ? chosen(row, width) : row));
  return [
    titleLine(seen, canvas),
    ...shownNotes(seen.notes, height).map(({ text, style }) =>
      paint(cutEnd(harmless(text), width), style),
    ),
    table.head,
    ...filled(shown, rows, paint),
    ...(details > 0 ? detailLines(programs[state.row], details, nowMs, canvas) : []),
    ...messageLines(seen.messages, canvas),
    lastLine(seen, canvas),
  ];
}

/** The lines of the screen with a text; the state says which of them. */
export function textLines(
  title: string,
  lines: readonly string[],
  first: number,
  { width, height, paint }: Canvas,
): readonly Styled[] {
  const shown = lines.slice(first, first + Math.max(1, height - 2));
  return [
    bar(title, "", width),
    ...filled(
      shown.map((line) => paint(cutEnd(harmless(line), width))),
      height - 2,
      paint,
    ),
    paint(cutEnd("q back  ↑↓ PgUp PgDn scroll  l log  e events", width), "faint"),
  ];
}

function titleLine({ programs, nowMs }: Seen, { width }: Canvas): Styled {
  const counts = new Map<string, number>();
  for (const one of programs) {
    const word = isAtRest(one) ? "at rest" : one.state;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].map(([word, count]) => `${count} ${word}`);
  const two = (number: number): string => String(number).padStart(2, "0");
  const at = new Date(nowMs);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return bar(`usrsvc: ${parts.join(", ") || "no programs"}`, clock, width);
}

/** A line in reverse, from edge to edge; the left part is cut for the right one. */
function bar(left: string, right: string, width: number): Styled {
  const room = Math.max(1, width - displayWidth(right) - (right === "" ? 0 : 2));
  const text = cutEnd(harmless(left), room);
  const blanks = " ".repeat(Math.max(0, width - displayWidth(text) - displayWidth(right)));
  return reversed(cutEnd(`${text}${blanks}${right}`, width));
}

/** The chosen row, from edge to edge. */
function chosen(row: Styled, width: number): Styled {
  const text = stripVTControlCharacters(row);
  return reversed(text + " ".repeat(Math.max(0, width - displayWidth(text))));
}

function filled(lines: readonly Styled[], count: number, paint: Paint): readonly Styled[] {
  const blanks = Array.from({ length: Math.max(0, count - lines.length) }, () => paint(""));
  return [...lines.slice(0, Math.max(0, count)), ...blanks];
}

/** What there is to tell of the chosen program. */
function detailLines(
  one: ProgramStatus | undefined,
  count: number,
  nowMs: number,
  { width, paint }: Canvas,
): readonly Styled[] {
  if (one === undefined) return filled([], count, paint);
  const name = cutEnd(harmless(one.program), Math.max(4, width - 20));
  const begin = `── ${name}: `;
  const rest = Math.max(0, width - displayWidth(begin) - one.state.length - 1);
  const rule = joined([
    paint(begin, "faint"),
    paint(one.state, styleOfState(one)),
    paint(` ${"─".repeat(rest)}`, "faint"),
  ]);
  const lines = remarks(one, nowMs).flatMap((remark) =>
    remarkLines(remark, { width, paint }, 1, 5),
  );
  const shown =
    lines.length < count ? lines : [...lines.slice(0, count - 2), paint("     …", "faint")];
  return filled([rule, ...shown], count, paint);
}

function messageLines(
  messages: readonly string[],
  { width, height, paint }: Canvas,
): readonly Styled[] {
  return shownMessages(messages, height).map((text) =>
    paint(cutEnd(harmless(text), width), "strong"),
  );
}

function lastLine({ question }: Seen, { width, paint }: Canvas): Styled {
  return question === undefined
    ? paint(cutEnd(KEYS, width), "faint")
    : reversed(cutEnd(harmless(question), width));
}
