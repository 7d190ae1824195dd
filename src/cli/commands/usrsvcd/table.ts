import type { Tool } from "../../command.ts";
import { completion } from "../completion.ts";
import type { Begin } from "./begin.ts";
import { checkconfig } from "./checkconfig.ts";
import { init } from "./init.ts";
import { installUnit } from "./install-unit.ts";
import { reread } from "./reread.ts";
import { restartCommand } from "./restart.ts";
import { startCommand } from "./start.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";

/** The commands of `usrsvcd`. */
export function usrsvcd(begin: Begin): Tool {
  return {
    name: "usrsvcd",
    title: "keeps the programs of an account running",
    about: [
      "Keeps the programs in $HOME/usrsvc.cfg running. It can be stopped, upgraded or killed at any time",
      "without affecting them; only as process 1 of a container does it stay, and end them all with it.",
    ],
    commands: [
      startCommand(begin),
      stop,
      restartCommand(begin),
      status,
      reread,
      checkconfig,
      init,
      installUnit,
      completion,
    ],
    byDefault: "start",
  };
}
