/*
 * What a file of another manager comes to, before it is checked and printed: programs with settings as our file would
 * have them, each with the line that it stems from, and what could not be said.
 */

/** The managers whose files are read. */
export type Format = "supervisor" | "pm2" | "systemd" | "procfile";

/** Where something stands in a file of another manager; lines count from 1. */
export interface Source {
  readonly file: string;
  /** Undefined: the file is a program itself, and what it says has no certain line. */
  readonly line: number | undefined;
}

/** A line, or a part of one, that has no counterpart here. */
export interface Note {
  readonly source: Source;
  /** As it is called there: a key, or a section. */
  readonly key: string;
  /** What is written, as far as it helps to find it; it may be a secret. */
  readonly value: string;
  /** Why there is none, and what to do instead; no sentence needs a full stop. */
  readonly why: string;
}

/** A value of ours. In its text `%(name)s` is a reference (see literal() in value-text.ts). */
export interface Setting {
  readonly text: string;
  readonly source: Source;
  /** Why it is only a comment: our own check refuses it. */
  refused?: string;
}

/** Which part of a program's section a key belongs to. */
export type Part = "keys" | "env" | "monitor";

/** A program that is being translated. */
export class ProgramDraft {
  /** Ours: valid, and no other program's. */
  name: string;
  readonly source: Source;
  /** What it is, in the words of the file. */
  title: string | undefined;
  readonly keys = new Map<string, Setting>();
  readonly env = new Map<string, Setting>();
  readonly monitor = new Map<string, Setting>();
  readonly notes: Note[] = [];
  /** Why all of it is only a comment. */
  refused: string | undefined;

  constructor(name: string, source: Source) {
    this.name = name;
    this.source = source;
  }

  set(key: string, text: string | number, source: Source = this.source): void {
    this.keys.set(key, { text: String(text), source });
  }

  /** A variable of its environment. */
  setVariable(name: string, text: string, source: Source = this.source): void {
    if (/^[A-Za-z_][\w.-]*$/.test(name)) this.env.set(name, { text, source });
    else this.note(source, "environment", name, "not a name that a variable can have here");
  }

  watch(key: string, text: string | number, source: Source = this.source): void {
    this.monitor.set(key, { text: String(text), source });
  }

  note(source: Source, key: string, value: string, why: string): void {
    this.notes.push({ source, key, value, why });
  }
}

/** What the files of one manager come to. */
export interface Draft {
  readonly from: Format;
  readonly programs: readonly ProgramDraft[];
  /** About no program. */
  readonly notes: readonly Note[];
}
