import { printSettings } from "../../../src/config/print.ts";
import { monitorSchema, programSchema } from "../../../src/config/schema.ts";
import type { ProgramSettings } from "../../../src/config/settings.ts";
import type { RecordedProgram } from "../../conformance/vectors.ts";

/** Our settings in the form in which those of 1.x were recorded: seconds, kB, and null for nothing. */
export function describeProgram(
  program: ProgramSettings,
  recorded: Omit<RecordedProgram, "proctitle_matches">,
): unknown {
  const { monitor, match, emailAlerts } = program;
  const all: Record<string, unknown> = {
    ...printSettings(programSchema, program),
    email_alerts: sameForm(emailAlerts, recorded["email_alerts"]),
    Env: Object.fromEntries(program.env),
    Monitoring: pick(
      { ...printSettings(monitorSchema, monitor), activityfile: monitor.activityfile ?? "" },
      recorded["Monitoring"] ?? {},
    ),
    proctitle_re: match.kind === "title" ? match.source : defaultPattern(match.candidates),
  };
  return pick(all, recorded);
}

/** What there is of it in the other. */
function pick(all: Readonly<Record<string, unknown>>, recorded: object): unknown {
  return Object.fromEntries(Object.keys(recorded).map((key) => [key, all[key]]));
}

/** 1.x had null, "", one address or a list. */
function sameForm(addresses: readonly string[], recorded: unknown): unknown {
  if (addresses.length === 0) return recorded === null || recorded === "" ? recorded : [];
  return typeof recorded === "string" ? addresses[0] : addresses;
}

/** The pattern that 1.x made of a command, if it has the words of our first candidate. */
function defaultPattern(candidates: readonly (readonly string[])[]): string {
  return `(${escapeRegex((candidates[0] ?? []).join(" "))})$`;
}

/** Python's `re.escape`. */
function escapeRegex(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, "\\$&");
}
