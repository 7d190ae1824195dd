import type { Dependencies } from "../config/dependencies.ts";
import type { ActionResult } from "./operation.ts";

type Action = ActionResult["action"];

/** What is to be done with one program, and when. */
export interface PlannedStep {
  readonly name: string;
  readonly action: Action;
  /** Steps of these programs come before. */
  readonly after: readonly string[];
  /** Nobody has named it: why it is acted on all the same. */
  readonly because?: Because;
}

/** Why a program is acted on that nobody has named; `program`: for which one. */
export interface Because {
  readonly kind: "is-needed" | "needs" | "was-stopped-for" | "restart-with";
  readonly program: string;
}

/** What is known of the programs when a plan is made. */
export interface PlanFacts {
  /** It runs, or is about to. */
  readonly isUp: (name: string) => boolean;
  /** A stop of this program has stopped it, and it would come back with that. */
  readonly stoppedFor: (name: string) => string | undefined;
}

/** Who is acted on besides those that are named, and who comes before whom. */
export function planOf(
  action: Action,
  names: readonly string[],
  order: Dependencies,
  facts: PlanFacts,
): readonly PlannedStep[] {
  const restarted = action === "restart" ? restartedAlong(names, order, facts) : [];
  const others =
    action === "stop"
      ? stoppedAlong(names, order, facts)
      : startedAlong(names, new Map(restarted), order, facts);
  const all = [...new Set([...names, ...others.keys()])];
  const isStop = action === "stop";
  const ordered = isStop ? order.inReverse(all) : order.inOrder(all);
  const among = new Set(all);
  return ordered.map((name) => {
    const before = isStop ? order.usersOf(name) : order.of(name);
    const because = others.get(name);
    const isStart = because?.kind === "is-needed" || because?.kind === "was-stopped-for";
    return {
      name,
      action: isStart ? "start" : action,
      after: before.filter((one) => among.has(one)),
      ...(because && { because }),
    };
  });
}

/** Those that use what is to be stopped, as far as they are up. */
export function stoppedAlong(
  names: readonly string[],
  order: Dependencies,
  { isUp }: PlanFacts,
): Map<string, Because> {
  const found = along(names, [["needs", (name) => order.neededBy(name)]]);
  for (const name of found.keys()) if (!isUp(name)) found.delete(name);
  return found;
}

/** What is needed and down, what was stopped for one of them, what those need, and so on. */
function startedAlong(
  names: readonly string[],
  restarted: ReadonlyMap<string, Because>,
  order: Dependencies,
  { isUp, stoppedFor }: PlanFacts,
): Map<string, Because> {
  const isDown = (name: string): boolean => !isUp(name);
  const more = along(
    [...names, ...restarted.keys()],
    [
      ["is-needed", (name) => order.needsOf(name).filter(isDown)],
      [
        "was-stopped-for",
        (name) => order.neededBy(name).filter((user) => stoppedFor(user) === name),
      ],
    ],
  );
  return new Map([...restarted, ...more]);
}

function restartedAlong(
  names: readonly string[],
  order: Dependencies,
  { isUp }: PlanFacts,
): Map<string, Because> {
  return along(names, [["restart-with", (name) => order.restartedWith(name).filter(isUp)]]);
}

/** All that follow from the names, each with the one from which it follows. */
function along(
  names: readonly string[],
  ways: readonly (readonly [Because["kind"], (name: string) => readonly string[]])[],
): Map<string, Because> {
  const known = new Set(names);
  const found = new Map<string, Because>();
  for (const program of known) {
    for (const [kind, next] of ways) {
      for (const name of next(program)) {
        if (known.has(name)) continue;
        known.add(name);
        found.set(name, { kind, program });
      }
    }
  }
  return found;
}

/** The same in a sentence, for whoever is told before it is done. */
export function describeBecause(name: string, { kind, program }: Because): string {
  switch (kind) {
    case "is-needed":
      return `${name} is started first, because ${program} needs it`;
    case "needs":
      return `${name} is stopped first, because it needs ${program}`;
    case "was-stopped-for":
      return `${name} is started as well: it was stopped together with ${program}, which it needs`;
    case "restart-with":
      return `${name} is restarted as well (restart_with ${program})`;
  }
}
