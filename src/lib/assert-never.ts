/**
 * Ends each `switch` over a union: a new member that is not handled does not compile.
 *
 * @throws {TypeError} always; reaching it is a bug
 */
export function assertNever(value: never): never {
  throw new TypeError(`not handled: ${JSON.stringify(value)}`);
}
