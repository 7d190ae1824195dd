/** CPU time of this process that a call takes, in ms: what else the machine has to do does not count. */
export function cpuMs(call: () => unknown): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
