import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as values from "../../src/config/values.ts";
import type { RawValue, Reading } from "../../src/config/values.ts";

function read<T>(reader: (raw: RawValue) => Reading<T>, text: string): T | string {
  const reading = reader({ text, list: undefined, isBrokenList: false });
  return "value" in reading ? reading.value : reading.problem;
}

function claim<T>(
  name: string,
  reader: (raw: RawValue) => Reading<T>,
  rows: Record<string, unknown>,
): void {
  describe(`${name} reads`, () => {
    for (const [text, value] of Object.entries(rows)) {
      test(`${JSON.stringify(text)} as ${String(value)}`, () =>
        assert.equal(read(reader, text), value));
    }
  });
}

function refuse<T>(
  name: string,
  reader: (raw: RawValue) => Reading<T>,
  texts: readonly string[],
): void {
  for (const text of texts) {
    test(`${name} refuses ${JSON.stringify(text)}, and quotes it`, () => {
      assert.ok(String(read(reader, text)).startsWith(JSON.stringify(text)));
    });
  }
}

claim("readBoolean()", values.readBoolean, {
  tRuE: true,
  False: false,
  yes: true,
  NO: false,
  On: true,
  off: false,
  "0": false,
  "00": false,
  "10": true,
  "٠": false,
});
refuse("readBoolean()", values.readBoolean, ["", "y", "-1", "+1", "true ", "²", "1,"]);

claim("readAutoBoolean()", values.readAutoBoolean, {
  auto: undefined,
  AUTO: undefined,
  "": undefined,
  yes: true,
  No: false,
  "0": false,
});
refuse("readAutoBoolean()", values.readAutoBoolean, ["automatic", "y", "-1"]);

claim("readWholeNumber()", values.readWholeNumber, {
  "007": 7,
  "٣": 3,
  "𝟘𝟙": 1,
  "99999999999999999999": Number.MAX_SAFE_INTEGER,
});
refuse("readWholeNumber()", values.readWholeNumber, ["", "-1", "1.5", "1e3", "0x10", "1,000"]);

claim("readWholeSeconds()", values.readWholeSeconds, {
  "10": 10_000,
  "90s": 90_000,
  "10m": 600_000,
  "2h": 7_200_000,
  "1d": 86_400_000,
  "1.5h": 5_400_000,
  "500ms": 500,
});
refuse("readWholeSeconds()", values.readWholeSeconds, ["2.5", "", "soon", "-1s", "10x"]);

claim("readSeconds()", values.readSeconds, {
  "5": 5000,
  ".5": 500,
  "00.50": 500,
  "2.5s": 2500,
  ["9".repeat(400)]: Number.MAX_SAFE_INTEGER,
});
refuse("readSeconds()", values.readSeconds, ["5.", ".", "-1", "1e3", "inf", "1_0", "1 2"]);

claim("readSize()", values.readSize, {
  "1": 1024,
  "200M": 200 * 1024 ** 2,
  "1.5G": 1.5 * 1024 ** 3,
  "512K": 512 * 1024,
  "3MB": 3 * 1024 ** 2,
  "3 MiB": 3 * 1024 ** 2,
});
refuse("readSize()", values.readSize, ["1.5", "200,000", "M", "-1", "1e3"]);

claim("readPath()", values.readPath, { "/a b": "/a b" });
refuse("readPath()", values.readPath, ["a.log", "~/a.log", "$HOME/a", "/a\0b"]);

claim("readErrorPath()", values.readErrorPath, {
  stdout: "stdout",
  "": undefined,
  "/dev/null": "/dev/null",
});
refuse("readErrorPath()", values.readErrorPath, ["Stdout"]);

claim("readAutoPath()", values.readAutoPath, {
  auto: undefined,
  "": undefined,
  "/sbin/sendmail": "/sbin/sendmail",
});

claim("readUmask()", values.readUmask, { "022": 0o22, "0022": 0o22, "77": 0o77, "": undefined });
refuse("readUmask()", values.readUmask, ["8", "1000", "u=rwx", "00022222"]);

test("a failure says what was wanted", () => {
  const wanted = '"soon" is not a whole number of seconds or a time like 90s or 10m';
  assert.equal(read(values.readWholeSeconds, "soon"), wanted);
});

test("readAddresses() takes one address or a list, and refuses a broken list and a line break", () => {
  const list = { text: "a@x, b@x", list: ["a@x", "b@x"], isBrokenList: false };
  assert.deepEqual(values.readAddresses(list), { value: ["a@x", "b@x"] });
  assert.deepEqual(read(values.readAddresses, "a@x"), ["a@x"]);
  assert.deepEqual(read(values.readAddresses, ""), []);
  assert.ok(
    "problem" in values.readAddresses({ text: "a,,b", list: undefined, isBrokenList: true }),
  );
  assert.equal(typeof read(values.readAddresses, "a@x\nBcc: b@x"), "string");
});
