import { formatDuration, shorten } from "../lib/format.ts";
import type { Explanation } from "../operations/explain/explain.ts";
import { describeHold, heldAs } from "../state/hold.ts";
import { groupsOf, shownPids } from "./groups.ts";
import { keyName } from "./key-name.ts";
import { describeShownExit } from "./remarks.ts";
import { styleOfState } from "./status-table.ts";
import { asPageLine, type PageLine, plainLine } from "./terminal/page-line.ts";

/** Longest command line that is shown, in characters. */
const LONGEST = 160;

const TO_DO = "what to do";
/** Longest command to which others are aligned, in characters. */
const WIDEST = 40;

/** A line in a section; a string has no style. */
type Told = string | Omit<PageLine, "indent">;

/** What there is to tell of one program, in short sections. */
export function renderExplanation(one: Explanation, now: number): string {
  return explanationLines(one, now).map(plainLine).join("\n");
}

/** The same in lines for a page. */
export function explanationLines(one: Explanation, now: number): readonly PageLine[] {
  const sections: readonly [title: string, lines: readonly Told[]][] = [
    [
      one.pid === undefined ? "how it was looked for" : "how it was found",
      [`looked for: ${cut(one.lookedFor)}`, ...one.how],
    ],
    ["processes", processes(one)],
    ["settings", settings(one)],
    ["hold", hold(one, now)],
    ["at work on it", atWork(one, now)],
    ["order", order(one)],
    ["limits and checks", [...(one.limits ?? []), ...(one.checks ?? [])].map(measurement)],
    ["what comes next", next(one)],
    ["last exit", lastExit(one, now)],
    ["problems", one.problems ?? []],
    [TO_DO, advice(one)],
  ];
  return [
    headline(one),
    ...(one.command === undefined ? [] : [asPageLine(`    ${cut(one.command)}`)]),
    ...sections
      .filter(([, lines]) => lines.length > 0)
      .flatMap(([title, lines]) => section(title, lines)),
  ];
}

/** One line stands beside its title. */
function section(title: string, lines: readonly Told[]): readonly PageLine[] {
  const style = title === "problems" ? "bad" : "faint";
  const [only] = lines.map(told);
  if (lines.length === 1 && only !== undefined && title !== TO_DO) {
    const { begin = [], ...rest } = only;
    return [{ ...rest, indent: 2, begin: [[`${title}: `, style], ...begin] }];
  }
  const head = { indent: 2, begin: [[`${title}:`, style]], text: "" } as const;
  return [head, ...lines.map((line) => inSection(told(line)))];
}

function told(line: Told): Omit<PageLine, "indent"> {
  return typeof line === "string" ? { text: line } : line;
}

/** A command line below its process is further in. */
function inSection(line: Omit<PageLine, "indent">): PageLine {
  if (line.begin !== undefined) return { ...line, indent: 4 };
  const { indent, text } = asPageLine(line.text);
  return { ...line, text, indent: 4 + indent };
}

function cut(text: string): string {
  return shorten(text, LONGEST);
}

function headline(one: Explanation): PageLine {
  const { program, state, pid, uptimeSeconds, enabled, reason } = one;
  const is = pid === undefined ? "" : `, process ${pid}`;
  const age = uptimeSeconds === undefined ? "" : `, for ${formatDuration(uptimeSeconds * 1000)}`;
  const off = enabled ? "" : " (enabled = False)";
  const why = reason === undefined ? "" : `: ${reason}`;
  return {
    indent: 0,
    begin: [
      [program, "strong"],
      [": ", "plain"],
      [state, styleOfState(one)],
    ],
    text: `${off}${is}${age}${why}`,
  };
}

