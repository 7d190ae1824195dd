import assert from "node:assert/strict";
import fc from "fast-check";

/** One reader of texts that others may write, with what may never come of any of them. */
export interface Target {
  readonly name: string;
  /** Runs it on so many inputs; throws what was found, with the smallest input that shows it. */
  readonly run: (options: RunOptions) => Promise<Figures>;
}

/** How often, and from where on. */
export interface RunOptions {
  readonly runs: number;
  readonly seed: number;
  /** A folder of this target alone. */
  readonly folder: string;
  /** Called before each input. */
  readonly onInput: () => void;
  /** No further input after this, on performance.now(). */
  readonly end: number;
}

/** What a run came to. */
export interface Figures {
  readonly inputs: number;
  readonly slowestMs: number;
}

/** No input may take longer, unless something else has kept the machine: it is tried again then. */
const MOST_MS = 1000;
const AGAIN = 3;

/** Makes a target. `check` throws where something is wrong; undefined: it has nothing to check here. */
export function target<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: (input: T, folder: string) => void | Promise<void>,
): Target {
  return {
    name,
    run: async ({ runs, seed, folder, onInput, end }) => {
      let slowestMs = 0;
      let count = 0;
      const timed = async (input: T): Promise<number> => {
        const began = performance.now();
        await check(input, folder);
        return performance.now() - began;
      };
      const property = fc.asyncProperty(inputs, async (input) => {
        onInput();
        count += 1;
        let ms = await timed(input);
        for (let again = 0; again < AGAIN && ms > MOST_MS; again += 1) ms = await timed(input);
        assert.ok(ms <= MOST_MS, `it takes ${Math.round(ms)} ms`);
        slowestMs = Math.max(slowestMs, ms);
      });
      const interruptAfterTimeLimit = Math.max(1, end - performance.now());
      const details = await fc.check(property, { numRuns: runs, seed, interruptAfterTimeLimit });
      // Where its time was over before the first input there is nothing to tell.
      const isFault = details.failed && !(details.interrupted && details.counterexample === null);
      if (isFault) throw new Error(await fc.asyncDefaultReportMessage(details));
      return { inputs: count, slowestMs };
    },
  };
}

/** Any text, also such as no sane program writes. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary-ascii", maxLength: 200 }),
);

/** Any value that JSON has. */
export const anyJson = fc.jsonValue({ maxDepth: 3 });

/** Texts that somebody has written, each spoilt in some places. */
export function spoilt(texts: readonly string[], pieces: readonly string[]): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const edit = fc.record({
    at: place,
    length: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 200 })),
    kind: fc.constantFrom("cut", "put", "twice", "move", "mix"),
    put: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 4 })),
    to: place,
    other: fc.constantFrom(...texts),
  });
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(edit, { maxLength: 6 }))
    .map(([text, edits]) => edits.reduce(spoil, text));
}

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly kind: string;
  readonly put: string;
  readonly to: number;
  readonly other: string;
}

function spoil(text: string, { at, length, kind, put, to, other }: Edit): string {
  const from = Math.floor(at * text.length);
  const [before, piece] = [text.slice(0, from), text.slice(from, from + length)];
  const after = text.slice(from + length);
  switch (kind) {
    case "cut":
      return before + after;
    case "put":
      return before + put + after;
    case "twice":
      return before + piece + piece + after;
    case "move": {
      const rest = before + after;
      const goal = Math.floor(to * rest.length);
      return rest.slice(0, goal) + piece + rest.slice(goal);
    }
    default:
      return before + other.slice(Math.floor(to * other.length));
  }
}

/** The same object with some of its values replaced by any other, dropped, or wrapped. */
export function spoiltJson(value: object): fc.Arbitrary<unknown> {
  const keys = Object.keys(value);
  const largest = fc.constant(Number.MAX_SAFE_INTEGER);
  const to = fc.option(fc.oneof({ weight: 9, arbitrary: anyJson }, largest));
  const edit = fc.record({ key: fc.constantFrom(...keys), to });
  const edited = fc.array(edit, { maxLength: 3 }).map((edits) => {
    const copy: Record<string, unknown> = { ...value };
    for (const { key, to } of edits) {
      if (to === null) delete copy[key];
      else copy[key] = to;
    }
    return copy;
  });
  return fc.oneof({ weight: 6, arbitrary: edited }, { weight: 1, arbitrary: anyJson });
}

/** A whole number that can be counted with. */
export function assertCount(value: unknown, what: string, least = 0): void {
  assert.ok(Number.isSafeInteger(value) && (value as number) >= least, `${what}: ${String(value)}`);
}
