import type { Check, ProgramSettings } from "../../config/settings.ts";
import type { Host } from "../../host/host.ts";
import { programEnvironment } from "../../launch/environment.ts";
import { NO_LOG } from "../../launch/output.ts";
import type { Measurement } from "../../monitors/measurement.ts";

/** Time that a look may take, in ms: a person waits. */
const PATIENCE_MS = 2000;

/** The checks of a program: `ready` while it runs, those of `after` while it does not. Each is looked at once, now. */
export async function lookAtChecks(
  settings: ProgramSettings,
  isRunning: boolean,
  { env }: Pick<Host, "env">,
): Promise<readonly Measurement[]> {
  const { ready, after } = settings;
  const conditions = after.flatMap((one) => (one.kind === "program" ? [] : [one]));
  return await Promise.all([
    ...conditions.map((check) => measured("after", check, settings, env)),
    ...(ready === undefined ? [] : [ofReady(ready, settings, isRunning, env)]),
  ]);
}

async function ofReady(
  ready: NonNullable<ProgramSettings["ready"]>,
  settings: ProgramSettings,
  isRunning: boolean,
  env: Host["env"],
): Promise<Measurement> {
  const key = "ready";
  const { text } = ready;
  if (ready.kind === "notify" || ready.kind === "log") {
    return { key, text: `${text}: counts at its start only, and is not looked at now` };
  }
  if (!isRunning) return { key, text: `${text}: not looked at, since it does not run` };
  return await measured(key, ready, settings, env);
}

async function measured(
  key: string,
  check: Check,
  settings: ProgramSettings,
  env: Host["env"],
): Promise<Measurement> {
  const { text } = check;
  // A command may do anything: it is not run because somebody looks.
  if (check.kind === "exec") return { key, text: `${text}: a command, which is not run for this` };
  const [{ runCheck }, { LogCheck }] = await Promise.all([
    import("../../checks/run-check.ts"),
    import("../../checks/log-check.ts"),
  ]);
  const context = {
    env: programEnvironment(settings, env),
    directory: settings.directory,
    log: new LogCheck(settings, { stdout: NO_LOG, stderr: NO_LOG }),
  };
  const result = await runCheck(check, context, new AbortController().signal, PATIENCE_MS);
  return result.ok
    ? { key, text: `${text}: true now`, isOk: true }
    : { key, text: `${text}: not true now (${result.reason})`, isOk: false };
}
