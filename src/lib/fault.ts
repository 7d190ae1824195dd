import { accessSync } from "node:fs";

/** Shortages of a machine, which pass: another try is worthwhile, and no program is to blame. */
const FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk (see df, df -i)",
  EDQUOT: "the disk quota is used up (see quota)",
  EROFS: "its file system is read-only (see mount, dmesg)",
  EIO: "its disk has an error (see dmesg)",
  EMFILE: "too many open files in usrsvc (ulimit -n)",
  ENFILE: "too many open files on this machine",
  ENOMEM: "out of memory",
  EAGAIN: "no more processes can be created (ulimit -u, or TasksMax of the unit)",
  ENOBUFS: "the kernel has no buffers left",
};

/** What such an error means, for people; undefined for others. */
export function faultWords(code: string): string | undefined {
  return FAULTS[code];
}

/** The error for a file on a disk that became read-only, with its path and what to check. */
export function readOnlyDisk(path: string, cause?: unknown): Error {
  const text = `${path} cannot be written: its file system is read-only (see mount, dmesg)`;
  return Object.assign(new Error(text, { cause }), { code: "EROFS" });
}

/** The code of the error that denies us `mode` (of `constants` of node:fs) for a path; undefined: it is permitted. */
export function accessFault(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "EACCES";
  }
}

/** The code of an error that says so of the machine (disk full, no process left); else undefined. */
export function machineFault(error: unknown): string | undefined {
  const { code, cause } = error as NodeJS.ErrnoException;
  if (code !== undefined && code in FAULTS) return code;
  return cause instanceof Error ? machineFault(cause) : undefined;
}
