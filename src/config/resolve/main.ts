import type { Place } from "../issue.ts";
import type { Advisor } from "../advice.ts";
import type { EnvFilePath } from "../values.ts";
import type { IssueList } from "../issue-list.ts";
import { mainSchema } from "../schema.ts";
import { findValues, type PlacedSection, readFields } from "./section-reader.ts";
import { hostVariables } from "./variables.ts";
import type { MainSettings } from "../settings.ts";
import { shownSection } from "../shown.ts";
import { followDefaults, tabulate, withFallbacks } from "./table.ts";

/** Facts about the host that a configuration is checked against. */
export interface HostFacts {
  readonly home: string;
  /** Its real path. Defaults are below it, so that two names of one home give the same settings. */
  readonly realHome: string;
  readonly uid: number;
  /** Our own environment, for `%(ENV_NAME)s`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  exists(path: string): boolean;
  isFolder(path: string): boolean;
}

/** The same, once `[Main]` is read. */
export interface ProgramHost extends HostFacts {
  readonly stateDir: string;
  /** The variables of an `env_file`; undefined, and an issue, where it cannot be used. */
  envFile(
    file: EnvFilePath,
    place: Place,
    issues: IssueList,
  ): ReadonlyMap<string, string> | undefined;
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
  const variables = hostVariables(host);
  for (const { name, line } of section.sections.values()) {
    issues.error(
      { file, line },
      `unknown section [[${shownSection(name)}]]: [Main] has no subsections`,
    );
  }
  const found = findValues({ ...placed, variables }, MAIN, issues);
  const read = readFields(MAIN, { own: found, base: undefined, home: host.realHome }, issues);
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
