import { ExitCode } from "../exit-code.ts";
import { version } from "../package-root.ts";
import type { Tool } from "./command.ts";
import type { Screen } from "./screen.ts";

/** Shows what is asked for in place of a command. */
export async function showPage(
  page: "help" | "version" | "readme",
  tool: Tool,
  screen: Screen,
): Promise<ExitCode> {
  switch (page) {
    case "help": {
      const { renderHelp } = await import("./help.ts");
      screen.page(renderHelp(tool));
      break;
    }
    case "version":
      screen.page(`${tool.name} ${version()}`);
      break;
    case "readme": {
      const { manual } = await import("./manual.ts");
      screen.page(manual());
    }
  }
  return ExitCode.ok;
}
