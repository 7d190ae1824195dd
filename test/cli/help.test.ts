import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allOptions, shownCommands } from "../../src/cli/args.ts";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { renderHelp, wrap } from "../../src/cli/help.ts";
import { ExitCode } from "../../src/exit-code.ts";
import { tools } from "../support/tools.ts";

for (const [name, tool] of Object.entries(tools)) {
  describe(`${name} --help`, () => {
    const text = renderHelp(tool);

    test("has a row for each command and each option, and none for what is hidden", () => {
      for (const { name: command } of shownCommands(tool)) {
        assert.match(text, new RegExp(`^  ${command}( |$)`, "m"), command);
      }
      for (const [option, { short }] of Object.entries(allOptions(tool))) {
        const letter = short === undefined ? "     " : ` -${short}, `;
        assert.ok(text.includes(`\n ${letter}--${option}`), option);
      }
      for (const { name: command, isHidden } of tool.commands) {
        if (isHidden) assert.ok(!text.includes(command), command);
      }
    });

    test("has no line that is too wide, or ends in a blank", () => {
      for (const line of text.split("\n")) {
        assert.ok(line.length <= 100, line);
        assert.equal(line, line.trimEnd());
      }
    });

    test("tells every exit code", () => {
      for (const [code, what] of exitCodes) {
        assert.ok(text.replaceAll("\n", " ").includes(`${code} ${what}`), what);
      }
      const told = exitCodes.map(([code]) => code);
      assert.deepEqual(told, Object.values(ExitCode));
    });
  });
}

test("--help says with which commands an option goes, where that is not all", () => {
  const help = renderHelp(tools.usrsvcd).replaceAll(/\n {22}/g, " ");
  assert.match(help, / -f, --foreground {4}with start: stay in the/);
  assert.match(help, / --show-secrets {2}with checkconfig --json: show passwords/);
  const tool = renderHelp(tools.usrsvc).replaceAll(/\n {22}/g, " ");
  assert.match(tool, / --here {10}with start and restart: start from this shell/);
  assert.match(tool, / -P, --parallel {6}all at once/);
  assert.match(tool, / -c, --config FILE {3}main configuration file/);
});

test("--help begins with how it is called", () => {
  const first = (name: keyof typeof tools): string => renderHelp(tools[name]).split("\n")[0] ?? "";
  assert.equal(
    first("usrsvc"),
    "Usage: usrsvc [OPTIONS] start|stop|restart|reload|wait|hold|release|status|top|explain NAME…|all",
  );
  const rest = "start|stop|restart|status|reread|checkconfig|init|install-unit";
  assert.equal(first("usrsvcd"), `Usage: usrsvcd [OPTIONS] [${rest}]`);
});

test("wrap() breaks at blanks, and not within a word that is too long", () => {
  assert.deepEqual(wrap("a bb ccc dddddddd e", 4), ["a bb", "ccc", "dddddddd", "e"]);
  assert.deepEqual(wrap("", 4), [""]);
});
