import { accessSync, constants, existsSync, statSync } from "node:fs";

/** The usual places of sendmail. */
const USUAL = [
  "/usr/sbin/sendmail",
  "/usr/lib/sendmail",
  "/usr/bin/sendmail",
  "/usr/local/sbin/sendmail",
  "/sbin/sendmail",
];

/** The machine's sendmail: in a usual place, else the first on PATH; undefined if there is none. */
export function findSendmail(
  env: NodeJS.ProcessEnv,
  usual: readonly string[] = USUAL,
): string | undefined {
  const folders = (env["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/"));
  return (
    usual.find((path) => existsSync(path)) ??
    folders.map((folder) => `${folder}/sendmail`).find(isProgram)
  );
}

/** True for a file that this user can execute. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
