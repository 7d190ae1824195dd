import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allOptions, parse } from "../../src/cli/args.ts";
import { everyday, parseEveryday } from "../../src/cli/commands/usrsvc/everyday.ts";
import { usrsvc } from "../../src/cli/commands/usrsvc/table.ts";

describe("everyday commands", () => {
  test("have the arguments and options that the whole tool knows for them", () => {
    for (const command of everyday.commands) {
      const whole = usrsvc.commands.find(({ name }) => name === command.name);
      // `status` is another there: it can also --watch.
      assert.deepEqual({ ...command, run: undefined }, { ...whole, run: undefined }, command.name);
    }
  });

  test("have options that are read in the same way, whatever other commands have", () => {
    const all = allOptions(usrsvc);
    for (const [name, option] of Object.entries(allOptions(everyday))) {
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
      const found = parseEveryday(line.split(" "));
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
      assert.equal(parseEveryday(line === "" ? [] : line.split(" ")), undefined);
    });
  }
});
