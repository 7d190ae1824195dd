import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../src/cli/args.ts";
import { commandNames, parseFor } from "../support/tools.ts";
import { assertCount, type Target, target } from "./target.ts";

const commands = [...commandNames("usrsvc"), ...commandNames("usrsvcd")];

const words = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...commands, "all", "web", "db") },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        ..."-c -P -h -V -f -PV -cx --config --config=x --parallel --no-parallel --json --json=1 --debug --help".split(
          " ",
        ),
        ..."--all --remember --remembered --outdated --dry-run --timeout=3 --for=exit --diff --write -H=web1".split(
          " ",
        ),
        ..."--here --reread --foreground --system --user --force --node --node=n --readme --version -- - --=".split(
          " ",
        ),
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "statr", "--pralell") },
  ),
  { maxLength: 6 },
);

/** Either it is understood, or what is not is told. */
function refused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    assert.notEqual(error.message, "");
    assertCount(error.code, "exit code", 1);
    return true;
  }
}

/** The words after the two commands. */
export const cliTargets: readonly Target[] = [
  target("arguments of usrsvc", words, (argv) => {
    if (refused(() => parseFor("usrsvc", argv))) return;
    const asked = parseFor("usrsvc", argv);
    if (asked.kind !== "run") return;
    assert.ok(argv.includes(asked.command.name));
    const { arguments: wanted, options } = asked.command;
    const values = asked.options as Readonly<Record<string, unknown>>;
    const isNamed = Object.entries(options).some(([name, one]) => one.isForNames && values[name]);
    if (isNamed) return assert.deepEqual(asked.words, ["all"]);
    for (const word of asked.words) assert.ok(argv.includes(word), `${word} was said`);
    if (wanted?.kind !== "programs") return;
    const mayBeLeftOut = wanted.isOptional === true || values[wanted.isOptionalWith ?? ""] === true;
    assert.ok(asked.words.length > 0 || mayBeLeftOut, "all is only what was called all");
  }),
  target("arguments of usrsvcd", words, (argv) => {
    if (refused(() => parseFor("usrsvcd", argv))) return;
    const asked = parseFor("usrsvcd", argv);
    if (asked.kind !== "run") return;
    assert.ok(argv.includes(asked.command.name) || asked.command.name === "start");
    const { force } = asked.options as { readonly force?: boolean };
    assert.ok(force !== true || argv.includes("--force"));
  }),
];
