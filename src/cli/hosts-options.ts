import { timeout } from "./timeout.ts";

/** Options of the commands that `-H` takes to other hosts (cli/hosts/). */
export const onHosts = {
  hosts: {
    short: "H",
    value: "HOSTS",
    isRepeatable: true,
    completes: "hosts",
    help: "on other hosts, by ssh, side by side: web1,web2, or @group of [Hosts] in usrsvc.cfg",
    otherwise: "that is not for other hosts; connect, and run it there: ssh -t HOST usrsvc",
  },
  timeout: {
    ...timeout,
    needs: { option: "hosts", why: "it is how long a host may be silent" },
  },
  "remote-command": {
    value: "COMMAND",
    help: "what is run there instead of usrsvc: a path, say",
    needs: { option: "hosts", why: "it is what is run there" },
  },
} as const;
