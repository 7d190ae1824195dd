import type { Command } from "../../command.ts";
import { isWatched } from "../../args.ts";
import { status } from "./status.ts";
import { showTop } from "./top.ts";

/** `status`, which is `top` with `--watch`. */
export const liveStatus: Command = {
  ...status,
  async run(invocation) {
    return await (isWatched(invocation) ? showTop(invocation) : status.run(invocation));
  },
};
