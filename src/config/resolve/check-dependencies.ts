import { Dependencies, hasDependencies, type OrderSettings } from "../dependencies.ts";
import { IssueList } from "../issue-list.ts";
import type { ConfigIssue, Place } from "../issue.ts";
import { nearest } from "../nearest.ts";
import type { FaultyProgram, ProgramSettings } from "../settings.ts";

/** Where the keys of a program stand. */
export type WhereIs = (key: string) => Place;

/** Keys that name other programs. */
const KEYS = ["after", "needs", "restart_with"] as const;

/**
 * Finds what is wrong with who waits for whom: a name that no program has, a loop, one that needs what is disabled.
 *
 * @returns the issues; the programs of those that are errors cannot be started
 */
export function checkDependencies(
  programs: ReadonlyMap<string, ProgramSettings>,
  faulty: ReadonlyMap<string, FaultyProgram>,
  places: ReadonlyMap<string, WhereIs>,
): readonly ConfigIssue[] {
  const some = [...programs.values()].filter(hasDependencies);
  if (some.length === 0) return [];
  const all = new Dependencies(programs);
  const others = new Set(
    [...faulty.values()].flatMap(({ name, instanceOf = name }) => [name, instanceOf]),
  );
  const issues: ConfigIssue[] = [];
  for (const program of some) {
    const list = new IssueList(program.name);
    const whereIs = placeOf(program, places);
    for (const [key, text] of namesIn(program)) {
      if (all.named(text).length > 0 || others.has(text)) continue;
      const near = nearest(text, [...programs.keys(), ...others]);
      const advice = near === undefined ? "usrsvc status lists them all" : `did you mean ${near}?`;
      list.error(whereIs(key), `${key}: no program is called ${JSON.stringify(text)}; ${advice}`);
    }
    for (const name of program.enabled ? all.needsOf(program.name) : []) {
      if (programs.get(name)?.enabled !== false) continue;
      list.error(
        whereIs("needs"),
        `needs: ${name} is disabled (enabled = False), so this could never start; enable it, or disable this as well`,
      );
    }
    issues.push(...list.issues);
  }
  for (const loop of all.loops()) {
    const text = `waits for itself: ${loop.join(" → ")} (each starts after the next); leave one of these out`;
    for (const [index, name] of loop.slice(1).entries()) {
      const program = programs.get(loop[index] ?? "");
      if (program === undefined) continue;
      const key = keyThatNames(program, name, all);
      const list = new IssueList(program.name);
      list.error(placeOf(program, places)(key), `${key}: ${text}`);
      issues.push(...list.issues);
    }
  }
  return issues;
}

function placeOf({ name, place }: ProgramSettings, places: ReadonlyMap<string, WhereIs>): WhereIs {
  return places.get(name) ?? (() => place);
}

function namesIn({
  after,
  needs,
  restartWith,
}: OrderSettings): readonly (readonly [key: (typeof KEYS)[number], text: string])[] {
  return [
    ...after.flatMap(({ kind, text }) => (kind === "program" ? [["after", text] as const] : [])),
    ...needs.map((text) => ["needs", text] as const),
    ...restartWith.map((text) => ["restart_with", text] as const),
  ];
}

function keyThatNames(program: ProgramSettings, name: string, all: Dependencies): string {
  return namesIn(program).find(([, text]) => all.named(text).includes(name))?.[0] ?? "after";
}
