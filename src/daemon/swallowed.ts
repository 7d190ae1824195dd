import { readFileSync } from "node:fs";
import { constants } from "node:os";

/**
 * True when somebody wanted to end us, process 1, before we listened. The kernel keeps from process 1
 * what it does not listen for. Node listens for SIGINT and SIGTERM from its first milliseconds on; when
 * one comes it would end, were it not process 1, and no longer listens for that one.
 */
export function hasSwallowedSignal(status = readFileSync("/proc/self/status", "utf8")): boolean {
  const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const listensFor = (number: number): boolean => ((caught >> BigInt(number - 1)) & 1n) === 1n;
  const { SIGINT, SIGTERM } = constants.signals;
  return listensFor(SIGINT) !== listensFor(SIGTERM); // neither: this Node does not do so
}
