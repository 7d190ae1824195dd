import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What `configobj.json` holds of one text. */
export interface TextVector {
  readonly name: string;
  readonly text: string;
  readonly expect?: RecordedSection;
  readonly error?: RecordedFault & { readonly errors?: readonly RecordedFault[] };
}

export interface RecordedSection {
  readonly [key: string]: string | readonly string[] | RecordedSection;
}

export interface RecordedFault {
  readonly type: string;
  /** Null where reading a value raised it. */
  readonly line: number | null;
}

/** What `configobj-bytes.json` holds of one file. */
export interface BytesVector extends Omit<TextVector, "text"> {
  readonly base64: string;
}

/** What `programs.json` holds of one configuration. */
export interface ProgramsVector {
  readonly name: string;
  readonly dirs: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly expect?: RecordedSettings;
  readonly error?: RecordedError;
  readonly logged?: readonly string[];
}

export interface RecordedError {
  readonly type: string;
  readonly message: string;
}

export interface RecordedSettings {
  readonly main: Readonly<Record<string, string | null>>;
  readonly programs: Readonly<Record<string, RecordedProgram>>;
  readonly order?: readonly string[];
  readonly logged?: readonly string[];
}

/** Settings as 1.x had them: times in seconds, sizes in kB. */
export interface RecordedProgram {
  readonly [key: string]: unknown;
  readonly maxrestarts: number;
  readonly useshell: boolean;
  readonly Env: Readonly<Record<string, unknown>> | null;
  readonly proctitle_re?: string;
  readonly proctitle_matches?: readonly (readonly [string, boolean])[];
}

/** The files of recorded facts, and what their vectors hold. */
interface VectorFiles {
  readonly "configobj.json": TextVector;
  readonly "configobj-bytes.json": BytesVector;
  readonly "programs.json": ProgramsVector;
}

/** Reads one of the files of recorded facts; `CONFORMANCE_DIR` names another folder of them. */
export function readVectors<F extends keyof VectorFiles>(file: F): readonly VectorFiles[F][] {
  const folder = process.env["CONFORMANCE_DIR"] ?? import.meta.dirname;
  const text = readFileSync(join(folder, file), "utf8");
  return (JSON.parse(text) as { vectors: VectorFiles[F][] }).vectors;
}
