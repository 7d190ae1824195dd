import type { Pid } from "../../../proc/pid.ts";
import { statIfAny } from "../../../proc/reader.ts";
import type { Host } from "../../host/host.ts";
import { readParticulars } from "../../../proc/particulars.ts";
import { commandWords } from "../own-command.ts";
import type { Subject } from "./subject.ts";
import { describeProcess, isIdleShell } from "./words.ts";

/** What starts again whatever has ended below it. */
const MANAGERS =
  /(^|[\s/])(PM2 v|pm2\b|supervisord|circusd|runsv|runsvdir|s6-supervise|s6-svscan|supervise|svscan|monit|nodemon|forever|foreman|honcho|overmind|goreman|dinit|process-compose|watchexec|entr)\b|God Daemon/;
/** What people's programs are started from, and which does not care for them. */
const PLACES =
  /^(-|sshd|login|su |sudo |tmux|screen|SCREEN|zellij|mosh-server|xterm|konsole|gnome-terminal|kitty|alacritty|cron|crond|CRON|atd|\(sd-pam\)|\/?(usr\/)?(s?bin\/)?(init|login|cron|systemd|sshd|sudo|su|tmux|screen)\b)/;

/** What still has a hand in the process: whoever started it, and systemd. One sentence each. */
export function describeParents(
  subject: Subject,
  host: Host,
  config: string | undefined,
): readonly string[] {
  const remarks: string[] = [];
  const parent = parentOf(subject.stat.ppid, host);
  if (parent !== undefined) {
    const who = describeProcess(parent.pid, host);
    const both = commandWords("usrsvc", `adopt ${parent.pid}`, config);
    remarks.push(
      parent.isManager
        ? `process ${who} started it, and starts it again when it ends: take it out there first, or there will be two`
        : `process ${who} started it and waits for it: if that starts it again when it ends, adopt that one instead (${both})`,
    );
  }
  const unit = unitOf(subject);
  if (unit !== undefined) {
    const { name, isUser } = unit;
    const user = isUser ? " --user" : "";
    remarks.push(
      `systemd runs it as ${name}, starts it at boot if that is enabled, and may start it again when it ends (Restart=): ` +
        `systemctl${user} cat ${name} shows what; systemctl${user} disable --now ${name} leaves it to usrsvc, and ends it`,
    );
  }
  return remarks;
}

function parentOf(
  pid: number,
  host: Host,
): { readonly pid: number; readonly isManager: boolean } | undefined {
  const stat = pid > 1 ? statIfAny(host.proc, pid as Pid) : undefined;
  if (stat === undefined) return undefined;
  try {
    const { argv, exe } = readParticulars(stat.pid);
    const line = argv.join(" ");
    if (argv.length === 0 || isIdleShell({ argv, exe })) return undefined;
    if (MANAGERS.test(argv.slice(0, 3).join(" "))) return { pid, isManager: true };
    return PLACES.test(line) ? undefined : { pid, isManager: false };
  } catch {
    return undefined; // gone, or hidden: another account's, mostly
  }
}

/** The service of systemd that it is in, unless we are in the same. */
function unitOf({
  particulars,
}: Subject): { readonly name: string; readonly isUser: boolean } | undefined {
  const own = new Set(ownCgroups());
  for (const path of particulars.cgroups) {
    if (own.has(path)) continue;
    const parts = path.split("/");
    const name = parts.findLast((part) => part.endsWith(".service"));
    if (name === undefined || /^user@\d+\.service$/.test(name)) continue;
    return { name, isUser: parts.some((part) => /^user@\d+\.service$/.test(part)) };
  }
  return undefined;
}

function ownCgroups(): readonly string[] {
  try {
    return readParticulars(process.pid as Pid).cgroups;
  } catch {
    return [];
  }
}
