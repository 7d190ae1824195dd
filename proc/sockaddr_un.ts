import { endianness } from "node:os";

const AF_UNIX = 1;
/** Bytes of `sun_path` (unix(7)). */
const LONGEST_PATH = 108;

/**
 * A `struct sockaddr_un` for a path, or for an abstract name where it begins with `@` (as systemd
 * writes it); undefined when it does not fit.
 */
export function unixAddress(path: string): Buffer | undefined {
  const name = Buffer.from(path);
  if (name.length === 0 || name.length >= LONGEST_PATH) return undefined;
  if (name[0] === 0x40) name[0] = 0; // abstract: the length of the address ends the name
  const family = Buffer.alloc(2);
  if (endianness() === "LE") family.writeUInt16LE(AF_UNIX);
  else family.writeUInt16BE(AF_UNIX);
  return Buffer.concat(name[0] === 0 ? [family, name] : [family, name, Buffer.of(0)]);
}
