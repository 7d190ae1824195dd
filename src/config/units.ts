import type { Unit } from "./setting.ts";
import * as values from "./values.ts";
import type { RawValue, Reading } from "./values.ts";

/*
 * How values are written that are no different here than elsewhere: each unit parses the text in a file, and prints the
 * value as the file would have it. Units of their own kind are where their values are read (`restart-values.ts` …).
 */

type Optional = string | undefined;
const orNull = (text: Optional): string | null => text ?? null;
const itself = <T>(value: T): T => value;
const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

/** Any text. */
export const text: Unit<string> = { name: "", parse: values.readText, print: itself };

/** The name of something else in the configuration. */
export const name: Unit<Optional> = { name: "", parse: readName, print: orNull };

/** Yes or no. */
export const flag: Unit<boolean> = { name: "", parse: values.readBoolean, print: itself };

/** Yes, no, or undefined: whatever suits the machine. */
export const autoFlag: Unit<boolean | undefined> = {
  name: "",
  parse: values.readAutoBoolean,
  print: (value) => value ?? "auto",
};

/** A count. */
export const wholeNumber: Unit<number> = { name: "", parse: values.readWholeNumber, print: itself };

/** Of times in ms, written in seconds, that are read so. */
export function inSeconds(parse: Unit<number>["parse"]): Unit<number> {
  return { name: "seconds", parse, print: (ms) => ms / 1000 };
}

/** A time in ms, written in seconds and fractions of them. */
export const seconds: Unit<number> = inSeconds(values.readSeconds);

/** A time in ms, written in whole seconds unless another unit is given. */
export const wholeSeconds: Unit<number> = inSeconds(values.readWholeSeconds);

/** A size in bytes, written in kB. */
export const size: Unit<number> = {
  name: "kB",
  parse: values.readSize,
  print: (bytes) => bytes / 1024,
};

/** An absolute path. */
export const path: Unit<Optional> = pathUnit(values.readOptionalPath);

/** The path of a folder, no slash at its end; as in 1.x, `~/` is refused. */
export const folder: Unit<Optional> = { name: "", parse: values.readFolder, print: orNull };

/** The path of a program; undefined: looked for. */
export const autoPath: Unit<Optional> = pathUnit(values.readAutoPath);

/** The path for errors, or the word `stdout`. */
export const errorPath: Unit<Optional> = pathUnit(values.readErrorPath);

/** The same, where that word means what nothing means. */
export const ownErrorPath: Unit<Optional> = pathUnit(values.readOwnErrorPath);

/** The path of a file of variables. */
export const envFile: Unit<values.EnvFilePath | undefined> = {
  name: "",
  isPath: true,
  parse: values.readEnvFilePath,
  print: (file) => (file === undefined ? null : `${file.isOptional ? "-" : ""}${file.path}`),
};

function pathUnit(parse: Unit<Optional>["parse"]): Unit<Optional> {
  return { name: "", isPath: true, parse, print: orNull };
}

/** The URL of a mail server. */
export const smtpUrl: Unit<Optional> = { name: "", parse: values.readSmtpUrl, print: orNull };

/** The mode of a log. */
export const fileMode: Unit<number> = {
  name: "octal",
  parse: values.readFileMode,
  print: octal,
};

/** A file mode mask. */
export const umask: Unit<number | undefined> = {
  name: "octal",
  parse: values.readUmask,
  print: (mask) => (mask === undefined ? null : octal(mask)),
};

/** Mail addresses. */
export const addresses: Unit<readonly string[]> = {
  name: "",
  parse: values.readAddresses,
  print: itself,
};

function readName({ text }: RawValue): Reading<Optional> {
  if (text !== "") return { value: text };
  return { problem: "is empty; name a [DefaultSettings:NAME], or leave the line out" };
}
