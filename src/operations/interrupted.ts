/** The user or the system has asked a command to end. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
  }
}
