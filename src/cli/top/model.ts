import type { Key } from "./keys.ts";
import { type Order, type SortKey, sortKeys } from "./sort.ts";

/*
 * What the keys of `usrsvc top` do, as a pure function: a state and a key give the next state, and what is to be done.
 */

/** What can be done with a program here. */
export type TopAction = "start" | "stop" | "restart";

/** What is shown in place of the table. */
export type TextPage = "log" | "events" | "help";

/** What is shown, but for what the programs do. */
export interface TopState {
  readonly order: Order;
  /** The chosen program, and its row: the one that takes its place when it is gone. */
  readonly chosen: string | undefined;
  readonly row: number;
  /** First row of the table that is shown. */
  readonly first: number;
  readonly page:
    | { readonly kind: "table" }
    /** Waits for a yes. */
    | { readonly kind: "question"; readonly action: "stop" | "restart"; readonly program: string }
    /** `from`: its first line that is shown, from the end where it is followed. */
    | {
        readonly kind: "text";
        readonly what: TextPage;
        readonly program: string;
        readonly back: number;
      };
}

/** What a key asks for beyond that. */
export type Effect =
  | { readonly kind: "quit" | "suspend" | "redraw" | "look" }
  | { readonly kind: "act"; readonly action: TopAction; readonly program: string };

/** What there is to choose from. */
export interface Rows {
  /** The programs, in the order in which they are shown. */
  readonly names: readonly string[];
  /** How many of them, or lines of a text, fit on the screen. */
  readonly height: number;
}

/** The next state, and what is to be done. */
export interface Step {
  readonly state: TopState;
  readonly effect?: Effect;
}

/** The table, with trouble first. */
export function initialState(key: SortKey): TopState {
  const order = { key, isReversed: false };
  return { order, chosen: undefined, row: 0, first: 0, page: TABLE };
}

const TABLE = { kind: "table" } as const;

/** A key is pressed. */
export function press(state: TopState, key: Key, rows: Rows): Step {
  switch (key) {
    case "ctrl-c":
      return { state, effect: { kind: "quit" } };
    case "ctrl-z":
      return { state, effect: { kind: "suspend" } };
    case "ctrl-l":
      return { state, effect: { kind: "redraw" } };
  }
  switch (state.page.kind) {
    case "table":
      return inTable(state, key, rows);
    case "question":
      return answered(state, state.page, key);
    case "text":
      return inText(state, state.page, key, rows);
  }
}

function inTable(state: TopState, key: Key, rows: Rows): Step {
  const way = moves(rows.height)[key];
  if (way !== undefined) return { state: chosenAt(state, state.row + way, rows) };
  const program = rows.names[state.row];
  const onProgram = (act: (program: string) => Step): Step =>
    program === undefined ? { state } : act(program);
  switch (key) {
    case "q":
      return { state, effect: { kind: "quit" } };
    case "s":
      return onProgram((one) => ({
        state,
        effect: { kind: "act", action: "start", program: one },
      }));
    case "S":
    case "x":
      return onProgram((one) => ask(state, "stop", one));
    case "r":
      return onProgram((one) => ask(state, "restart", one));
    case "l":
    case "enter":
      return onProgram((one) => ({ state: showing(state, "log", one) }));
    case "e":
      return onProgram((one) => ({ state: showing(state, "events", one) }));
    case "?":
    case "h":
      return { state: showing(state, "help", "") };
    case "o":
    case ">":
    case "right":
      return { state: sortedBy(state, 1) };
    case "O":
    case "<":
    case "left":
      return { state: sortedBy(state, -1) };
    case "i": {
      const { key: by, isReversed } = state.order;
      return { state: { ...state, order: { key: by, isReversed: !isReversed } } };
    }
    case " ":
      return { state, effect: { kind: "look" } };
    default:
      return { state };
  }
}

function ask(state: TopState, action: "stop" | "restart", program: string): Step {
  return { state: { ...state, page: { kind: "question", action, program } } };
}

function showing(state: TopState, what: TextPage, program: string): TopState {
  return { ...state, page: { kind: "text", what, program, back: 0 } };
}

function sortedBy(state: TopState, way: 1 | -1): TopState {
  const at = sortKeys.indexOf(state.order.key) + way + sortKeys.length;
  return { ...state, order: { key: sortKeys[at % sortKeys.length] ?? "state", isReversed: false } };
}

/** Only a y is a yes. */
function answered(
  state: TopState,
  { action, program }: Extract<TopState["page"], { readonly kind: "question" }>,
  key: Key,
): Step {
  const table = { ...state, page: TABLE };
  if (key !== "y" && key !== "Y") return { state: table };
  return { state: table, effect: { kind: "act", action, program } };
}

function inText(
  state: TopState,
  page: Extract<TopState["page"], { readonly kind: "text" }>,
  key: Key,
  { height }: Rows,
): Step {
  const way = moves(height)[key];
  if (way !== undefined) {
    // The end is where a log and a story are looked at first, and the begin where a page is.
    const back = page.what === "help" ? page.back + way : page.back - way;
    return { state: { ...state, page: { ...page, back: Math.max(0, back) } } };
  }
  switch (key) {
    case "q":
    case "escape":
    case "enter":
    case "left":
    case "backspace":
      return { state: { ...state, page: TABLE } };
    case "l":
      return page.program === "" ? { state } : { state: showing(state, "log", page.program) };
    case "e":
      return page.program === "" ? { state } : { state: showing(state, "events", page.program) };
    case " ":
      return { state, effect: { kind: "look" } };
    default:
      return { state };
  }
}

/** Farther than any list is long. */
const FAR = 1_000_000;

/** By how many rows a key moves. */
function moves(height: number): Readonly<Record<Key, number>> {
  const page = Math.max(1, height - 1);
  return {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    "ctrl-b": -page,
    pagedown: page,
    "ctrl-f": page,
    home: -FAR,
    g: -FAR,
    end: FAR,
    G: FAR,
  };
}

function chosenAt(state: TopState, wanted: number, { names }: Rows): TopState {
  const row = Math.min(Math.max(0, wanted), Math.max(0, names.length - 1));
  return { ...state, row, chosen: names[row] };
}

/** The same state when the rows have changed: the chosen program is followed, and stays on the screen. */
export function settle(state: TopState, rows: Rows): TopState {
  const at = state.chosen === undefined ? -1 : rows.names.indexOf(state.chosen);
  const next = chosenAt(state, at < 0 ? state.row : at, rows);
  const last = Math.max(0, rows.names.length - rows.height);
  const first = Math.min(Math.max(next.first, next.row - rows.height + 1), next.row, last);
  return { ...next, first: Math.max(0, first) };
}
