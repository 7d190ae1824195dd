import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cleanUp } from "./clean-up.ts";

/** A folder for one test, removed after it. */
export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), "usrsvc-test-"));
  cleanUp(t, () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes an executable file; returns its path. */
export function writeScript(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}
