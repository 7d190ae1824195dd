import { isDeepStrictEqual } from "node:util";
import type { MainSettings, ProgramSettings } from "../../config/settings.ts";
import type { Host } from "../../host/host.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { keepSettings, type KeptSettings, readKept } from "../../state/kept-settings.ts";

/** Who would start a program: usrsvcd, or the command itself, and why that where usrsvcd runs. */
export interface Starter {
  readonly isDaemon: boolean;
  readonly note?: string;
}

/** Tells before anything is asked who would start a program: usrsvcd starts what it knows, with the settings of the files. */
export function foretellStarter(
  main: MainSettings,
  host: Host,
): (program: ProgramSettings) => Starter {
  const daemon = daemonInCharge(host);
  if (daemon === undefined) return () => ({ isDaemon: false });
  const read = readKept(host.state, daemon);
  const kept = "kept" in read ? read.kept : undefined;
  return (program) => {
    const { name } = program;
    if (daemon.programs?.includes(name) === false) {
      const note = `usrsvcd does not know ${name} yet; run usrsvcd reread before`;
      return { isDaemon: false, note };
    }
    if (kept === undefined || hasThese(kept, main, program)) return { isDaemon: true };
    const note = `usrsvcd has older settings of ${name} than the file; run usrsvcd reread before`;
    return { isDaemon: false, note };
  };
}

function hasThese(kept: KeptSettings, main: MainSettings, program: ProgramSettings): boolean {
  const { name } = program;
  const ours = keepSettings({ main, programs: new Map([[name, program]]) }, kept);
  return isDeepStrictEqual(ours.programs.get(name), kept.programs.get(name));
}
