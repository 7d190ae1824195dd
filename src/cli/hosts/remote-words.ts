import type { Command } from "../command.ts";
import { readLimits } from "../looking-back.ts";
import { onHosts } from "../hosts-options.ts";
import { readSignal } from "../signal-word.ts";

/** Values of options by their long names. */
export type Given = Readonly<Record<string, string | boolean | undefined>>;

/** A command as it is called on other hosts. */
export interface RemoteWords {
  readonly words: readonly string[];
  /** So many of the latest results of all hosts; undefined: all. */
  readonly most: number | undefined;
}

/**
 * The words for `usrsvc` there: those that it was called with here, without what is about this side. What is wrong in
 * them is said once, before any host is asked.
 *
 * @throws {UsageError}
 */
export function remoteWords(
  { name, options }: Pick<Command, "name" | "options">,
  words: readonly string[],
  given: Given,
  { json }: { readonly json: boolean },
): RemoteWords {
  const own = Object.fromEntries(
    Object.keys(options)
      .filter((option) => options[option] !== onHosts[option as keyof typeof onHosts])
      .map((option) => [option, given[option]]),
  );
  const { changed, most } = check(name, words, own);
  const flags = Object.entries({ ...own, ...changed }).flatMap(([option, value]) => {
    if (value === true) return [`--${option}`];
    return typeof value === "string" ? [`--${option}=${value}`] : [];
  });
  const common = [...(json ? ["--json"] : []), ...(given["debug"] === true ? ["--debug"] : [])];
  const isOdd = words.some((word) => word.startsWith("-"));
  return { words: [...common, name, ...flags, ...(isOdd ? ["--"] : []), ...words], most };
}

/** What is read here as well: a time of day is one of our time zone, not of theirs. */
function check(
  name: string,
  words: readonly string[],
  { since, lines }: Given,
): { readonly changed: Given; readonly most: number | undefined } {
  if (name === "signal") readSignal(words.at(-1) ?? "", words.slice(0, -1));
  if (name !== "events") return { changed: {}, most: undefined };
  const { sinceMs, most } = readLimits(asText(since), asText(lines));
  return {
    changed: {
      ...(sinceMs === undefined ? {} : { since: new Date(sinceMs).toISOString() }),
      ...(most === undefined ? {} : { lines: String(most) }),
    },
    most,
  };
}

function asText(value: Given[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}
