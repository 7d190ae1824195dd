/*
 * Files of one program in the state folder: JSON with a version and its name, checked by hand, field by field, since they
 * may have been edited, cut, or be of a later version.
 */

/** The object in such a file; undefined: it is none of this program, or not of this version. */
export function namedObject(text: string, name: string): Record<string, unknown> | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(raw) && raw["version"] === 1 && raw["name"] === name ? raw : undefined;
}

/** True for an object, lists among them. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The value, where it is a text. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The value, where it is a count, else 0. */
export function asCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** The value, where it is a whole number above 0. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
