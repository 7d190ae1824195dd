import type { ExitCode } from "../exit-code.ts";
import type { Screen } from "./screen.ts";

/*
 * The words of the command line as a table: a tool has commands, a command has arguments and options.
 * Parsing (args.ts), --help (help.ts), completion and man pages follow from it.
 */

/** One of our two programs. */
export interface Tool {
  readonly name: "usrsvc" | "usrsvcd";
  /** What it is, in one line without a full stop. */
  readonly title: string;
  /** The same in sentences, each line as --help shows it. */
  readonly about: readonly string[];
  readonly commands: readonly Command[];
  /** The command that runs if none is given. */
  readonly byDefault?: string;
  /** Commands of the other program, for those who call the wrong one. */
  readonly other?: { readonly name: string; readonly commands: readonly string[] };
}

/** A command of a program. */
export interface Command {
  readonly name: string;
  /** In one line, as --help shows it. */
  readonly summary: string;
  readonly arguments: Arguments;
  readonly options: Options;
  /** For machines: neither --help nor completion shows it. */
  readonly isHidden?: true;
  /** It only looks, so that -H can give up a host in the middle of its answer. */
  readonly isLook?: true;
  run(invocation: Invocation): Promise<ExitCode> | ExitCode;
}

/** The words after the name of a command; undefined: there are none. */
export type Arguments =
  | undefined
  /**
   * Names of programs, or `all`; `isOne`: one name at most; `last`: one more word after them; with the option
   * `isOptionalWith` they may be left out.
   */
  | {
      readonly kind: "programs";
      readonly isOptional?: true;
      readonly isOptionalWith?: string;
      readonly isOne?: true;
      readonly last?: LastWord;
    }
  /** Paths of files, one at least. */
  | { readonly kind: "files" }
  /** One word of any kind; `value` is its name in a usage: PID. */
  | {
      readonly kind: "word";
      readonly what: string;
      readonly value: string;
      readonly isOptional?: true;
      /** It may have blanks, and is put in quotes then. */
      readonly isQuoted?: true;
    }
  /** One of these words; `what` names them. */
  | { readonly kind: "choice"; readonly what: string; readonly words: readonly string[] };

/** A word after the names of programs: `words` are the usual ones. */
export interface LastWord {
  readonly what: string;
  /** Its name in a usage: SIG. */
  readonly value: string;
  readonly words: readonly string[];
}

/** An option, without its name. */
export interface Option {
  readonly short?: string;
  /** Name of its value: FILE. Undefined: it has none. */
  readonly value?: string;
  readonly help: string;
  /** What completion offers for its value; undefined: files. */
  readonly completes?: "hosts";
  /** It makes sense only with this option, for this reason. */
  readonly needs?: { readonly option: string; readonly why: string };
  /** It says which programs are meant, so that none need be named. */
  readonly isForNames?: true;
  /** It cannot be combined with this option. */
  readonly excludes?: string;
  /** Values of several are put together, with commas. */
  readonly isRepeatable?: true;
  /** What to do where a command does not have it: the start of a sentence that ends with the command. */
  readonly otherwise?: string;
}

/** Options by their long names. */
export type Options = Readonly<Record<string, Option>>;

/** The given values with which a command acts. */
export interface Invocation<O extends Options = Options> {
  /** The words after the name of the command. */
  readonly words: readonly string[];
  readonly options: Values<O> & Values<typeof common>;
  /** The program whose command it is. */
  readonly tool: Tool;
  readonly screen: Screen;
}

/** The values of options by their long names. */
export type Values<O extends Options> = string extends keyof O
  ? unknown // nobody knows which
  : {
      readonly [N in keyof O]: O[N] extends { readonly value: string }
        ? string | undefined
        : boolean;
    };

/** Options of all commands. */
export const common = {
  config: {
    short: "c",
    value: "FILE",
    help: "main configuration file (default: $HOME/usrsvc.cfg)",
  },
  json: { help: "one JSON object per line, for scripts" },
  debug: { help: "report on standard error what is checked and done" },
  help: { short: "h", help: "print this help" },
  version: { short: "V", help: "print the version" },
  readme: { help: "print the manual" },
} as const satisfies Options;

/** A row of the table: its own options give the type of what it runs with. */
export function command<const O extends Options>(
  row: Omit<Command, "options" | "run"> & {
    readonly options: O;
    readonly run: (invocation: Invocation<O>) => Promise<ExitCode> | ExitCode;
  },
): Command {
  return row as unknown as Command; // args.ts gives it the values of just these options
}
