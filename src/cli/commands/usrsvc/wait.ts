import type { ExitCode } from "../../../exit-code.ts";
import { nearest } from "../../../config/nearest.ts";
import { openSite } from "../../../operations/site.ts";
import { waitForPrograms } from "../../../operations/looking/wait-for.ts";
import { type Goal, goals } from "../../../operations/looking/wait-goal.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { forWhat, parallel, programNames } from "../../programs.ts";
import { renderAction, renderActionJson } from "../../render.ts";
import { untilSignalled } from "../../run.ts";
import { readTimeout, timeout } from "../../timeout.ts";

const words = Object.keys(goals);

export const wait = command({
  name: "wait",
  summary: "wait until programs are ready, running, stopped, done, or have ended",
  arguments: { kind: "programs" },
  isLook: true,
  options: {
    ...onHosts,
    parallel, // it has no effect here: all are waited for at once
    for: forWhat,
    timeout,
  },
  async run({ words: names, options, screen }): Promise<ExitCode> {
    const goal = readGoal(options.for);
    const timeoutMs = readTimeout(options.timeout);
    using site = openSite(options.config);
    return await untilSignalled(async (signal) => {
      const asked = { names: programNames(names), goal, timeoutMs };
      return await waitForPrograms(site, asked, {
        signal,
        onProgress: (text) => screen.progress(text),
        onLeftDown: (text) => screen.complain(`note: ${text}`),
        onUnknown: ({ program, message }) => screen.complain(`${program}: ${message}`),
        onResult(result) {
          if (options.json) screen.page(renderActionJson(result));
          else if (result.result === goal) screen.result(renderAction(result));
          else screen.complain(renderAction(result));
        },
      });
    });
  },
});

function readGoal(word = "ready"): Goal {
  if (Object.hasOwn(goals, word)) return word as Goal;
  const near = nearest(word, words);
  const advice = near === undefined ? `one of ${words.join(", ")}` : `did you mean ${near}?`;
  throw new UsageError(`--for: "${word}" is nothing to wait for; ${advice}`);
}
