import { readlinkSync } from "node:fs";
import type { OpenDescriptor } from "../../../proc/particulars.ts";
import type { Host } from "../../host/host.ts";
import type { Subject } from "./subject.ts";
import { describeProcess } from "./words.ts";

/** Where a program's output is to go. */
export interface OutputsFound {
  /** Undefined: to the default, a file in state_dir. */
  readonly stdout: string | undefined;
  /** Undefined: to the same as stdout. */
  readonly stderr: string | undefined;
  readonly remarks: readonly string[];
}

/** Takes log files from the descriptors of a process; what is none is remarked on. */
export function findOutputs({ ref, particulars }: Subject, host: Host): OutputsFound {
  const { descriptors } = particulars;
  const remarks: string[] = [];
  const [out, err] = [descriptors.get(1), descriptors.get(2)];
  const stdout = logOf(out);
  const stderr = logOf(err);
  if (stdout === undefined) {
    const now = describe(out, ref.pid, host);
    remarks.push(`its output goes ${now}; from its next start on, to a log in state_dir`);
  } else if (out?.isDeleted === true) {
    remarks.push(
      `its log ${stdout} was deleted or rotated away: it writes to what has no name any more`,
    );
  }
  if (stderr === undefined && stdout !== undefined) {
    const now = describe(err, ref.pid, host);
    remarks.push(`its error output goes ${now}; from its next start on, to ${stdout} as well`);
  }
  const input = descriptors.get(0);
  if (input !== undefined && /^(pipe|socket):/.test(input.path)) {
    remarks.push(
      "it reads from a pipe or socket; a program that usrsvc starts has an empty input (/dev/null)",
    );
  }
  const isSame = stderr === undefined || stderr === stdout;
  return { stdout, stderr: isSame ? undefined : stderr, remarks };
}

function logOf(open: OpenDescriptor | undefined): string | undefined {
  if (open === undefined) return undefined;
  // A file whose link is gone is no regular file of a folder any more, but its path was one.
  return open.isFile && open.path.startsWith("/") && !open.path.startsWith("/memfd:")
    ? open.path
    : undefined;
}

function describe(open: OpenDescriptor | undefined, pid: number, host: Host): string {
  if (open === undefined) return "nowhere (it is closed)";
  const { path } = open;
  if (path === "/dev/null") return "to /dev/null";
  if (/^\/dev\/(pts\/|tty|console)/.test(path)) return `to a terminal (${path})`;
  if (path.startsWith("socket:")) return "to a socket (the journal of systemd, mostly)";
  if (path.startsWith("pipe:")) {
    const reader = readerOf(path, pid, host);
    return reader === undefined
      ? "into a pipe"
      : `into a pipe to process ${describeProcess(reader, host)}`;
  }
  return `to ${path}`;
}

/** The process of this account that has the pipe as its input. */
function readerOf(pipe: string, pid: number, { table }: Host): number | undefined {
  return table.scan({ maxAgeMs: 1000 }).find(({ ref }) => {
    try {
      return ref.pid !== pid && readlinkSync(`/proc/${ref.pid}/fd/0`) === pipe;
    } catch {
      return false; // gone
    }
  })?.ref.pid;
}
