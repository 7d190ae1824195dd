/**
 * Parses `/proc/<pid>/cmdline` (proc_pid_cmdline(5)): arguments that each end in a NUL byte.
 *
 * Empty for a zombie and for a kernel thread. A program that writes its own title (setproctitle)
 * leaves one text with blanks where the NULs were, padded with NULs. The padding cannot be distinguished
 * from empty last arguments, so both are left out: compare with `withoutEmptyTail(argv)`.
 */
export function parseCmdline(text: string): readonly string[] {
  let end = text.length;
  while (end > 0 && text[end - 1] === "\0") end -= 1;
  return end === 0 ? [] : text.slice(0, end).split("\0");
}

/** An argv as `parseCmdline` would return it: without empty arguments at its end. */
export function withoutEmptyTail(argv: readonly string[]): readonly string[] {
  let end = argv.length;
  while (end > 0 && argv[end - 1] === "") end -= 1;
  return end === argv.length ? argv : argv.slice(0, end);
}
