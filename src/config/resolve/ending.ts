import type { IssueList } from "../issue-list.ts";
import type { Place } from "../issue.ts";
import type { ProgramSettings } from "../settings.ts";
import type { Sources } from "./section-reader.ts";
import type { Unsure } from "./table.ts";

const WAIT = "term_to_kill_seconds";

/**
 * Reports a `term_to_kill_seconds` that no signal of `stop` waits for. In defaults, with `stop` in the program, it is
 * meant for others.
 */
export function checkEnding(
  { stop }: Unsure<Pick<ProgramSettings, "stop">>,
  { own, base }: Pick<Sources, "own" | "base">,
  whereIs: (key: string) => Place,
  issues: IssueList,
): void {
  const isWaited = stop?.every(
    ({ signal, waitMs }) => waitMs !== undefined || signal === "SIGKILL",
  );
  if (isWaited !== true) return;
  const sets = (from: Sources["own"], key: string): boolean => from?.values.has(key) === true;
  const isMeant = sets(own, WAIT) || (!sets(own, "stop") && sets(base, WAIT));
  if (isMeant)
    issues.warn(whereIs(WAIT), `${WAIT}: is ignored, because stop says how long it waits`);
}
