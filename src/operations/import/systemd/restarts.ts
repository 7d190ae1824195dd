import { timeOf } from "../value-text.ts";
import type { Unit } from "./service.ts";
import { readExits, readSpan } from "./values.ts";

/** How systemd ends are no failures, besides 0. */
const CLEAN = ["0", "SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"];

/** Puts into a draft when the program is started again. */
export function setRestarts({ draft, entries }: Unit, type: string): void {
  const restart = entries.one("Service", "Restart");
  const source = restart?.source ?? draft.source;
  const value = restart?.value ?? "no";
  const ends = entries.all("Service", "SuccessExitStatus", "RestartPreventExitStatus");
  const forced = entries.all("Service", "RestartForceExitStatus");
  const isJob = type === "oneshot";
  switch (value) {
    case "no":
      if (!isJob) draft.set("autorestart", "False", source);
      break;
    case "always":
    case "on-success":
      draft.set("autorestart", "True", source);
      break;
    default:
      draft.set("autorestart", "on-failure", source);
      if (!isJob || ends.length > 0) {
        const all = new Set([...CLEAN, ...ends.flatMap((one) => readExits(one.value))]);
        for (const one of forced) for (const code of readExits(one.value)) all.delete(code);
        const codes = all.size === 0 ? ["0"] : [...all];
        draft.set("success_exit", codes.join(", "), ends.at(-1)?.source ?? source);
      }
  }
  if (value === "on-success") {
    draft.note(
      source,
      "Restart",
      value,
      "a failure is answered by a restart as well; maxrestarts bounds that",
    );
  }
  if (/^on-(abnormal|abort|watchdog)$/.test(value)) {
    draft.note(
      source,
      "Restart",
      value,
      "any failure is answered by a restart; success_exit lists what is none",
    );
  }
  if (draft.keys.get("autorestart")?.text !== "on-failure") {
    for (const { source: at, key, value: codes } of value === "always" ? [] : forced) {
      draft.note(
        at,
        key,
        codes,
        "autorestart = on-failure, with all codes but these in success_exit",
      );
    }
    for (const one of ends) {
      if (isJob && one.key === "SuccessExitStatus") {
        const codes = [...new Set([...CLEAN, ...readExits(one.value)])].join(", ");
        draft.set("success_exit", codes, one.source);
      } else
        draft.note(one.source, one.key, one.value, "it counts only with autorestart = on-failure");
    }
  }
  const time = (ours: string, ...theirs: readonly string[]): void => {
    const entry = entries.one("Service", ...theirs);
    const ms = entry && readSpan(entry.value);
    if (entry === undefined || ms === undefined) return;
    if (ms !== Infinity) draft.set(ours, timeOf(ms), entry.source);
    else if (ours !== "max_age")
      draft.note(entry.source, entry.key, entry.value, "a time that ends");
  };
  if (value !== "no" || isJob) time("restart_delay", "RestartSec");
  time("restart_max_delay", "RestartMaxDelaySec");
  entries.one("Service", "RestartSteps"); // the pauses double
  time(isJob ? "timeout" : "max_age", "RuntimeMaxSec");
  limitStarts({ draft, entries }, value !== "no");
}

function limitStarts(
  { draft, entries }: Pick<Unit, "draft" | "entries">,
  isRestarted: boolean,
): void {
  const either = (...keys: readonly string[]): ReturnType<typeof entries.one> =>
    entries.one("Unit", ...keys) ?? entries.one("Service", ...keys);
  const interval = either("StartLimitIntervalSec", "StartLimitInterval");
  const burst = either("StartLimitBurst");
  const source = burst?.source ?? interval?.source;
  if (source === undefined || !isRestarted) return;
  const ms = interval === undefined ? 10_000 : readSpan(interval.value);
  const most = Number(burst?.value ?? 5);
  if (ms === undefined || ms === 0 || !Number.isInteger(most) || most < 1) return; // no limit
  draft.set("maxrestarts", most, source);
  if (ms !== Infinity) draft.set("restart_window", timeOf(ms), interval?.source ?? source);
}
