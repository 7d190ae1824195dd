import type { ProgramSettings } from "../config/settings.ts";
import { launch as execute, type Launched } from "../launch/launch.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { StartContext } from "./start-context.ts";
import { StartMatch } from "./start-match.ts";

/** A process in mid-exec shows no image; it is looked at for so long. */
const IMAGE_MS = 3;

/** What was executed, and what was seen of it so far. */
export interface Begun {
  readonly launched: Launched;
  readonly match: StartMatch;
}

/**
 * Executes a program, and sees its image before anything else is written: the first process of a daemon may leave
 * within a few ms, and of several that are started at once each has to be told from the others then.
 */
export async function launchInSight(
  program: ProgramSettings,
  launch: string,
  { host, pattern }: StartContext,
): Promise<Begun> {
  await host.sight.clear();
  const seen = host.sight.begin();
  try {
    const launched = await execute(program, launch, host);
    const match = new StartMatch(program, pattern, host, { launch, launched: launched.process });
    const end = monotonicMs() + IMAGE_MS;
    while (match.image === undefined && monotonicMs() < end) {
      await new Promise(setImmediate);
      match.noteImage();
    }
    return { launched, match };
  } finally {
    seen();
    await host.sight.clear();
  }
}
