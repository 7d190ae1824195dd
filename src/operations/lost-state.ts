import { monotonicMs, sleep } from "../lib/clock.ts";
import { describeAstray, findDaemon, type LivingDaemon } from "../state/daemon-alive.ts";
import type { Host } from "../host/host.ts";

/** usrsvcd looks every 10 s; one that may have to leave looks twice. */
const PATIENCE_MS = 25_000;
const LOOK_EVERY_MS = 100;
/** The records are written right after usrsvcd has said that it is there again, each by its program. */
const RECORDS_MS = 500;

/**
 * Waits while usrsvcd is without its state folder: with no record of what it holds, something could be started
 * twice, and what is stopped would not stay so.
 *
 * @returns why nothing can be done: usrsvcd has not made it anew
 */
export async function untilStateIsBack(
  host: Host,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<string | undefined> {
  let lost = losing(host);
  if (lost === undefined) return undefined;
  tell(`${describeAstray(lost)}; waiting for that`);
  const end = monotonicMs() + PATIENCE_MS;
  while (lost !== undefined && monotonicMs() < end) {
    await sleep(LOOK_EVERY_MS, signal);
    lost = losing(host);
  }
  if (lost !== undefined) return `${describeAstray(lost)}, and has not done so: see its log`;
  await sleep(RECORDS_MS, signal);
  return undefined;
}

function losing(host: Host): LivingDaemon | undefined {
  const daemon = findDaemon(host);
  const kind = daemon?.astray?.kind;
  return kind === "moved" || kind === "deleted" ? daemon : undefined;
}
