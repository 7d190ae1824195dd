import { createHash } from "node:crypto";

/** Maximum length of the part of a file name that comes from a program's name (NAME_MAX is 255). */
const LONGEST_STEM = 180;

/**
 * A program's name as a file name: `Program:../../x` must not leave the folder. Everything but
 * letters, digits, `_`, `-`, and dots that do not lead is written as %XX. Half of a surrogate pair, which
 * only a forged file can contain, is written as the replacement character.
 */
export function fileStem(name: string): string {
  const stem = encodeURIComponent(name.replace(/\p{Surrogate}/gu, "\ufffd"))
    .replace(/[!~*'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\./, "%2E");
  if (stem.length <= LONGEST_STEM) return stem;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 32);
  return `${stem.slice(0, LONGEST_STEM)}~${digest}`; // no short stem holds a "~"
}
