import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { settingsOfText } from "../../../src/config/load.ts";
import { Names } from "../../../src/operations/import/names.ts";
import {
  commandOf,
  literal,
  shellCommand,
  writeValue,
} from "../../../src/operations/import/value-text.ts";

/** What a configuration makes of a command and a variable. */
function readBack(command: string, variable: string) {
  const text = `[Main]\n[DEFAULT]\npercent = %\n[Program:x]\ncommand = ${command}\n[[Env]]\nV = ${variable}\n`;
  const { programs, issues } = settingsOfText(text, { path: "/x/usrsvc.cfg", home: "/", uid: 0 });
  const program = programs.get("x") ?? assert.fail(issues.map(({ message }) => message).join());
  return { argv: program.argv, variable: program.env.get("V") };
}

const text = fc
  .array(
    fc.constantFrom(
      ..."ab %#,;='\"\\()[]{}$~&|*\t\n-".split(""),
      "%(x)s",
      "%(percent)s",
      ")s",
      "\u{e9}",
      "'''",
      '"""',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

test("a value is read as it was meant, or cannot be written at all", () => {
  fc.assert(
    fc.property(text, (value) => {
      const written = writeValue(literal(value));
      if (written !== undefined) assert.equal(readBack("/bin/true", written).variable, value);
    }),
    { numRuns: 3000 },
  );
  assert.equal(writeValue("plain, value"), "plain, value");
  assert.equal(writeValue(`a 'b' #c`), `"a 'b' #c"`);
  assert.equal(writeValue("a\nb"), '"""a\nb"""');
  assert.equal(writeValue(`"""'''#`), undefined);
});

test("a command has the words that were given, with a shell and without", () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (words) => {
      const all = ["/bin/x", ...words];
      const written = writeValue(commandOf(all));
      if (written !== undefined) assert.deepEqual(readBack(written, "v").argv, all);
    }),
    { numRuns: 2000 },
  );
  const words = ["a b", "it's", '"', "$HOME", "*", "\\", "", "~/x", "A=b", "%(x)s"];
  const line = commandOf(["/usr/bin/printf", "<%s>", ...words]).replaceAll("%(percent)s", "%");
  const { stdout } = spawnSync("/bin/sh", ["-c", line], { encoding: "utf8" });
  assert.equal(stdout, words.map((one) => `<${one}>`).join(""));
  const nested = spawnSync("/bin/sh", ["-c", shellCommand(line)], { encoding: "utf8" });
  assert.equal(nested.stdout, stdout);
});

test("names are valid here, and each is given once", () => {
  const names = new Names();
  const all = ["web", "web", "all", "", "a:b c", "@scope/app", "*", "-x", "día", "[x]", "web-2"];
  assert.deepEqual(
    all.map((one) => names.take(one)),
    [
      "web",
      "web-2",
      "program-all",
      "program",
      "a-b-c",
      "@scope/app",
      "program-2",
      "x",
      "día",
      "x-2",
      "web-2-2",
    ],
  );
});
