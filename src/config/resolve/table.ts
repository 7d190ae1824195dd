import type { Fields, Schema } from "../setting.ts";

/** A table of settings, prepared for many look-ups. */
export interface Table<S extends Schema> {
  readonly schema: S;
  /** From each spelling to the key. */
  readonly spellings: ReadonlyMap<string, string>;
  /** Defaults by field; undefined where the default follows from something else. */
  readonly fallbacks: Unsure<Fields<S>>;
  /** The rows whose default follows from something else. */
  readonly following: readonly Following[];
}

/** Settings, each of which may be missing. */
export type Unsure<T> = { readonly [K in keyof T]: T[K] | undefined };

interface Following {
  readonly key: string;
  readonly field: string;
  readonly follow: (facts: object, soFar: object) => unknown;
}

/** Prepares `schema`. */
export function tabulate<S extends Schema>(schema: S): Table<S> {
  const rows = Object.entries(schema);
  const spellings = new Map(
    rows.flatMap(([key, { aliases }]) => [key, ...aliases].map((name) => [name, key])),
  );
  const following = rows.flatMap(([key, { field, default: follow }]) =>
    isFollow(follow) ? [{ key, field, follow }] : [],
  );
  const fallbacks = Object.fromEntries(
    rows.map(([, row]) => [row.field, isFollow(row.default) ? undefined : row.default]),
  );
  return { schema, spellings, fallbacks: fallbacks as Unsure<Fields<S>>, following };
}

function isFollow(value: unknown): value is Following["follow"] {
  return typeof value === "function";
}

/** No unread keys. */
export const NONE: ReadonlySet<string> = new Set();

/** What was read of a section. */
export interface ReadFields<S extends Schema> {
  /** By field; undefined for what is not set and has no fixed default, and for what is unread. */
  readonly fields: Unsure<Fields<S>>;
  /** Keys that are set to values which cannot be read. */
  readonly unread: ReadonlySet<string>;
}

/** Adds the defaults that follow from `facts` and from each other, except for what is unread. */
export function followDefaults<S extends Schema>(
  { following }: Table<S>,
  { fields, unread }: ReadFields<S>,
  facts: object,
): Unsure<Fields<S>> {
  if (following.length === 0) return fields; // thousands may share them
  const all: Record<string, unknown> = { ...fields };
  for (const { key, field, follow } of following) {
    if (all[field] === undefined && !unread.has(key)) all[field] = follow(facts, all);
  }
  return all as Unsure<Fields<S>>;
}

/** The same with the fixed defaults for what is unread. */
export function withFallbacks<S extends Schema>(
  { fallbacks }: Table<S>,
  { fields }: ReadFields<S>,
): ReadFields<S> {
  const read: Readonly<Record<string, unknown>> = fields;
  const all = Object.entries(fallbacks).map(([field, value]) => [field, read[field] ?? value]);
  return { fields: Object.fromEntries(all) as Unsure<Fields<S>>, unread: NONE };
}
