import { programSchema } from "../../config/schema.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import { shorten } from "../../lib/format.ts";
import type { Note, ProgramDraft, Setting, Source } from "./draft.ts";
import { PERCENT, writeValue } from "./value-text.ts";

/** A setting of a program. */
interface Placed {
  readonly program: ProgramDraft;
  readonly setting: Setting;
  readonly key: string;
}

/** A text in our dialect, and what its lines stem from. */
export interface Rendered {
  readonly text: string;
  /** By line, from 1. */
  readonly settings: ReadonlyMap<number, Placed>;
  readonly programs: ReadonlyMap<number, ProgramDraft>;
}

/** How programs are printed. */
export interface Layout {
  /** Comments at the top, a line each. */
  readonly head: readonly string[];
  /** With a section [Main]: for a main file. */
  readonly hasMain: boolean;
  /** About no program: at the end. */
  readonly notes: readonly Note[];
}

/** The text of a configuration, with all that has no counterpart as comments. */
export function render(
  programs: readonly ProgramDraft[],
  { head, hasMain, notes }: Layout,
): Rendered {
  const lines: string[] = head.map((one) => `# ${one}`);
  const settings = new Map<number, Placed>();
  const headers = new Map<number, ProgramDraft>();
  if (hasMain) lines.push("", "[Main]");
  const needsPercent = programs.some((one) =>
    [one.keys, one.env, one.monitor].some((part) =>
      [...part.values()].some(({ text }) => text.includes(`%(${PERCENT})s`)),
    ),
  );
  if (needsPercent)
    lines.push("", "# %(percent)s is a % that begins no reference.", "[DEFAULT]", `${PERCENT} = %`);
  for (const program of programs) {
    lines.push("");
    if (program.title !== undefined) lines.push(`# ${oneLine(program.title)}`);
    const off = program.refused === undefined ? "" : "#";
    const put = (indent: string, part: ReadonlyMap<string, Setting>): void => {
      for (const [key, setting] of inOrder(part)) {
        const written = writeValue(setting.text);
        const isOff = off !== "" || setting.refused !== undefined || written === undefined;
        const all = `${key} = ${written ?? setting.text}`;
        if (!isOff) settings.set(lines.length + 1, { program, setting, key });
        const shown = isOff ? all.split("\n").map((line) => `${indent}#${line}`) : [indent + all];
        lines.push(...shown.join("\n").split("\n"));
      }
    };
    headers.set(lines.length + 1, program);
    lines.push(`${off}[Program:${program.name}]`);
    put("", program.keys);
    for (const [title, part] of [
      ["Env", program.env],
      ["Monitor", program.monitor],
    ] as const) {
      if (part.size === 0) continue;
      lines.push("", `    ${off}[[${title}]]`);
      put("    ", part);
    }
    const { file } = program.source;
    lines.push(...comments("Without a counterpart:", program.notes, file));
    const refusals = refusalsOf(program);
    lines.push(
      ...comments(
        "Refused by usrsvc as it is, and a comment until that is settled:",
        refusals,
        file,
      ),
    );
  }
  const [first] = notes;
  const isOne = notes.every(({ source }) => source.file === first?.source.file);
  const file = isOne ? first?.source.file : undefined;
  lines.push(...comments("Without a counterpart, and of no program:", notes, file));
  return {
    text: `${lines.join("\n")}\n`,
    settings,
    programs: headers,
  };
}

const KEYS = Object.keys(programSchema);

/** As the manual has them; variables in their own order. */
function inOrder(
  part: ReadonlyMap<string, Setting>,
): readonly (readonly [key: string, setting: Setting])[] {
  return [...part].toSorted(([a], [b]) => KEYS.indexOf(a) - KEYS.indexOf(b));
}

/** What our own check refuses of a program, and so is a comment: it has a counterpart, but not here, or not yet. */
export function refusalsOf(program: ProgramDraft): readonly Note[] {
  const { name, source: own } = program;
  const whole = program.refused;
  const refused: Note[] =
    whole === undefined ? [] : [{ source: own, key: name, value: "", why: whole }];
  for (const part of [program.keys, program.env, program.monitor]) {
    for (const [key, { refused: why, source, text }] of part) {
      const value = part === program.env ? "" : text;
      if (why !== undefined && why !== whole) refused.push({ source, key, value, why });
    }
  }
  return refused;
}

/** Where a note belongs: `file:12`. */
export function placeOf({ file, line }: Source): string {
  return line === undefined ? file : `${file}:${line}`;
}

const LONGEST_VALUE = 60;

function comments(
  title: string,
  notes: readonly Note[],
  file: string | undefined,
): readonly string[] {
  if (notes.length === 0) return [];
  const all = notes.map(({ source, key, value, why }, index) => {
    const isHere = source.file === file && source.line !== undefined;
    const place = isHere ? `line ${source.line}` : placeOf(source);
    const shown = value === "" ? key : `${key}=${shorten(oneLine(value), LONGEST_VALUE)}`;
    const isAgain = index > 0 && notes[index - 1]?.why === why;
    return `#   ${place}: ${maskSecrets(shown)}: ${isAgain ? "the same" : oneLine(why)}`;
  });
  return ["", `# ${title}`, ...all];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
