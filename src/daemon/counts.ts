import { states, stateTraits } from "../state/states.ts";
import type { ProgramState } from "../supervisor/program-state.ts";

type Kind = ProgramState["kind"];

const ofStates = states.map((kind) => ({ kind, ...stateTraits[kind].counted }));
const words: readonly { readonly kind: Kind; readonly word: string }[] = [
  ...ofStates.toSorted((a, b) => a.place - b.place),
  { kind: "unknown", word: "unknown" },
];

/** For `systemctl status`: `12 running, 1 backing off; set aside: web`. */
export function describeCounts(
  counts: ReadonlyMap<Kind, number>,
  setAside: readonly string[] = [],
): string {
  const parts = words
    .map(({ kind, word }) => ({ count: counts.get(kind), word }))
    .filter(({ count }) => count !== undefined)
    .map(({ count, word }) => `${count} ${word}`);
  const all = parts.length === 0 ? "no programs" : parts.join(", ");
  return setAside.length === 0 ? all : `${all}; set aside: ${setAside.join(", ")}`;
}
