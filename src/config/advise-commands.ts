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

function commandsOf({
  stopCommand,
  reload,
}: Unsure<ProgramSettings>): readonly (readonly [key: string, command: CommandText])[] {
  return [
    ...(stopCommand === undefined ? [] : [["stop_command", stopCommand] as const]),
    ...(reload?.kind === "command" ? [["reload", reload] as const] : []),
  ];
}
