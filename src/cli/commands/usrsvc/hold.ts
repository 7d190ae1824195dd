import { parseSpan, parseUntil } from "../../../lib/moment.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { actAndTell, all, forWhat, parallel } from "../../programs.ts";

/** A reason is one line of so many characters at most. */
const LONGEST_REASON = 500;

export const hold = command({
  name: "hold",
  summary: "have usrsvcd leave programs exactly as they are, running or not, until release",
  arguments: { kind: "programs" },
  options: {
    ...onHosts,
    parallel,
    all,
    for: forWhat,
    until: {
      value: "TIME",
      help: "until then: 18:30, 2030-01-31, 2030-01-31T18:30",
      excludes: "for",
    },
    reason: { value: "TEXT", help: "why, for who looks at the status" },
  },
  run: async ({ words, ...invocation }) => {
    const { for: span, until, reason } = invocation.options;
    const hold = { untilMs: readEnd(span, until, Date.now()), reason: readReason(reason) };
    return await actAndTell("hold", { ...invocation, words }, { hold });
  },
});

function readEnd(
  span: string | undefined,
  until: string | undefined,
  nowMs: number,
): number | undefined {
  if (span !== undefined) {
    const ms = parseSpan(span);
    if (ms !== undefined) return nowMs + ms;
    throw new UsageError(`--for: "${span}" is no time; write 90s, 30m, 2h, 1h30m or 1d`);
  }
  if (until === undefined) return undefined;
  const ms = parseUntil(until, nowMs);
  if (ms !== undefined) return ms;
  throw new UsageError(
    `--until: "${until}" is no time to come; write 18:30, 2030-01-31 or 2030-01-31T18:30`,
  );
}

function readReason(text: string | undefined): string | undefined {
  const line = text?.replaceAll(/\s+/g, " ").trim() ?? "";
  if (line.length > LONGEST_REASON) {
    throw new UsageError(`--reason: ${line.length} characters; ${LONGEST_REASON} are the most`);
  }
  return line === "" ? undefined : line;
}
