import { startOwn } from "../own-process.ts";
import type { TopAction } from "./model.ts";

/** Lines of an outcome that are kept. */
const MOST_LINES = 6;

/**
 * Has a command of its own do it, in a session of its own: it is younger than what others have asked for since we began, and is
 * completed whatever becomes of this page. The commands's own words are the outcome.
 */
export async function actOn(
  action: TopAction,
  program: string,
  config: string | undefined,
): Promise<readonly string[]> {
  const file = config === undefined ? [] : ["-c", config];
  const child = startOwn([action, ...file, "--", program], ["ignore", "pipe", "pipe"]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      said += `${action} ${program}: ${error.message}\n`;
      resolve(null);
    });
    child.once("close", resolve);
  });
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) return [`${program}: ${action} has ended with code ${code}`];
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), "…"] : lines;
}
