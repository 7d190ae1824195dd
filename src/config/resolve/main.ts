import type { Advisor } from "../advice.ts";
import type { IssueList } from "../issue-list.ts";
import { mainSchema, tabulate } from "../schema.ts";
import { findValues, type PlacedSection, readValues } from "./section-reader.ts";
import type { MainSettings } from "../settings.ts";
import { shownSection } from "../shown.ts";

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
      `unknown section [[${shownSection(name)}]]: [Main] has no sections`,
    );
  }
  const found = findValues(placed, MAIN, issues);
  const values = readValues(MAIN, found, undefined, issues);
  const { sendmail_path: sendmailPath, config_dir: configDir } = values;
  if (sendmailPath !== undefined && !host.exists(sendmailPath)) {
    const line = found.values.get("sendmail_path")?.line;
    const advice = "write auto to have it looked for";
    issues.error(
      { file, line },
      `sendmail_path: there is no ${JSON.stringify(sendmailPath)}; ${advice}`,
    );
  }
  return {
    configDir: configDir === "/" ? configDir : configDir?.replace(/\/$/, ""),
    pidfile: values.pidfile ?? `${host.realHome}/${host.uid}_usrsvcd.pid`,
    usrsvcdStdout: values.usrsvcd_stdout,
    usrsvcdStderr: values.usrsvcd_stderr,
    usrsvcdLogMode: values.usrsvcd_log_mode ?? mainSchema.usrsvcd_log_mode.fallback,
    sendmailPath,
    smtpUrl: values.smtp_url,
    alertIntervalMs: values.alert_interval ?? mainSchema.alert_interval.fallback,
    stateDir: values.state_dir ?? defaultStateDir(host.realHome),
    subreaper: values.subreaper,
  };
}

/** Where state is kept unless `state_dir` says otherwise, and where the state folders of an account are known. */
export function defaultStateDir(realHome: string): string {
  return `${realHome}/.local/state/usrsvc`;
}
