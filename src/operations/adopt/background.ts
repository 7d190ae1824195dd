import type { Subject } from "./subject.ts";

/**
 * True for a process that looks as daemon(3) leaves one: a session of its own (or one whose leader has left), no
 * terminal, nothing to read or write. So does what was started by `setsid … </dev/null >/dev/null`: it is a guess.
 */
export function isDetached({ stat, particulars }: Pick<Subject, "stat" | "particulars">): boolean {
  const { descriptors, hasTerminal, argv } = particulars;
  if (argv.some((word) => /^--?(daemon(ize)?|background)$/.test(word))) return true;
  const isNull = (fd: number): boolean => {
    const open = descriptors.get(fd);
    return open === undefined || open.path === "/dev/null";
  };
  return !hasTerminal && stat.pgrp !== 0 && isOwnSession(stat) && isNull(0) && isNull(1);
}

/** It leads its session, or is what a second fork has made. */
function isOwnSession({ pid, session, pgrp, ppid }: Subject["stat"]): boolean {
  return session === Number(pid) || (session === pgrp && ppid !== session);
}
