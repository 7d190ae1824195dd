import type { Tool } from "../../command.ts";
import { daemonCommandNames } from "../usrsvcd/names.ts";
import { completion } from "../completion.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { listPrograms } from "./list-programs.ts";
import { match } from "./match.ts";
import { reload } from "./reload.ts";
import { restart } from "./restart.ts";
import { signal } from "./signal.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";

/** The commands of `usrsvc`. */
export const usrsvc: Tool = {
  name: "usrsvc",
  title: "starts and stops the programs of an account and shows what is running",
  about: ["Acts on the programs described in $HOME/usrsvc.cfg. Needs no daemon."],
  commands: [
    start,
    stop,
    restart,
    reload,
    signal,
    status,
    events,
    explain,
    match,
    completion,
    listPrograms,
  ],
  other: { name: "usrsvcd", commands: daemonCommandNames },
};
