import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, symlinkSync, writeSync } from "node:fs";

/** What a program may put in the place of a file that is read. */
export interface StrangeFile {
  readonly kind: string;
  readonly make: (path: string) => void;
  /** What is said of it. */
  readonly says: RegExp;
}

/** None of these is a regular file. */
export const noFiles: readonly StrangeFile[] = [
  {
    kind: "a FIFO",
    make: (path) => void execFileSync("mkfifo", [path]),
    says: /is a FIFO, not a file/,
  },
  { kind: "a folder", make: (path) => mkdirSync(path), says: /is a folder, not a file/ },
  {
    kind: "a link to /dev/zero",
    make: (path) => symlinkSync("/dev/zero", path),
    says: /is a (device|symbolic link), not a file/,
  },
  {
    kind: "a link to a terminal",
    make: (path) => symlinkSync("/dev/tty", path),
    says: /is a (device|symbolic link), not a file/,
  },
  {
    kind: "a socket",
    make: (path) =>
      void execFileSync("python3", [
        "-c",
        "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
        path,
      ]),
    says: /is a socket, not a file/,
  },
];

/** A regular file of 10 GB, of which the disk holds nothing but the beginning. */
export function makeHugeFile(path: string, beginning: string): void {
  const fd = openSync(path, "w");
  writeSync(fd, beginning);
  ftruncateSync(fd, 10 * 1024 ** 3);
  closeSync(fd);
}
