import { programCode } from "../../exit-code.ts";
import { writeByRename } from "../../lib/write-file.ts";
import { version } from "../../package-root.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { renderMetrics } from "../../status/metrics.ts";
import { look } from "./look.ts";
import type { Site } from "../site.ts";

/** Not a code that a process can have ended with, but for one that says so itself. */
const UNKNOWN_CODE = 255;

/** The metrics of all programs as they are now. It looks, and writes nothing. */
export async function readMetrics(
  site: Site,
  isDaemonUp = daemonInCharge(site.host) !== undefined,
): Promise<string> {
  const { programs } = await look(site, { names: [], withCommands: false }).report();
  return renderMetrics({
    programs,
    isDaemonUp,
    version: version(),
    nowMs: Date.now(),
    codeOf: (exit) => (exit.unknown === true ? UNKNOWN_CODE : programCode(exit)),
  });
}

/**
 * Writes them where a collector reads them: by rename, so that it never sees half a file, and readable for all, since
 * it has another account.
 *
 * @throws what the file system says; the old file stays then
 */
export function writeMetrics(path: string, text: string): void {
  writeByRename(path, text, { mode: 0o644 });
}
