/* What the man pages say beyond the table of commands and the schema of settings. */

/** What a page of a program says more. */
export interface Words {
  readonly description: readonly string[];
  readonly examples: readonly (readonly [says: string, code: string])[];
  readonly files: readonly (readonly [path: string, says: string])[];
  readonly seeAlso: string;
}

const state: Words["files"] = [
  ["$HOME/usrsvc.cfg", "The configuration, see `usrsvc.cfg`(5)."],
  [
    "$HOME/.local/state/usrsvc",
    "Locks, records, and the pidfiles and logs of programs that name none (`state_dir` of `[Main]`).",
  ],
];

/** By the name of the program. */
export const words: Readonly<Record<"usrsvc" | "usrsvcd", Words>> = {
  usrsvc: {
    description: [
      "It need not be the parent of what it manages. A program is found by its record, its pidfile, or its command line in `/proc`; one that runs already is taken up, and not started twice.",
      "What it starts runs on when `usrsvc` ends. To have programs started again when they end, and when the machine starts, run `usrsvcd`(8). Where that runs, `start` and `restart` are made by it, so that a program gets the same environment by day and by night.",
      "A `stop` lasts: `usrsvcd` leaves the program down until `start`, `restart`, or the next boot.",
    ],
    examples: [
      ["Start a program, and see what runs:", "usrsvc start web\nusrsvc status"],
      ["Take over a change of the configuration:", "usrsvc restart --reread web"],
      ["Stop all, at once:", "usrsvc -P stop all"],
      [
        "The programs that are down, in a script:",
        "usrsvc status --json | jq -r 'select(.state != \"running\") | .program'",
      ],
      ["Completion in bash, from a line in ~/.bashrc:", "source <(usrsvc completion bash)"],
    ],
    files: state,
    seeAlso: "`usrsvcd`(8), `usrsvc.cfg`(5), and the manual that `usrsvc --readme` prints",
  },
  usrsvcd: {
    description: [
      "It starts what has `autostart`, starts again what has `autorestart`, and takes up what runs. It notices at once when a program ends, with its exit status, also of one that it did not start. A program that keeps ending is started after growing pauses; after `maxrestarts` failed starts in a row it is given up.",
      "It restarts programs that exceed the limits of their `[[Monitor]]`, and mails what has happened to `email_alerts`.",
      "SIGTERM and SIGINT end it, and all programs run on; SIGUSR1 is a `reread`; SIGHUP is ignored in the background. Its log is one JSON object a line.",
      "Under systemd, `install-unit` writes the unit: for an account's own systemd, or as root `usrsvcd@.service` for those of all accounts.",
    ],
    examples: [
      ["Write a configuration, look at it, begin:", "usrsvcd init\nusrsvcd checkconfig\nusrsvcd"],
      ["Take over a change of the configuration:", "usrsvcd checkconfig && usrsvcd reread"],
      [
        "From boot on, by your own systemd:",
        "usrsvcd install-unit\nsystemctl --user enable --now usrsvcd\nloginctl enable-linger",
      ],
    ],
    files: [
      ...state,
      [
        "$HOME/.local/state/usrsvc/usrsvcd.log",
        "Its log in the background, where `usrsvcd_stdout` names no other.",
      ],
    ],
    seeAlso: "`usrsvc`(1), `usrsvc.cfg`(5), and the manual that `usrsvcd --readme` prints",
  },
};

/** The page of the configuration. */
export const configWords = {
  description: [
    "What `usrsvc`(1) and `usrsvcd`(8) run for an account: $HOME/usrsvc.cfg or the file after `-c`, and every *.cfg in its `config_dir`, in the order of names. A program is two lines:",
  ],
  first: "[Main]\n\n[Program:web]\ncommand = node server.js --port 8080",
  syntax: [
    "Sections are `[Main]` (in the main file, required), `[Program:NAME]`, and `[DefaultSettings:NAME]`. A program takes what it does not set itself from the DefaultSettings that its `defaults` names. `[[Env]]` and `[[Monitor]]` stand below the section that they belong to.",
    "A line is `key = value`. # begins a comment, also in the middle of a value: quote a value that holds one. `%(key)s` inserts another value of the section, or of one around it.",
    "Times are in seconds or have a unit (`500ms`, `90s`, `10m`, `2h`, `1d`), sizes in kB or with one (`512K`, `200M`, `1.5G`). Booleans are true or false, yes or no, on or off.",
    "Since the file says what runs as you, nobody else may be able to write it. `usrsvcd checkconfig` tells all that is wrong, with file and line; a program with an error is set aside, and the others work.",
  ],
  env: "Variables of the program's environment, one a line, as `NAME = value`.",
  monitor:
    "When `usrsvcd` restarts a running program. The section may also be called `[[Monitoring]]`.",
  example: `[Main]
config_dir = /home/me/usrsvc.d

[DefaultSettings:common]
email_alerts = me@example.org
maxrestarts = 10

[Program:web]
defaults = common
command = node server.js --port 8080
directory = /home/me/web
stdout = /home/me/log/web.log

    [[Env]]
    NODE_ENV = production

    [[Monitor]]
    rss_limit = 500M`,
  seeAlso: "`usrsvc`(1), `usrsvcd`(8), and the manual that `usrsvc --readme` prints",
} as const;
