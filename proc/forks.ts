/**
 * How many processes and threads were created since boot: the line `processes` of `/proc/stat`
 * (proc_stat(5)).
 */
export function parseForks(text: string): number | undefined {
  const word = /^processes (\d+)$/m.exec(text)?.[1];
  return word === undefined ? undefined : Number(word);
}
