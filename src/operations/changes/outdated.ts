import type { Program } from "../../identity/program.ts";
import { stateTraits } from "../../state/states.ts";
import { look } from "../looking/look.ts";
import type { Site } from "../site.ts";

/**
 * Those of some programs that run with settings which only a restart makes those of the files: what `usrsvc status` says
 * of them, and no other opinion. What runs while its section has errors is among them: nobody knows, and its restart
 * says why it is refused.
 */
export async function outdatedOf(
  programs: readonly Program[],
  site: Site,
): Promise<readonly Program[]> {
  if (programs.length === 0) return [];
  const names = programs.map(({ name }) => name);
  const { programs: seen } = await look(site, { names, withCommands: false }).report();
  const status = new Map(seen.map((one) => [one.program, one]));
  return programs.filter(({ name, settings, isRemoved }) => {
    const one = status.get(name);
    if (one === undefined || isRemoved === true) return false;
    return settings === undefined ? stateTraits[one.state].isUp : one.olderSettings === true;
  });
}
