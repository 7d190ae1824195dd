/** By this, a shell asks for the names of programs. It is in scripts that outlive an upgrade: it stays. */
export const PROGRAMS_COMMAND = "__programs";
