import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of package.json: both `src/` and `dist/` are right below it. */
export const packageRoot = join(import.meta.dirname, "..");

/** The version in package.json. */
export function version(): string {
  const { version: text } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    version: string;
  };
  return text;
}
