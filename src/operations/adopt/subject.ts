import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { ProcError } from "../../../proc/error.ts";
import { type Particulars, readParticulars } from "../../../proc/particulars.ts";
import type { Pid, ProcessRef } from "../../../proc/pid.ts";
import { statIfAny } from "../../../proc/reader.ts";
import { isDead, type Stat } from "../../../proc/stat.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import { isLaunchShell } from "../../identity/launch-shell.ts";
import { isNamedUsrsvc } from "../../identity/usrsvc-process.ts";
import { nameOf, runAs } from "../../lib/accounts.ts";
import { commandWords } from "../own-command.ts";
import { findManager } from "./managed.ts";
import { describeProcess, isIdleShell } from "./words.ts";
import { masterOf } from "./master.ts";

/** A process that can be adopted. */
export interface Subject {
  readonly ref: ProcessRef;
  readonly stat: Stat;
  readonly particulars: Particulars;
}

/** Why one cannot be, and what to do instead. */
export interface Refusal {
  /** A word for scripts: gone, foreign, managed, worker … */
  readonly result: string;
  readonly code: ExitCode;
  readonly message: string;
}

/** Looks at a process that somebody wants to have adopted. `config`: as given after -c, for advice. */
export function examine(pid: Pid, host: Host, config: string | undefined): Subject | Refusal {
  const { proc } = host;
  const own = process.getuid?.() ?? 0;
  const refuse = (result: string, message: string, code: ExitCode = ExitCode.failure): Refusal => ({
    result,
    code,
    message: `not adopted: ${message}`,
  });
  const adopt = (other: number): string => commandWords("usrsvc", `adopt ${other}`, config);
  const stat = statIfAny(proc, pid);
  const gone = (): Refusal =>
    refuse("gone", `there is no process ${pid}; ps -u ${nameOf(own)} -o pid,args lists yours`);
  if (stat === undefined) return gone();
  if (isDead(stat)) {
    const why = `process ${pid} has ended, and is only waiting for its parent, process ${stat.ppid}, to notice`;
    return refuse("gone", why);
  }
  if (pid === 1) return refuse("unsuitable", "process 1 is the init of the machine or container");
  if (Number(pid) === 2 || (stat.ppid === 2 && stat.pgrp === 0)) {
    return refuse("unsuitable", `process ${pid} (${stat.comm}) is a part of the kernel`);
  }
  try {
    const thread = proc.threadGroup(pid);
    if (thread !== pid) {
      return refuse("thread", `${pid} is a thread of process ${thread}; run ${adopt(thread)}`);
    }
    const owners = proc.uids(pid);
    const other = owners.find((uid) => uid !== own);
    if (other !== undefined) {
      const isSetuid = new Set(owners.slice(0, 3)).size > 1;
      const message = isSetuid
        ? `process ${pid} runs with the rights of two accounts (setuid), and cannot be managed by either`
        : `process ${pid} belongs to ${nameOf(other)}; run it as that account: ${runAs(other, `usrsvc adopt ${pid}`)}`;
      return refuse("foreign", message, ExitCode.permission);
    }
    const argv = proc.cmdline(pid);
    if (isNamedUsrsvc(argv) || isLaunchShell(argv)) {
      const instead = "usrsvcd install-unit has systemd start it, and cron can (@reboot usrsvcd)";
      return refuse("unsuitable", `process ${pid} is a usrsvc or usrsvcd itself; ${instead}`);
    }
    const ancestor = isAncestor(pid, host);
    if (ancestor) {
      const what = describeProcess(pid, host);
      return refuse("unsuitable", `process ${what} is what this command was called from`);
    }
    const ref = { pid, startTime: stat.startTime };
    const manager = findManager(ref, host);
    if (manager !== undefined) return refuse("managed", manager);
    const particulars = readParticulars(pid);
    const hindrance = describeHindrance(pid, particulars);
    if (hindrance !== undefined) return refuse("unsuitable", hindrance);
    const master = masterOf({ ref, stat, particulars }, host);
    if (master !== undefined) {
      const whose = `a worker of process ${describeProcess(master, host)}, which would start another`;
      return refuse("worker", `process ${pid} is ${whose}; adopt that one: ${adopt(master)}`);
    }
    if (isIdleShell(particulars)) {
      const why =
        "is a shell that was given no command (or a part of one, as in ( … ) &), so nothing can start the same again; " +
        "put what it does into a script, start that, and adopt it";
      return refuse("unsuitable", `process ${pid} ${why}`);
    }
    return { ref, stat, particulars };
  } catch (error) {
    if (!(error instanceof ProcError)) throw error;
    if (error.code === "gone") return gone();
    const message = `process ${pid} hides its command line from this account`;
    return refuse("hidden", message, ExitCode.permission);
  }
}

function isAncestor(pid: Pid, { proc }: Host): boolean {
  let at: number = process.pid;
  for (let steps = 0; at > 1 && steps < 100; steps += 1) {
    if (at === pid) return true;
    at = statIfAny(proc, at as Pid)?.ppid ?? 0;
  }
  return false;
}

/** Why what was read of it is not enough to start the same again. */
function describeHindrance(pid: Pid, particulars: Particulars): string | undefined {
  const { exe, cwd, namespaces, root, isUtf8 } = particulars;
  const here = { pid: namespace("pid"), mnt: namespace("mnt") };
  if (namespaces.pid !== undefined && namespaces.pid !== here.pid) {
    return `process ${pid} runs in a container, with processes and files of its own; adopt what runs the container, or run usrsvc inside`;
  }
  if (root !== undefined && root !== "/" && namespaces.mnt === here.mnt) {
    return `process ${pid} runs in ${root} as its root folder (chroot); adopt what started it there`;
  }
  if (exe === undefined || cwd === undefined) {
    return `process ${pid} hides its executable and folder from this account, as a program with capabilities does; write its section by hand`;
  }
  if (!isUtf8) {
    return `the command line of process ${pid} is not UTF-8, as a configuration must be; start it by a script, and adopt that`;
  }
  if (/^systemd(-executor)?$/.test(basename(exe.path))) {
    return `process ${pid} is systemd itself`;
  }
  return undefined;
}

function namespace(kind: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return undefined;
  }
}