function processes(one: Explanation): readonly Told[] {
  const alike = ({ isProgram, why, command }: Explanation["candidates"][number]): string =>
    isProgram ? "" : JSON.stringify([why, command]);
  const rows = groupsOf(one.candidates, alike).flatMap(([first, ...others]) => {
    const { pid, isProgram, why, command } = first;
    const pids = shownPids([first, ...others].map((each) => each.pid));
    const also = others.length === 0 ? String(pid) : `${pids} (each)`;
    const mark = isProgram ? (["* ", "good"] as const) : (["- ", "plain"] as const);
    return [
      { begin: [mark], text: `${also} ${why}` },
      ...(command === undefined ? [] : [`    ${cut(command)}`]),
    ];
  });
  const left = one.candidatesLeftOut ?? 0;
  const more = left > 0 ? [`and ${left} more that ${left === 1 ? "was" : "were"} not taken`] : [];
  const { belongings = [], belongingsLeftOut = 0 } = one;
  const rest = belongingsLeftOut > 0 ? ` and ${belongingsLeftOut} more` : "";
  const children =
    belongings.length === 0 ? [] : [`it has started, in turn: ${belongings.join(", ")}${rest}`];
  const none = rows.length === 0 ? ["no process comes into question"] : [];
  return [...none, ...rows, ...more, ...children];
}

function settings(one: Explanation): readonly string[] {
  const lines = one.place === undefined ? [] : [`from ${one.place}`];
  if (one.errors !== undefined) lines.push(...one.errors);
  if (one.olderSettings === true) {
    const changed = one.olderKeys?.map(keyName);
    lines.push(
      changed === undefined
        ? "changed since it was launched; which of them is not on record"
        : `changed since it was launched: ${changed.join(", ")}`,
      ...(one.seenDifferences ?? []),
    );
  }
  for (const difference of one.differences ?? []) {
    lines.push(`not known to have been started by usrsvc: ${difference}`);
  }
  return lines;
}

function hold({ hold: one }: Explanation, now: number): readonly string[] {
  return one === undefined
    ? []
    : [`${describeHold(heldAs(one), now)}; usrsvcd leaves it exactly as it is`];
}

function atWork({ atWork: who }: Explanation, now: number): readonly string[] {
  if (who === undefined) return ["nobody"];
  const since = who.since === undefined ? Number.NaN : now - Date.parse(who.since);
  const long = Number.isNaN(since) ? "" : `, for ${formatDuration(Math.max(0, since))}`;
  const suspended = who.isSuspended === true ? "; it is suspended, and keeps all others out" : "";
  const words = who.command === undefined ? [] : [cut(who.command)];
  return [`${who.who}${long}${suspended}`, ...words];
}

function order({ startsAfter = [], neededBy = [] }: Explanation): readonly string[] {
  const after = startsAfter.map(({ program, by, state, reason }) => {
    const why = reason === undefined ? "" : ` (${reason})`;
    return `it starts after ${program} (${by.join(", ")}), which is ${state}${why}`;
  });
  return neededBy.length === 0 ? after : [...after, `it is needed by ${neededBy.join(", ")}`];
}

function measurement({ key, text, isOk }: NonNullable<Explanation["limits"]>[number]): Told {
  return isOk === false
    ? { text: `${key}: ${text}  <-- not as it should be`, style: "bad" }
    : `${key}: ${text}`;
}

function next(one: Explanation): readonly string[] {
  const because = one.because === undefined ? "" : `, because ${one.because}`;
  return [
    ...(one.next === undefined ? [] : [`${one.next}${because}`]),
    ...(one.ifItEnds === undefined ? [] : [one.ifItEnds]),
    ...(one.plans ?? []),
  ];
}

function lastExit(one: Explanation, now: number): readonly string[] {
  const { lastExit: exit } = one;
  if (exit === undefined) return [];
  const words = one.lastWords ?? (exit.wrote === undefined ? [] : [exit.wrote]);
  return [describeShownExit(exit, now), ...words.map((line) => `| ${line}`)];
}

function advice({ advice: all }: Explanation): readonly Told[] {
  const lengths = all.map(({ command }) => command.length);
  const width = Math.max(0, ...lengths.filter((length) => length <= WIDEST));
  return all.length === 0
    ? ["nothing: all is as it should be"]
    : all.map(({ command, why }) => ({
        begin: [
          [command, "strong"],
          [" ".repeat(Math.max(0, width - command.length) + 2), "plain"],
        ],
        text: why,
      }));
}
