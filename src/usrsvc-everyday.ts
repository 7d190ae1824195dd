import { begin } from "./cli/begin.ts";
import { parseEveryday } from "./cli/commands/usrsvc/everyday.ts";

const argv = process.argv.slice(2);
const asked = parseEveryday(argv);

/** False: nothing was done, and usrsvc.ts is to run instead. */
export const isTaken = asked !== undefined;

if (asked !== undefined) {
  begin(argv, async (screen) => await asked.command.run({ ...asked, screen }));
}
