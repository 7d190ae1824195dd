import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError, type ConfigIssue } from "../../../src/config/issue.ts";
import { loadSettings } from "../../../src/config/load.ts";
import type { Settings } from "../../../src/config/settings.ts";
import type { ProgramsVector } from "../../conformance/vectors.ts";

/** What became of a vector's files. */
export interface Loaded {
  /** Undefined: a ConfigError was thrown. */
  readonly settings: Settings | undefined;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Puts the real folder and user into what was recorded. */
  readonly substitute: <T>(recorded: T) => T;
}

/** Writes the files of a vector to a new folder, and loads them. */
export function loadVector({ dirs, files }: Pick<ProgramsVector, "dirs" | "files">): Loaded {
  const home = mkdtempSync(join(tmpdir(), "usrsvc-"));
  const uid = process.getuid?.() ?? 0;
  const put = (text: string): string =>
    text.replaceAll("${DIR}", home).replaceAll("${UID}", String(uid));
  const substitute = <T>(recorded: T): T => JSON.parse(put(JSON.stringify(recorded))) as T;
  try {
    for (const dir of dirs) mkdirSync(join(home, dir), { recursive: true, mode: 0o755 });
    for (const [name, text] of Object.entries(files)) {
      const path = join(home, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeFileSync(path, put(text), { mode: 0o644 });
    }
    const settings = loadSettings({ home, uid });
    return { settings, ...sort(settings.issues), substitute };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { settings: undefined, ...sort(error.issues), substitute };
  } finally {
    rmSync(home, { recursive: true });
  }
}

function sort(issues: readonly ConfigIssue[]): Pick<Loaded, "errors" | "warnings"> {
  const pick = (wanted: ConfigIssue["severity"]): string[] =>
    issues.filter(({ severity }) => severity === wanted).map(({ message }) => message);
  return { errors: pick("error"), warnings: pick("warning") };
}
