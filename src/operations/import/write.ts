import { join } from "node:path";
import { ExitCode } from "../../exit-code.ts";
import { fileStem } from "../../lib/file-stem.ts";
import { writeNew } from "../../lib/new-file.ts";
import { check } from "../configuration.ts";
import { render } from "./render.ts";
import type { Imported } from "./import.ts";

/** A program and its file, or why it has none. */
export interface Written {
  readonly program: string;
  readonly path: string | undefined;
  readonly message: string;
}

/** What became of the programs; or why nothing was written. */
export type WriteResult =
  | { readonly code: ExitCode; readonly problem: string }
  | { readonly code: ExitCode; readonly written: readonly Written[] };

/** Writes each program into a file of its own in `config_dir`, mode 0600; no file and no program is replaced. */
export function writeImported(imported: Imported, config: string | undefined): WriteResult {
  const { settings, path } = check(config);
  if (settings === undefined) {
    return {
      code: ExitCode.invalidConfig,
      problem: `${path} cannot be used: usrsvcd checkconfig says why; usrsvcd init writes a first one`,
    };
  }
  const folder = settings.main.configDir;
  if (folder === undefined) {
    return {
      code: ExitCode.failure,
      problem: `${path} has no config_dir, so there is no folder to write to; add config_dir = FOLDER to its [Main]`,
    };
  }
  const known = new Set(
    [...settings.programs.values(), ...settings.faulty.values()].map(
      (one) => one.instanceOf ?? one.name,
    ),
  );
  const written = imported.programs.map((program): Written => {
    const { name, refused } = program;
    const file = join(folder, `${fileStem(name)}.cfg`);
    if (refused !== undefined)
      return { program: name, path: undefined, message: `not written: ${refused}` };
    if (known.has(name))
      return {
        program: name,
        path: undefined,
        message: "not written: the configuration has a program of this name",
      };
    const from = `Translated by usrsvc import from ${program.source.file}.`;
    try {
      writeNew(file, render([program], { head: [from], hasMain: false, notes: [] }).text);
      return { program: name, path: file, message: `${file} written` };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === "EEXIST" ? `${file} already exists` : message;
      return { program: name, path: undefined, message: `not written: ${why}` };
    }
  });
  const isWhole = written.every((one) => one.path !== undefined);
  return { code: isWhole ? ExitCode.ok : ExitCode.failure, written };
}
