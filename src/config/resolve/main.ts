import type { Advisor } from "../advice.ts";
import type { IssueList } from "../issue-list.ts";
import { mainSchema } from "../schema.ts";
import { findValues, type PlacedSection, readFields } from "./section-reader.ts";
import type { MainSettings } from "../settings.ts";
import { shownSection } from "../shown.ts";
import { followDefaults, tabulate, withFallbacks } from "./table.ts";

/** Facts about the host that a configuration is checked against. */
export interface HostFacts {
  readonly home: string;
  /** Where that is. What is not set is below it, so that two names of one home give the same settings. */
  readonly realHome: string;
  readonly uid: number;
  exists(path: string): boolean;
  isFolder(path: string): boolean;
}

/** The same, once `[Main]` is read. */
export interface ProgramHost extends HostFacts {
  readonly stateDir: string;
  /** Who says what is valid, but can hardly be meant; undefined: nobody asked. */
  readonly advisor?: Advisor | undefined;
}

const MAIN = tabulate(mainSchema);

/** Reads `[Main]`; what has an issue gets its default. */
export function resolveMain(
  placed: PlacedSection,
  host: HostFacts,
  issues: IssueList,
): MainSettings {
  const { section, file } = placed;
  for (const { name, line } of section.sections.values()) {
    issues.error(
      { file, line },
      `unknown section [[${shownSection(name)}]]: [Main] has no subsections`,
    );
  }
  const found = findValues(placed, MAIN, issues);
  const read = readFields(MAIN, found, undefined, issues);
  const settings = followDefaults(MAIN, withFallbacks(MAIN, read), host) as MainSettings;
  const { sendmailPath } = settings;
  if (sendmailPath !== undefined && !host.exists(sendmailPath)) {
    const line = found.values.get("sendmail_path")?.line;
    const advice = "write auto to have it searched for";
    issues.error(
      { file, line },
      `sendmail_path: ${JSON.stringify(sendmailPath)} does not exist; ${advice}`,
    );
  }
  return settings;
}
