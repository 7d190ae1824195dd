import { beginEveryday } from "./cli/begin-everyday.ts";
import { looks } from "./cli/commands/usrsvc/looks.ts";

/** False: nothing was done, and usrsvc.ts is to run instead. */
export const isTaken = beginEveryday(looks);
