import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allOptions, parse } from "../../src/cli/args.ts";
import { parseEveryday } from "../../src/cli/begin-everyday.ts";
import { acts } from "../../src/cli/commands/usrsvc/acts.ts";
import { looks } from "../../src/cli/commands/usrsvc/looks.ts";
import { usrsvc } from "../../src/cli/commands/usrsvc/table.ts";

const both = [looks, acts];
const parsed = (words: readonly string[]): readonly ReturnType<typeof parseEveryday>[] =>
  both.map((tool) => parseEveryday(words, tool)).filter((found) => found !== undefined);

describe("everyday commands", () => {
  test("have the arguments and options that the whole tool knows for them", () => {
    for (const command of both.flatMap(({ commands }) => commands)) {
      const whole = usrsvc.commands.find(({ name }) => name === command.name);
      // `status` is another there: it can also --watch.
      assert.deepEqual({ ...command, run: undefined }, { ...whole, run: undefined }, command.name);
    }
  });

  test("have options that are read in the same way, whatever other commands have", () => {
    const all = allOptions(usrsvc);
    for (const [name, option] of both.flatMap((tool) => Object.entries(allOptions(tool)))) {
      const { value, short, isRepeatable } = all[name] ?? assert.fail(name);
      assert.deepEqual(
        [option.value === undefined, option.short, option.isRepeatable],
        [value === undefined, short, isRepeatable],
        name,
      );
    }
  });

  for (const line of [
    "start web",
    "-P stop web db",
    "restart all --rolling --timeout 5",
    "signal --group web 15",
    "hold web --for 2h --reason x",
    "-c a.cfg status --json",
    "status",
    "events -n 3 web",
    "logs -f web --grep start",
    "start -- --odd",
    "__programs -c a.cfg",
  ]) {
    test(`${line} means the same to them as to the whole tool`, () => {
      const [found, more] = parsed(line.split(" "));
      assert.equal(more, undefined);
      const asked = parse(line.split(" "), usrsvc);
      assert.ok(found !== undefined && asked.kind === "run");
      assert.deepEqual(
        [found.command.name, found.words, found.options],
        [asked.command.name, asked.words, asked.options],
      );
    });
  }

  for (const line of [
    "",
    "top",
    "explain web",
    "statsu",
    "status --hepl",
    "status --help",
    "-V",
    "start",
    "start web -H db1",
    "status --watch",
    "status -w web",
    "status --interval 3",
    "start web --write",
    "wait web --timeout",
  ]) {
    test(`"${line}" is left to the whole tool`, () => {
      assert.deepEqual(parsed(line === "" ? [] : line.split(" ")), []);
    });
  }
});
