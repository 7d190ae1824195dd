import { constants } from "node:os";

/** The name of an error of the C library, as `EACCES`. */
export function errorName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `errno ${errno}`;
}
