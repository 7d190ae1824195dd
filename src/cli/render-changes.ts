import type { Change, Effect, KeyChange } from "../operations/changes/change.ts";
import { listNames } from "../lib/format.ts";
import { ENV } from "../lib/env-key.ts";
import type { Style } from "./terminal/style.ts";
import { describeBoth, shortenBoth, shownValue } from "./differing.ts";
import { keyName } from "./key-name.ts";
import type { Screen } from "./screen.ts";

/** How each kind of change is marked. */
const MARKS: Readonly<Record<Change["change"], readonly [mark: string, style: Style]>> = {
  added: ["+", "good"],
  removed: ["-", "bad"],
  changed: ["~", "busy"],
  renamed: [">", "strong"],
  unknown: ["!", "bad"],
};

/** What a change comes to. */
const EFFECTS: Readonly<Record<Effect, string>> = {
  now: "applies at once",
  restart: "needs a restart",
  start: "applies at its next start",
  already: "it runs with this already",
};

/** Prints what differs; programs in which the same differs share it. */
export function tellChanges(changes: readonly Change[], screen: Screen): void {
  for (const [first, ...more] of together(changes)) {
    if (first === undefined) continue;
    const [mark, colour] = MARKS[first.change];
    const names = [first, ...more].flatMap(({ program }) => program ?? []);
    const what = first.program === undefined ? "[Main]" : describePrograms(names);
    const was = first.from === undefined ? "" : `, which was ${first.from}`;
    const note = first.note === undefined ? "" : `: ${first.note}`;
    screen.result(`${mark} ${what}${was}${note}`, colour);
    for (const key of first.keys) screen.result(`    ${describeKey(key, first.program)}`);
  }
}

function describePrograms(names: readonly string[]): string {
  return `program${names.length > 1 ? "s" : ""} ${listNames(names)}`;
}

function together(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const { program, pid: _, ...rest } = change;
    const group = JSON.stringify([program === undefined, rest]);
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [change]);
    else known.push(change);
  }
  return [...groups.values()];
}

function describeKey(change: KeyChange, program: string | undefined): string {
  const { key, effect } = change;
  const isOfDaemon = program === undefined && effect === "restart";
  const follows = isOfDaemon ? "needs usrsvcd restart" : EFFECTS[effect];
  return `${keyName(key)}: ${describeValues(change)}; ${follows}`;
}

function describeValues({ key, unit, old, new: now, isHidden }: KeyChange): string {
  if (isHidden) return "changed, not shown";
  if (old !== undefined) return describeBoth(old, now, unit);
  const isVariable = key === "Env" || key.startsWith(ENV);
  if (isVariable && now !== null) return "launched with another value";
  const [, shown] = shortenBoth("", shownValue(now, unit));
  return `launched with another value, is now ${shown}`;
}

/** One of them as an object of JSON. */
export function describeChange({ keys, note, ...rest }: Change): object {
  return {
    section: "Difference",
    ...rest,
    ...(note === undefined ? {} : { message: note }),
    keys: keys.map(({ key, unit, old, new: now, isHidden, effect }) => ({
      key,
      ...(old === undefined ? {} : { old }),
      new: now,
      ...(unit === "" ? {} : { unit }),
      ...(isHidden ? { hidden: true } : {}),
      applies: effect,
    })),
  };
}
