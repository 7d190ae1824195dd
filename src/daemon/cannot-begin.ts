import { ExitCode } from "../exit-code.ts";
import { shorten } from "../lib/format.ts";
import { serviceManager } from "./systemd.ts";

/** usrsvcd cannot begin; the message says why. */
export class CannotBegin extends Error {
  override readonly name = "CannotBegin";
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Tells the service manager, if one started us, why we cannot begin, and whether it will try again. */
export function tellWhyNot(reason: string, code: ExitCode): void {
  using manager = serviceManager(process.env, () => {});
  const isHopeless = HOPELESS.has(code);
  const line = reason.trim().replaceAll(/\s*\n\s*/g, " | ");
  manager.status(shorten(`${isHopeless ? "waits to be restarted by hand: " : ""}${line}`, 1000));
}

/** RestartPreventExitStatus in systemd/: what another try cannot fix. */
const HOPELESS: ReadonlySet<ExitCode> = new Set([
  ExitCode.invalidConfig,
  ExitCode.alreadyRunning,
  ExitCode.permission,
]);
