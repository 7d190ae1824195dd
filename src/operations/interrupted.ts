import { ExitCode } from "../exit-code.ts";

/** Why what is being done is to end in good order, before it is over: a signal, or the time that was given. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** Of the command. */
  readonly code: ExitCode;

  /** `why` completes “interrupted by” or stands for itself. */
  constructor(why: string, code: ExitCode = ExitCode.failure) {
    super(why);
    this.code = code;
  }
}
