import type { HostTarget } from "../../config/hosts.ts";
import { ExitCode } from "../../exit-code.ts";
import { Semaphore } from "../../lib/semaphore.ts";

/** Maximum number of hosts that are asked at once: each is a process here, and a connection. */
const MOST_AT_ONCE = 20;

/** How hosts are gone through. */
export interface Round {
  /** One after the other, and no further than to the first that fails. */
  readonly isRolling: boolean;
  /** None of them comes to an end: all are asked at once. */
  readonly isEndless?: boolean;
  /** Asks one; its exit code. */
  readonly ask: (target: HostTarget) => Promise<ExitCode>;
  readonly signal: AbortSignal;
}

/** The outcome for all. */
export interface RoundEnd {
  /** The first that is not ok, in the order of the hosts. */
  readonly code: ExitCode;
  /** Those that were not asked any more. */
  readonly left: readonly HostTarget[];
}

/** Asks hosts side by side, or one after the other. */
export async function askHosts(
  targets: readonly HostTarget[],
  { isRolling, isEndless = false, ask, signal }: Round,
): Promise<RoundEnd> {
  const turns = new Semaphore(isRolling ? 1 : isEndless ? targets.length : MOST_AT_ONCE);
  const codes = new Map<HostTarget, ExitCode>();
  let hasFailed = false;
  const askInTurn = async (target: HostTarget): Promise<void> => {
    const done = await turns.take();
    try {
      if (signal.aborted || (isRolling && hasFailed)) return;
      const code = await ask(target);
      codes.set(target, code);
      if (code !== ExitCode.ok) hasFailed = true;
    } finally {
      done();
    }
  };
  await Promise.all(targets.map(askInTurn));
  const code = targets
    .map((target) => codes.get(target))
    .find((one) => one !== undefined && one !== ExitCode.ok);
  return { code: code ?? ExitCode.ok, left: targets.filter((target) => !codes.has(target)) };
}
