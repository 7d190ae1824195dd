import type { Tool } from "../../command.ts";
import { daemonCommandNames } from "../usrsvcd/names.ts";
import { adopt } from "./adopt.ts";
import { init } from "./init.ts";
import { completion } from "../completion.ts";
import { edit } from "./edit.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { hold } from "./hold.ts";
import { importFrom } from "./import.ts";
import { listHosts } from "./list-hosts.ts";
import { listPrograms } from "./list-programs.ts";
import { logs } from "./logs.ts";
import { match } from "./match.ts";
import { metrics } from "./metrics.ts";
import { release } from "./release.ts";
import { reload } from "./reload.ts";
import { restart } from "./restart.ts";
import { signal } from "./signal.ts";
import { start } from "./start.ts";
import { liveStatus } from "./live-status.ts";
import { stop } from "./stop.ts";
import { top } from "./top.ts";
import { wait } from "./wait.ts";

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
    wait,
    hold,
    release,
    liveStatus,
    top,
    explain,
    events,
    logs,
    match,
    metrics,
    init,
    edit,
    adopt,
    importFrom,
    completion,
    listPrograms,
    listHosts,
  ],
  other: { name: "usrsvcd", commands: daemonCommandNames },
};
