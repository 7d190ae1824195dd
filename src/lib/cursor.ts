import type { FilePlace } from "./file-follower.ts";

/** Up to where logs were shown, by their paths. */
export type Cursor = ReadonlyMap<string, FilePlace>;

/** As a word that a later call takes. */
export function printCursor(cursor: Cursor): string {
  const rows = [...cursor].map(([path, { id, at }]) => [path, id, at]);
  return Buffer.from(JSON.stringify(rows)).toString("base64url");
}

/** Reads such a word; undefined: it is none. */
export function parseCursor(text: string): Cursor | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    const rows: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (!Array.isArray(rows)) return undefined;
    const cursor = new Map<string, FilePlace>();
    for (const row of rows as readonly unknown[]) {
      const [path, id, at] = Array.isArray(row) ? (row as readonly unknown[]) : [];
      if (typeof path !== "string" || typeof id !== "string" || !isPlace(at)) return undefined;
      cursor.set(path, { id, at });
    }
    return cursor;
  } catch {
    return undefined; // no JSON
  }
}

function isPlace(at: unknown): at is number {
  return Number.isSafeInteger(at) && (at as number) >= 0;
}
