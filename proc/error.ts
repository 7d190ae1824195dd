/** The process left, it is not ours to read, or the text is not as documented. */
export type ProcErrorCode = "gone" | "denied" | "malformed";

/** Reading about a process failed; `code` says what the caller can do about it. */
export class ProcError extends Error {
  override readonly name = "ProcError";
  readonly code: ProcErrorCode;

  constructor(code: ProcErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.code = code;
  }
}
