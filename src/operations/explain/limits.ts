import type { ProgramSettings } from "../../config/settings.ts";
import type { Host } from "../../host/host.ts";
import { formatDuration } from "../../lib/format.ts";
import type { Measured, Measurement } from "../../monitors/measurement.ts";

/** The limits of `[[Monitor]]`, and what they would measure in this process now. */
export async function measureLimits(
  { monitor: settings }: ProgramSettings,
  process: Omit<Measured, "notYet">,
  { proc }: Pick<Host, "proc">,
): Promise<readonly Measurement[]> {
  const { makeMonitors } = await import("../../monitors/monitors.ts");
  const leftMs = settings.monitorAfterMs - process.ageMs;
  const notYet =
    leftMs > 0 ? `; not watched for another ${formatDuration(leftMs)} (monitor_after)` : "";
  const measured = { ...process, notYet };
  const all = makeMonitors(proc).filter(({ isOn }) => isOn(settings));
  return await Promise.all(all.map(async ({ measure }) => await measure(settings, measured)));
}
