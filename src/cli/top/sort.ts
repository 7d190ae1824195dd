import { stateTraits } from "../../state/states.ts";
import { isAtRest } from "../../status/is-right.ts";
import type { ProgramStatus } from "../../status/status.ts";
import type { Column } from "../status-cells.ts";

/** By what rows are sorted, in the order in which a key goes through them. */
export const sortKeys = ["state", "name", "cpu", "memory", "uptime", "restarts"] as const;
export type SortKey = (typeof sortKeys)[number];

/** An order of rows. */
export interface Order {
  readonly key: SortKey;
  readonly isReversed: boolean;
}

/** The column that a key sorts by. */
export function columnOf(key: SortKey): Column {
  return key === "name" ? "program" : key;
}

/** The rank of one that is stopped and should not be: after backoff. */
const MISSED = 2;

let collator: Intl.Collator | undefined;

/** `web:2` comes before `web:10`. Made when it is needed: that takes 5 ms, which no other command is to wait for. */
function compareNames(one: string, other: string): number {
  collator ??= new Intl.Collator("en", { numeric: true });
  return collator.compare(one, other);
}

/**
 * The programs in an order: trouble first, or the most of it, or by name; those of which it is not known last. What is
 * equal is in the order of names.
 */
export function sorted(
  all: readonly ProgramStatus[],
  { key, isReversed }: Order,
): readonly ProgramStatus[] {
  const direction = isReversed ? -1 : 1;
  return all.toSorted((a, b) => {
    const byName = compareNames(a.program, b.program);
    if (key === "name") return direction * byName;
    const [one, other] = [valueOf(a, key), valueOf(b, key)];
    if (one === undefined || other === undefined) {
      return Number(one === undefined) - Number(other === undefined) || byName;
    }
    return direction * (one - other) || byName;
  });
}

/** What comes first is the smallest. */
function valueOf(one: ProgramStatus, key: Exclude<SortKey, "name">): number | undefined {
  switch (key) {
    case "state":
      return one.state === "stopped" && !isAtRest(one) ? MISSED : stateTraits[one.state].rank;
    case "cpu":
      return negated(one.cpuPercent);
    case "memory":
      return negated(one.privateBytes);
    case "uptime":
      return negated(one.uptimeSeconds);
    case "restarts":
      return -one.restarts;
  }
}

function negated(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value;
}
