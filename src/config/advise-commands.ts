import type { Remark } from "./advice.ts";
import type { CommandText } from "./command-text.ts";
import type { Unsure } from "./resolve/table.ts";
import type { ProgramSettings } from "./settings.ts";
import { findShellSyntax } from "./shell/syntax.ts";

/** Why words could not be executed as the program is, by its settings. */
export type WhyNot = (
  words: readonly string[],
  settings: Unsure<ProgramSettings>,
) => string | undefined;

/** What speaks against the commands that keys of a program name besides its own: each runs as the program does. */
export function adviseCommands(
  settings: Unsure<ProgramSettings>,
  home: string,
  whyNot: WhyNot,
): readonly Remark[] {
  if (settings.useshell !== false) return []; // a shell will tell
  return commandsOf(settings).flatMap(([key, { text, words }]) => {
    const syntax = findShellSyntax(text, home).map((one) =>
      // With useshell the program itself would get a shell as well.
      one.replace("set useshell = True", `write ${key} = /bin/sh -c '…'`),
    );
    const fault = syntax.length > 0 ? undefined : whyNot(words, settings);
    return [...syntax, ...(fault === undefined ? [] : [fault])].map((said) => ({
      key,
      text: said,
    }));
  });
}

function commandsOf(
  settings: Unsure<ProgramSettings>,
): readonly (readonly [key: string, command: CommandText])[] {
  const { stopCommand, reload, beforeStart, afterStart, afterExit, beforeStop } = settings;
  const all: readonly (readonly [key: string, command: CommandText | undefined])[] = [
    ["stop_command", stopCommand],
    ["reload", reload?.kind === "command" ? reload : undefined],
    ["before_start", beforeStart],
    ["after_start", afterStart],
    ["after_exit", afterExit],
    ["before_stop", beforeStop],
  ];
  return all.flatMap(([key, command]) => (command === undefined ? [] : [[key, command] as const]));
}
