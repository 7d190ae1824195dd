import { beginEveryday } from "./cli/begin-everyday.ts";
import { acts } from "./cli/commands/usrsvc/acts.ts";

/** False: nothing was done, and usrsvc.ts is to run instead. */
export const isTaken = beginEveryday(acts);
