import type { Source } from "../draft.ts";

/** `key = value`; a value of several lines has line feeds. */
export interface IniEntry {
  readonly key: string;
  readonly value: string;
  readonly source: Source;
}

/** `[name]`, with what stands in it; the last of two equal keys counts. */
export interface IniSection {
  readonly name: string;
  readonly source: Source;
  readonly entries: Map<string, IniEntry>;
}

/** The sections of a file, those of one name as one, and the lines that are neither. */
export interface IniFile {
  readonly sections: ReadonlyMap<string, IniSection>;
  readonly strange: readonly { readonly source: Source; readonly text: string }[];
}

/** Begins a comment at the start of a line, or after a blank. */
const COMMENT = /(^|\s)[;#]/;

/**
 * Reads a file of supervisor, which is one of Python's RawConfigParser with ; and # for comments, also behind a value:
 * keys in any case, = or : after them, and what is indented more continues the value.
 */
export function parseIni(text: string, file: string): IniFile {
  const sections = new Map<string, IniSection>();
  const strange: IniFile["strange"][number][] = [];
  let section: IniSection | undefined;
  let open: { readonly key: string; readonly source: Source; readonly lines: string[] } | undefined;
  let indent = 0;
  const close = (): void => {
    if (open !== undefined && section !== undefined) {
      const value = open.lines.join("\n").trimEnd();
      section.entries.set(open.key, { key: open.key, value, source: open.source });
    }
  };
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const source = { file, line: index + 1 };
    const comment = COMMENT.exec(line);
    const content = (comment === null ? line : line.slice(0, comment.index)).trim();
    if (content === "") {
      // An empty line belongs to a value of several lines, a comment does not.
      if (comment === null) open?.lines.push("");
      continue;
    }
    const depth = line.length - line.trimStart().length;
    if (open !== undefined && depth > indent) {
      open.lines.push(content);
      continue;
    }
    close();
    open = undefined;
    indent = depth;
    const name = /^\[(.+)\]/.exec(content)?.[1];
    const mark = content.search(/[=:]/);
    const key = content.slice(0, Math.max(mark, 0)).trimEnd();
    if (name !== undefined) {
      section = sections.get(name) ?? { name, source, entries: new Map() };
      sections.set(name, section);
    } else if (section !== undefined && key !== "") {
      open = { key: key.toLowerCase(), source, lines: [content.slice(mark + 1).trimStart()] };
    } else {
      strange.push({ source, text: content });
    }
  }
  close();
  return { sections, strange };
}
