import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "../support/temp-dir.ts";

/** The folder of the project. */
export const root = join(import.meta.dirname, "../..");

/** A copy of what is shipped, with these texts as bundles, which have no code cache then. */
export function withBundle(t: TestContext, texts: Readonly<Record<string, string>>): string {
  const dir = tempDir(t);
  for (const one of ["dist", "package.json"]) {
    cpSync(join(root, one), join(dir, one), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(dir, `dist/${name}.bundle.cjs`), text);
    for (const file of readdirSync(join(dir, "dist"))) {
      if (file.startsWith(`${name}.v`)) rmSync(join(dir, "dist", file));
    }
  }
  return dir;
}

/** What a command of such a copy answers to a command line, in a home: its exit code, results and complaints. */
export function answerOf(
  dir: string,
  command: "usrsvc" | "usrsvcd",
  line: string,
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): readonly [status: number | null, out: string, err: string] {
  const words = [join(dir, `dist/${command}.cjs`), ...line.split(" ").filter(Boolean)];
  const options = { env, encoding: "utf8", cwd } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, words, options);
  return [status, stdout, stderr];
}
