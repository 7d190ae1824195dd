const common = `  -c, --config FILE   main configuration file (default: $HOME/usrsvc.cfg)
      --json          one JSON object a line, for scripts
      --debug         tell on standard error what is looked at and done
  -h, --help          this text
  -V, --version       print the version
      --readme        print the manual`;

const exitCodes = `Exit codes: 0 done; 1 failed, or not running; 11 busy, try again; 130 invalid configuration;
131 unknown action; 132 disabled; 133 no such program; 134 ended unexpectedly; 135 usrsvcd runs
already; 136 permissions; 137 could not be launched; 254 unexpected error`;

/** `usrsvc --help`. */
export const usage = `Usage: usrsvc [OPTIONS] start|stop|restart|status NAME…|all

Acts on the programs that are described in $HOME/usrsvc.cfg. Needs no daemon.

  start NAME…         start them, and see that they live for success_seconds
  stop NAME…          end them; usrsvcd leaves them down until start, restart or the next boot
  restart NAME…       stop, then start; refused while a start is known to be impossible
  status [NAME…]      what runs, since when, with how much memory; what is down, why, what next

  -P, --parallel      all at once instead of one after the other
      --reread        with start and restart: let usrsvcd read the configuration again before
      --here          start from this shell, with its environment, even where usrsvcd runs
${common}

${exitCodes}
`;

/** `usrsvcd --help`. */
export const daemonUsage = `Usage: usrsvcd [OPTIONS] [start|stop|restart|status|reread|checkconfig|init|install-unit]

Keeps the programs of $HOME/usrsvc.cfg running. It may be stopped, upgraded or killed at any time
with no effect on them; only as process 1 of a container it stays, and ends them all with it.

  start               go to the background, return when it supervises (the default)
  stop                end usrsvcd; the programs run on
  restart             stop and start usrsvcd; the programs run on
  status              is usrsvcd running, since when, with which configuration
  reread              read the configuration again; all or nothing; restarts no program
  checkconfig         tell all that is wrong in the configuration, or doubtful (--json: the
                      effective settings as well, secrets masked)
  init                write a configuration to begin with; replaces none
  install-unit        write the systemd unit, with the paths of this machine; enables nothing

  -f, --foreground    with start: stay, log to standard output (for systemd and containers)
      --show-secrets  with checkconfig --json: passwords and the values of [[Env]] as they are
      --user          with install-unit: for your own systemd (the default)
      --system        with install-unit: for usrsvcd@ACCOUNT; as root, whose default it is
      --force         with install-unit: replace a unit that is there and differs
      --node PATH     with install-unit: the node that runs usrsvcd (default: the one on PATH)
${common}

${exitCodes}
`;
