import assert from "node:assert/strict";
import fc from "fast-check";
import {
  actions,
  daemonActions,
  parseCommand,
  parseDaemonCommand,
  UsageError,
} from "../../src/cli/args.ts";
import { assertCount, type Target, target } from "./target.ts";

const words = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...actions, ...daemonActions, "all", "web", "db") },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        ..."-c -P -h -V -f -PV -cx --config --config=x --parallel --no-parallel --json --json=1 --debug --help".split(
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
    if (refused(() => parseCommand(argv))) return;
    const command = parseCommand(argv);
    if (command.kind !== "act") return;
    assert.ok(argv.includes(command.action));
    for (const name of command.names) assert.ok(argv.includes(name), `${name} was said`);
    const isAll = argv.includes("all") || command.action === "status";
    assert.ok(command.names.length > 0 || isAll, "all is only what was called all");
  }),
  target("arguments of usrsvcd", words, (argv) => {
    if (refused(() => parseDaemonCommand(argv))) return;
    const command = parseDaemonCommand(argv);
    if (command.kind !== "control") return;
    assert.ok(argv.includes(command.action) || command.action === "start");
    assert.ok(!command.force || argv.includes("--force"));
  }),
];
