import type { Program } from "../../identity/program.ts";
import { findProgram } from "../../identity/program.ts";
import type { State } from "../../state/states.ts";
import { observeAll } from "../../status/observe-all.ts";
import type { StatusContext } from "../../status/status-context.ts";
import { dependenciesOf } from "../order.ts";
import { heldAndRemembered } from "../looking/held-around.ts";
import type { Site } from "../site.ts";

/** A program that another starts after. */
export interface Companion {
  readonly program: string;
  /** By which settings. */
  readonly by: readonly string[];
  readonly state: State;
  readonly reason?: string;
}

/** The programs that one starts after, as they are now, and those that need it. */
export async function companionsOf(
  { name, settings }: Program,
  { settings: all, host }: Site,
  around: StatusContext,
): Promise<{ readonly startsAfter?: readonly Companion[]; readonly neededBy?: readonly string[] }> {
  const order = dependenciesOf(all);
  const names = order.of(name);
  const neededBy = order.neededBy(name);
  const { needs = [], restartWith = [], after = [] } = settings ?? {};
  const isIn = (some: readonly string[], one: string): boolean =>
    some.some((text) => order.named(text).includes(one));
  const byOf = (one: string): readonly string[] => [
    ...(isIn(
      after.flatMap(({ kind, text }) => (kind === "program" ? [text] : [])),
      one,
    )
      ? ["after"]
      : []),
    ...(isIn(needs, one) ? ["needs"] : []),
    ...(isIn(restartWith, one) ? ["restart_with"] : []),
  ];
  const programs = names.flatMap((one) => findProgram(all, one, host) ?? []);
  const seen = await observeAll(programs, { ...around, ...heldAndRemembered(programs, host) });
  const startsAfter = seen.map(({ program, state, reason }) => ({
    program,
    by: byOf(program),
    state,
    ...(reason !== undefined && { reason }),
  }));
  return {
    ...(startsAfter.length > 0 && { startsAfter }),
    ...(neededBy.length > 0 && { neededBy }),
  };
}
