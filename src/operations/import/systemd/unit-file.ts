import type { Source } from "../draft.ts";

/** `Key=value` of a unit; the same key may come again. */
export interface UnitEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly source: Source;
}

/** What a unit file says, and the lines that say nothing. */
export interface UnitFile {
  readonly entries: readonly UnitEntry[];
  readonly strange: readonly { readonly source: Source; readonly text: string }[];
}

/**
 * Reads a unit as systemd.syntax(7) has it: comments are whole lines, a backslash at the end of one continues it, and
 * comments in between do not end that.
 */
export function parseUnit(text: string, file: string): UnitFile {
  const entries: UnitEntry[] = [];
  const strange: UnitFile["strange"][number][] = [];
  let section = "";
  let open: { text: string; source: Source } | undefined;
  const finish = (line: string, source: Source): void => {
    const content = line.trim();
    const [, header] = /^\[(.+)\]$/.exec(content) ?? [];
    const equals = content.indexOf("=");
    const key = content.slice(0, Math.max(equals, 0)).trimEnd();
    if (header !== undefined) section = header;
    else if (key !== "" && section !== "") {
      entries.push({ section, key, value: content.slice(equals + 1).trim(), source });
    } else if (content !== "") strange.push({ source, text: content });
  };
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*[#;]/.test(line)) continue;
    const source = open?.source ?? { file, line: index + 1 };
    const whole = (open?.text ?? "") + (open === undefined ? line : line.trimStart());
    if (whole.endsWith("\\")) {
      open = { text: `${whole.slice(0, -1)} `, source };
    } else {
      open = undefined;
      finish(whole, source);
    }
  }
  if (open !== undefined) finish(open.text, open.source);
  return { entries, strange };
}
