import { closeSync, openSync, readSync } from "node:fs";

/** So many bytes that nobody can foretell, in hex; of the kernel itself, since node:crypto takes 3 ms and half a MB. */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const fd = openSync("/dev/urandom", "r");
  try {
    if (readSync(fd, buffer) !== bytes) throw new Error("/dev/urandom: no random bytes");
  } finally {
    closeSync(fd);
  }
  return buffer.toString("hex");
}
