/* What the man pages say beyond the table of commands and the schema of settings. */

/** Additional text of a program's page. */
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
    "Locks, records, and the pidfiles and logs of programs that do not name their own (`state_dir` of `[Main]`).",
  ],
];

/** By the name of the program. */
export const words: Readonly<Record<"usrsvc" | "usrsvcd", Words>> = {
  usrsvc: {
    description: [
      "It need not be the parent of what it manages. A program is found by its record, its pidfile, or its command line in `/proc`; one that is already running is adopted, and not started twice.",
      "What it starts keeps running when `usrsvc` ends. To have programs restarted when they end, and started when the machine boots, run `usrsvcd`(8). While that is running, it carries out `start` and `restart`, so that a program always gets the same environment.",
      "A `stop` lasts: `usrsvcd` leaves the program down until `start`, `restart`, or the next boot (`stop_lasts`).",
    ],
    examples: [
      ["Start a program, and see what is running:", "usrsvc start web\nusrsvc status"],
      ["Apply a change of the configuration:", "usrsvc restart --reread web"],
      ["Have nginx read its own configuration, after reload = HUP:", "usrsvc reload nginx"],
      [
        "Know why a program is not found, and what an expression would find:",
        "usrsvc explain web\nusrsvc match 'gunicorn: master'",
      ],
      ["Stop all at once:", "usrsvc -P stop all"],
      [
        "List the programs that are down, in a script:",
        "usrsvc status --json | jq -r 'select(.state != \"running\") | .program'",
      ],
      [
        "See what is running on other hosts, by ssh, and restart it host by host:",
        "usrsvc -H web1,web2 status\nusrsvc -H @web restart --rolling shop",
      ],
      ["Complete words in bash, by a line in ~/.bashrc:", "source <(usrsvc completion bash)"],
    ],
    files: state,
    seeAlso: "`usrsvcd`(8), `usrsvc.cfg`(5), and the manual that `usrsvc --readme` prints",
  },
  usrsvcd: {
    description: [
      "It starts what has `autostart`, restarts what has `autorestart`, and adopts what is running. It notices at once when a program ends, and with which exit status, even if it did not start it. A program that keeps ending is started after growing pauses; after `maxrestarts` failed starts in a row `usrsvcd` gives up.",
      "It restarts programs that exceed the limits of their `[[Monitor]]`, and notifies `email_alerts` by mail.",
      "SIGTERM and SIGINT end it, and all programs keep running; SIGUSR1 is a `reread`; SIGHUP is ignored in the background. Its log is one JSON object per line.",
      "Under systemd, `install-unit` writes the unit: for an account's own systemd instance, or, as root, `usrsvcd@.service` for all accounts.",
    ],
    examples: [
      ["Write a configuration, check it, begin:", "usrsvcd init\nusrsvcd checkconfig\nusrsvcd"],
      ["Apply a change of the configuration:", "usrsvcd checkconfig && usrsvcd reread"],
      [
        "Run it from boot on, by your own systemd instance:",
        "usrsvcd install-unit\nsystemctl --user enable --now usrsvcd\nloginctl enable-linger",
      ],
    ],
    files: [
      ...state,
      [
        "$HOME/.local/state/usrsvc/usrsvcd.log",
        "Its log in the background, unless `usrsvcd_stdout` names another.",
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
    "Sections are `[Main]` (in the main file, required), `[Program:NAME]`, and `[DefaultSettings:NAME]`. A program takes what it does not set itself from the DefaultSettings that its `defaults` names. `[[Env]]` and `[[Monitor]]` go below the section that they belong to. `[Hosts]`, in the main file, names hosts and groups of them for `usrsvc -H`: `web1 = web@web1.example`, `web = web1, web2`.",
    "A line is `key = value`. # begins a comment, even in the middle of a value: quote a value that contains one. `%(key)s` inserts another value of the section, or of an enclosing one.",
    "Times are in seconds or have a unit (`500ms`, `90s`, `10m`, `2h`, `1d`), sizes in kB or with one (`512K`, `200M`, `1.5G`). Booleans are true or false, yes or no, on or off.",
    "Because the file says what runs as you, nobody else must be able to write to it. `usrsvcd checkconfig` reports everything that is wrong, with file and line; a program with an error is ignored, and the others work.",
  ],
  env: "Variables of the program's environment, one per line, as `NAME = value`.",
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
