/** The commands of `usrsvcd` by name: `usrsvc` knows them without their code. */
export const daemonCommandNames = [
  "start",
  "stop",
  "restart",
  "status",
  "reread",
  "checkconfig",
  "init",
  "install-unit",
  "completion",
] as const;
