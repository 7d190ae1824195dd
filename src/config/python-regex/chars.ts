/** The meaning of `\w`, `\s` and `\d`, as the inside of a JavaScript class (flag u). */
export interface Categories {
  readonly w: string;
  readonly s: string;
  readonly d: string;
}

/** Python's own: `str.isalnum` and `_`, `str.isspace`, `str.isdecimal`. */
export const UNICODE: Categories = {
  w: "\\p{L}\\p{N}_",
  s: "\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",
  d: "\\p{Nd}",
};

/** With the flag `(?a)`. */
export const ASCII: Categories = { w: "a-zA-Z0-9_", s: "\\t-\\r ", d: "0-9" };

/** One character, spelt so that it means itself inside and outside of a class. */
export function literal(code: number): string {
  const char = String.fromCodePoint(code);
  return /^[A-Za-z0-9_]$/.test(char) ? char : `\\u{${code.toString(16)}}`;
}

/** The characters that are equal to `code` when case is ignored, itself included. */
export function caseVariants(code: number): readonly number[] {
  const char = String.fromCodePoint(code);
  const variants = new Set([code]);
  const add = (text: string): void => {
    const other = text.codePointAt(0);
    if (other !== undefined && String.fromCodePoint(other) === text) variants.add(other);
  };
  add(char.toLowerCase());
  add(char.toUpperCase());
  add(char.toUpperCase().toLowerCase());
  // Python folds these too, as JavaScript's flag i does: the long s and the Kelvin sign.
  if (variants.has(0x73)) variants.add(0x17f);
  if (variants.has(0x6b)) variants.add(0x212a);
  return [...variants];
}

/** The code points from `low` to `high` as the inside of a class, case ignored if asked for. */
export function range(low: number, high: number, ignoreCase: boolean): string {
  const plain = low === high ? literal(low) : `${literal(low)}-${literal(high)}`;
  if (!ignoreCase) return plain;
  const others = new Set<number>();
  // No script with cases lies beyond these; walking a million code points takes a second.
  for (let code = low; code <= Math.min(high, 0x1ffff); code++) {
    for (const variant of caseVariants(code))
      if (variant < low || variant > high) others.add(variant);
  }
  return plain + [...others].map(literal).join("");
}
