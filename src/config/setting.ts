import type { RawValue, Reading } from "./values.ts";

/** A value as JSON. */
export type Printed = string | number | boolean | null | readonly string[];

/** How values of a kind are written, and shown again. */
export interface Unit<T> {
  /** The unit of a bare number, as documentation names it; "" for what has none. */
  readonly name: string;
  parse(raw: RawValue): Reading<T>;
  /** True where `~/` at the beginning is the home folder. */
  readonly isPath?: true;
  /** As `checkconfig --json` has it, in this unit; null for nothing. */
  print(value: T): Printed;
}

/** A default that follows from something else; undefined if that could not be read. */
export type Follow<T> = (facts: never, soFar: never) => T | undefined;

/** One key of the configuration: the table is its section, the name its key in that. */
export interface Setting<F extends string = string, T = unknown, D = unknown> {
  /** Its name in MainSettings, ProgramSettings or MonitorSettings. */
  readonly field: F;
  /** Other spellings that are also accepted. */
  readonly aliases: readonly string[];
  readonly unit: Unit<T>;
  /** The default where the key is not set, or empty: a value, or a function that returns it. */
  readonly default: D;
  /** The same, as documentation shows it. */
  readonly shownDefault: string;
  /**
   * What a changed value waits for: "now" for a reread only, "restart" for the next start of the program
   * (in `[Main]`, of usrsvcd).
   */
  readonly applies: "now" | "restart";
  readonly help: string;
}

/** A table of settings by key. */
export type Schema = Readonly<Record<string, Setting>>;

/** The settings of a table: by field, defaults resolved. */
export type Fields<S extends Schema> = {
  readonly [K in keyof S as S[K]["field"]]: S[K] extends Setting<string, infer T, infer D>
    ? D extends Follow<infer Followed>
      ? Followed
      : T
    : never;
};

interface Row<F extends string, T> {
  readonly field: F;
  readonly unit: Unit<T>;
  readonly applies: "now" | "restart";
  readonly help: string;
  readonly aliases?: readonly string[];
}

/** Declares a setting whose default is a value; `shown` where that says more. */
export function setting<const F extends string, T>(
  row: Row<F, T> & { readonly default: NoInfer<T>; readonly shown?: string },
): Setting<F, T, T>;
/** Declares one whose default follows from something else. */
export function setting<const F extends string, T>(
  row: Row<F, T> & { readonly default: Follow<NonNullable<T>>; readonly shown: string },
): Setting<F, T, Follow<NonNullable<T>>>;
export function setting<T>({
  shown,
  aliases = [],
  ...row
}: Row<string, T> & { readonly default: T; readonly shown?: string }): Setting<string, T, T> {
  return { ...row, aliases, shownDefault: shown ?? showPrinted(row.unit.print(row.default)) };
}

/** A value as it is written in a file; "none" for nothing. */
export function showPrinted(value: Printed): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return value === null ? "none" : String(value);
}

/** The value of a setting among the resolved ones. */
export function valueOf(settings: object, { field }: Setting): unknown {
  return (settings as Readonly<Record<string, unknown>>)[field];
}

/** Whether the default, where it is a value, holds. */
export function isDefault(settings: object, row: Setting): boolean {
  if (typeof row.default === "function") return false;
  if (valueOf(settings, row) === row.default) return true;
  const printed = [valueOf(settings, row), row.default].map((value) => row.unit.print(value));
  return JSON.stringify(printed[0]) === JSON.stringify(printed[1]);
}
