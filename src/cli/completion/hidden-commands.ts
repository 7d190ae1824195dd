/* The commands by which a shell asks for words. They are in scripts that outlive an upgrade: they stay. */

/** For the names of programs. */
export const PROGRAMS_COMMAND = "__programs";
/** For what can follow `-H`. */
export const HOSTS_COMMAND = "__hosts";
