import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describe as describeEvent } from "../../src/events/describe.ts";
import { type Kind, rows } from "../../src/events/event.ts";
import { fieldsOf, levelsOf } from "../support/event-table.ts";
import { examples } from "./examples.ts";

const sorted = (all: Iterable<string>): readonly string[] => [...new Set(all)].toSorted();

/** Names of values of a field, as far as the examples have them. */
function valuesOf(kind: Kind, field: string): readonly string[] {
  return examples[kind].map(([event]) =>
    String((event as unknown as Record<string, unknown>)[field]),
  );
}

describe("the rows of events", () => {
  for (const kind of Object.keys(rows) as readonly Kind[]) {
    const fields = fieldsOf(kind);
    const told = examples[kind].map(([event]) => describeEvent(event));

    test(`have all levels of ${kind}, and no other`, () => {
      assert.deepEqual(sorted(levelsOf(kind)), sorted(told.map(({ level }) => level)));
    });

    test(`have all fields of the lines of ${kind}, and no other`, () => {
      const shown = told.flatMap((one) => Object.keys(one.fields));
      assert.deepEqual(
        sorted(fields.map(([name]) => name)),
        sorted(shown.filter((key) => key !== "program")),
      );
    });

    test(`have all names of values of ${kind}, and no other`, () => {
      for (const [field, words] of fields) {
        if (typeof words !== "string") {
          assert.deepEqual(sorted(Object.keys(words)), sorted(valuesOf(kind, field)));
        }
      }
    });
  }
});
