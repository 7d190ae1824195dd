import { dirname } from "node:path";
import { programCode } from "../../exit-code.ts";
import { faultWords } from "../../lib/fault.ts";
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

/** Why no file can be put there, for people; undefined: the system's own words have to do. */
function whyUnwritable(path: string, code: string): string | undefined {
  const folder = dirname(path);
  switch (code) {
    case "ENOENT":
      return `the folder ${folder} does not exist; create it, or write another path`;
    case "ENOTDIR":
      return `${folder} is not a folder; write another path`;
    case "EISDIR":
      return "it is a folder; add the name of a file, such as usrsvc.prom";
    case "EACCES":
    case "EPERM":
      return `the folder ${folder} is not writable for this account; write another path, or have its owner open it`;
    default:
      return faultWords(code);
  }
}

/**
 * Writes them where a collector reads them: by rename, so that it never sees half a file, and readable for all, since
 * it has another account.
 *
 * @throws with the reason, and the code of the file system; the old file stays then
 */
export function writeMetrics(path: string, text: string): void {
  try {
    writeByRename(path, text, { mode: 0o644 });
  } catch (error) {
    const { code = "", errno } = error as NodeJS.ErrnoException;
    const why = whyUnwritable(path, code);
    if (why === undefined) throw error;
    // The name of a temporary file is nobody's concern; the code decides the exit code.
    throw Object.assign(new Error(`${path} cannot be written: ${why}`, { cause: error }), {
      code,
      errno,
    });
  }
}
