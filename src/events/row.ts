/** What people read first, and what `usrsvcd_stderr` gets. */
export type Level = "debug" | "info" | "warn" | "error";

/** Marks a field that is only for the sentence or for the mail: it is not in the line of the log. */
export const unlogged = false;

/** All that is said of one kind of event, wherever it is said; but for the words of a mail, which alerts/ has. */
export interface Row<E> {
  readonly level: Level | LevelByCase<E>;
  /** People are mailed about it. */
  readonly mailed?: true;
  /** `msg` of its line. */
  readonly sentence: (event: E) => string;
  /** What it is, for the manual, where its name does not say it. */
  readonly about?: string;
  /** For the manual: what each field is, or each of its named values; "" where the name says it. */
  readonly fields: {
    readonly [F in FieldOf<E>]: (F extends Listed ? ValuesOf<E, F> : string) | typeof unlogged;
  };
}

/** A level that depends on the event. */
interface LevelByCase<E> {
  readonly among: readonly Level[];
  readonly of: (event: E) => Level;
}

/** Fields with names for values: the manual lists all. */
type Listed = "what" | "why";

type FieldOf<E> = Exclude<KeyOf<E>, "kind" | "program">;
type KeyOf<E> = E extends unknown ? keyof E : never;
type ValuesOf<E, F extends string> = Readonly<Record<ValueOf<E, F> & string, string>>;
type ValueOf<E, F extends string> = E extends { readonly [K in F]: infer V } ? V : never;

/** A row for each kind of some events. */
export type Rows<E extends { readonly kind: string }> = {
  readonly [K in E["kind"]]: Row<Extract<E, { readonly kind: K }>>;
};
