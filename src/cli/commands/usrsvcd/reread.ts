import { ExitCode } from "../../../exit-code.ts";
import { check } from "../../../operations/configuration.ts";
import type { Change } from "../../../operations/changes/change.ts";
import type { DaemonResult } from "../../../operations/daemon/result.ts";
import { reread as askToReread } from "../../../operations/daemon/reread.ts";
import { daemonSite } from "../../../operations/site.ts";
import { command } from "../../command.ts";
import { tellResult } from "../../daemon-result.ts";
import { untilSignalled } from "../../run.ts";
import type { Screen } from "../../screen.ts";
import { tellIssues } from "./checkconfig.ts";

export const reread = command({
  name: "reread",
  summary: "read the configuration again, all or nothing; restarts no program",
  arguments: undefined,
  options: {},
  async run({ options: { json, config }, screen }) {
    return await untilSignalled((signal) => rereadOrCheck(config, json, screen, signal));
  },
});

/** Errors are reported here, with warnings, and by usrsvcd, which then keeps its configuration. */
async function rereadOrCheck(
  config: string | undefined,
  json: boolean,
  screen: Screen,
  signal: AbortSignal,
): Promise<ExitCode> {
  const checked = check(config);
  const { stateDir: path, issues, settings } = checked;
  tellIssues(checked, screen);
  using site = daemonSite(path, config);
  for (const hint of site.hints) screen.complain(hint);
  const { readBefore } = await import("../../../operations/changes/reread-changes.ts");
  const before = readBefore(site);
  const asked = await askToReread(site.host, signal);
  const changes =
    asked.result === "reread" && settings !== undefined
      ? await before.changes(asked, settings, config)
      : [];
  const result = json ? await withChanges(asked, changes) : asked;
  const isFaulty = settings === undefined || issues.some(({ severity }) => severity === "error");
  const code = result.code === ExitCode.ok && isFaulty ? ExitCode.invalidConfig : result.code;
  // What usrsvcd did, if it runs at all, went well: that is a result.
  tellResult(json ? { ...result, code } : result, json, screen);
  if (!json && changes.length > 0) {
    const { tellChanges } = await import("../../render-changes.ts");
    tellChanges(changes, screen);
  }
  return code;
}

async function withChanges(
  result: DaemonResult,
  changes: readonly Change[],
): Promise<DaemonResult> {
  if (changes.length === 0) return result;
  const { describeChange } = await import("../../render-changes.ts");
  return { ...result, facts: { ...result.facts, differences: changes.map(describeChange) } };
}
