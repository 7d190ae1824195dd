import type { Tool } from "../command.ts";
import { usrsvc } from "./usrsvc/table.ts";
import { usrsvcd } from "./usrsvcd/table.ts";

/** Both programs, for inspection: no command is run from here. */
export const tools: { readonly usrsvc: Tool; readonly usrsvcd: Tool } = {
  usrsvc,
  usrsvcd: usrsvcd({
    detached: () => undefined,
    supervise: () => Promise.reject(new TypeError("nothing is supervised from here")),
  }),
};
