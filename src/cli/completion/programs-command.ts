/** The command by which a shell asks for program names. It is in scripts that outlive an upgrade: it stays. */
export const PROGRAMS_COMMAND = "__programs";
