import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogue, type CatalogueRow } from "../../src/events/catalogue.ts";
import { describe as describeEvent } from "../../src/events/describe.ts";
import type { Kind } from "../../src/events/event.ts";
import { examples } from "./examples.ts";

const sorted = (all: Iterable<string>): readonly string[] => [...new Set(all)].toSorted();

/** Names of values of a field, as far as the examples have them. */
function valuesOf(kind: Kind, field: string): readonly string[] {
  return examples[kind].map(([event]) =>
    String((event as unknown as Record<string, unknown>)[field]),
  );
}

describe("the catalogue of events", () => {
  for (const kind of Object.keys(catalogue) as readonly Kind[]) {
    const { levels, fields }: Pick<CatalogueRow<Kind>, "levels"> & { readonly fields: object } =
      catalogue[kind];
    const told = examples[kind].map(([event]) => describeEvent(event));

    test(`has all levels of ${kind}, and no other`, () => {
      assert.deepEqual(sorted(levels), sorted(told.map(({ level }) => level)));
    });

    test(`has all fields of the lines of ${kind}, and no other`, () => {
      const shown = told.flatMap((one) => Object.keys(one.fields));
      assert.deepEqual(
        sorted(Object.keys(fields)),
        sorted(shown.filter((key) => key !== "program")),
      );
    });

    test(`has all names of values of ${kind}, and no other`, () => {
      for (const [field, words] of Object.entries(fields)) {
        if (typeof words !== "string") {
          assert.deepEqual(sorted(Object.keys(words as object)), sorted(valuesOf(kind, field)));
        }
      }
    });
  }
});
