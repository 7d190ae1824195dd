import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCursor, printCursor } from "../../src/lib/cursor.ts";

test("a cursor is read as it was printed, and what is none is refused", () => {
  const cursor = new Map([
    ["/home/web/ü, 1.log", { id: "65:123", at: 4096 }],
    ["/b", { id: "", at: 0 }],
  ]);
  assert.deepEqual(parseCursor(printCursor(cursor)), cursor);
  const encoded = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const wrong = [
    "",
    "W1",
    "a b",
    encoded({}),
    encoded([["/a", "1", -1]]),
    encoded([["/a"]]),
    encoded([1]),
  ];
  for (const text of wrong) assert.equal(parseCursor(text), undefined, text);
});
