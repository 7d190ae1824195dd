import { monotonicMs, sleep } from "../../lib/clock.ts";
import { describeAstray, findDaemon, type LivingDaemon } from "../../state/daemon-alive.ts";
import type { Host } from "../../host/host.ts";

/** Time to wait for usrsvcd, in ms: it checks every 10 s, and twice if it may have to exit. */
const PATIENCE_MS = 25_000;
const LOOK_EVERY_MS = 100;
/** Time in which all programs write their records after usrsvcd has reported that it is back, in ms. */
const RECORDS_MS = 500;

/**
 * Waits while usrsvcd is without its state folder: with no record of what it supervises, something could be
 * started twice, and what is stopped would not stay down.
 *
 * @returns why nothing can be done: usrsvcd has not recreated it
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
