import type { Tool } from "../../command.ts";
import { events } from "./events.ts";
import { listPrograms } from "./list-programs.ts";
import { logs } from "./logs.ts";
import { status } from "./status.ts";
import { wait } from "./wait.ts";

/** The everyday commands (begin-everyday.ts) that only look; --help of the whole tool (table.ts) shows them as well. */
export const looks: Tool = {
  name: "usrsvc",
  title: "",
  about: [],
  commands: [wait, status, events, logs, listPrograms],
};
