import { endianness } from "node:os";

const AF_UNIX = 1;
/** Bytes of `sun_path` (unix(7)). */
const PATH_SIZE = 108;

/**
 * A `struct sockaddr_un` for an absolute path, or for an abstract name where it begins with `@` (as
 * systemd writes it); undefined for anything else, and when it does not fit.
 */
export function unixAddress(path: string): Buffer | undefined {
  const isAbstract = path.startsWith("@");
  if (path.length < 2 || !(isAbstract || path.startsWith("/")) || path.includes("\0")) {
    return undefined;
  }
  // The length of the address ends an abstract name, a NUL a path.
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > PATH_SIZE) return undefined;
  const family = Buffer.alloc(2);
  if (endianness() === "LE") family.writeUInt16LE(AF_UNIX);
  else family.writeUInt16BE(AF_UNIX);
  return Buffer.concat([family, name]);
}
