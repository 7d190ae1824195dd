import { parseEnviron } from "../../proc/environ.ts";
import { launchMark } from "../../src/identity/mark.ts";

/** The variables of a launch, by name. */
export function marks(program: string, launch: string): Record<string, string> {
  return Object.fromEntries(parseEnviron(launchMark(program, launch).join("\0")));
}
