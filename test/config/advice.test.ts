import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AdviceFacts, Advisor } from "../../src/config/advice.ts";
import { parseConfigobj } from "../../src/config/configobj/configobj.ts";
import { formatIssue } from "../../src/config/issue.ts";
import { resolvePrograms } from "../../src/config/resolve/resolve.ts";
import type { MainSettings } from "../../src/config/settings.ts";
import { configurations } from "./support/configurations.ts";

const main = {
  stateDir: "/state",
  pidfile: "/home/me/d.pid",
  alertIntervalMs: 0,
} as Partial<MainSettings> as MainSettings;

/** A machine that has nothing to object. */
const content: AdviceFacts = {
  ofMain: () => [],
  ofMail: () => undefined,
  ofCommand: () => undefined,
  ofWords: () => undefined,
  ofFiles: () => [],
  ofLimits: () => [],
  strangers: () => [],
};

/** All that is said of a text, as lines. */
function issuesOf(text: string, facts: Partial<AdviceFacts> = {}): readonly string[] {
  const file = { path: "a.cfg", ...parseConfigobj(text) };
  const advisor = new Advisor({ ...content, ...facts }, "/home/me", main);
  const { issues } = resolvePrograms([file], {
    home: "/home/me",
    realHome: "/home/me",
    uid: 1000,
    stateDir: "/state",
    exists: () => true,
    env: {},
    envFile: () => undefined,
    isFolder: () => true,
    advisor,
  });
  return [...issues, ...advisor.file(file)].map(formatIssue);
}

describe("real configurations are not complained of:", () => {
  for (const [name, text] of Object.entries(configurations)) {
    test(name, () => assert.deepEqual(issuesOf(text), []));
  }
});

const program = (...lines: readonly string[]): string =>
  `[Program:web]\ncommand = serve\n${lines.join("\n")}\n`;

describe("told of is", () => {
  const rows: readonly (readonly [text: string, issue: RegExp])[] = [
    [program("proctitle_re = x*"), /^a\.cfg:3: warning: proctitle_re: "x\*" matches every/],
    [program("proctitle_re = .*"), /every command line/],
    [
      "[Program:web]\ncommand = serve | cat\nuseshell = yes\n[[Monitor]]\nrss_limit = 30M\n",
      /^a\.cfg:\d: warning: rss_limit: measures only the shell/,
    ],
    [
      "[Program:w]\ncommand = celery worker --pidfile=/home/me/run/w.pid\npidfile = /home/me/run/w.pid\n",
      /^a\.cfg:3: warning: pidfile: \/home\/me\/run\/w\.pid also appears in the command: .*autopid = False/,
    ],
    [
      "[Program:w]\ncommand = \"nginx -g 'pid run/w.pid; daemon off;'\"\ndirectory = /srv\npidfile = /srv/run/w.pid\n",
      /warning: pidfile: \/srv\/run\/w\.pid also appears in the command/,
    ],
    [program("proctitle_re = (serve)?"), /every command line/],
    [program("proctitle_re = ."), /every command line/],
    [program("proctitle_re = ^$"), /matches only an empty command line/],
    [
      program("[[Env]]", "PATH = /opt/x/bin:$PATH"),
      /^a\.cfg:4: warning: PATH: no shell expands \$PATH .* PATH = …:\/usr\/local\/bin:\/usr\/bin:\/bin$/,
    ],
    [program("[[Env]]", "X = $HOME/x"), /X: no shell expands \$HOME .*; write \/home\/me instead$/],
    [program("[[Env]]", "X = ${HOME}"), /write \/home\/me instead$/],
    [program("[[Env]]", "X = ~/x"), /expands the ~ .*; write \/home\/me instead$/],
    [program("[[Env]]", "X = /a:~/x"), /write \/home\/me instead$/],
    [program("[[Env]]", "A = 1", "X = $A/2"), /write %\(A\)s instead$/],
    [program("[[Env]]", "PYTHONPATH = /x:$PYTHONPATH"), /write its value$/],
    [program("[[Env]]", "X = $(hostname)"), /X: no shell runs the command in it/],
    [program("[[Env]]", "DB_URL: x?y = 1"), /DB_URL…: the name contains a blank or a colon/],
    [program("[[Env]]", "export X = 1"), /write X = …, without export$/],
    ["[DefaultSettings:d]\n[[Env]]\nX = $HOME\n", /^a\.cfg:3: warning: X: no shell/],
    ["[Program:a]\ncommand = x --password y\n", /^a\.cfg:2: .* looks like a password, .* in ps/],
    [
      program("startsecs = 3"),
      /^a\.cfg:3: unknown key "startsecs"; here it is called success_seconds$/,
    ],
    [
      program("stop_command = kill -HUP $USRSVC_PID"),
      /^a\.cfg:3: warning: stop_command: no shell expands \$USRSVC_PID .*; write its value, or write stop_command = \/bin\/sh -c '…'$/,
    ],
    [program("stop_command = a 'x"), /^a\.cfg:3: stop_command: cannot be split into words/],
    [program("ExecStop = x"), /here it is called stop_command$/],
    [program("before_start = a 'x"), /^a\.cfg:3: before_start: cannot be split into words/],
    [program("after_exit = rm -f $HOME/sock"), /^a\.cfg:3: warning: after_exit: no shell expands/],
    [
      program("before_stop = a", "hook_timeout = 0"),
      /^a\.cfg:4: hook_timeout: "0" is no time for a hook; write how long it may take, such as 30s$/,
    ],
    [program("hook_timeout = soon"), /^a\.cfg:3: hook_timeout: "soon" is not/],
    [program("ExecStartPre = x"), /here it is called before_start$/],
    [program("ExecStopPost = x"), /here it is called after_exit$/],
    [program("stopasgroup = true"), /here it is called stop_group$/],
    [program("killasgroup = true"), /leave it out: what is left of the session is always ended$/],
    [program("stop_grop = yes"), /did you mean stop_group\?$/],
    [program("stopwaitsecs = 3"), /here it is called term_to_kill_seconds$/],
    [
      program("success_exit = 0, 2"),
      /^a\.cfg:3: warning: success_exit: has no effect without autorestart = on-failure$/,
    ],
    [
      program("autorestart = on-failure", "success_exit = 2, TERM"),
      /^a\.cfg:4: warning: success_exit: 0 is not in it, .* write 0, 2, SIGTERM$/,
    ],
    [
      program("restart_delay = 10", "restart_max_delay = 5"),
      /^a\.cfg:4: warning: restart_max_delay: 5 s is shorter than restart_delay, 10 s, /,
    ],
    [
      program("restart_window = 10m"),
      /^a\.cfg:3: warning: restart_window: has no effect with maxrestarts = 0/,
    ],
    [
      program("retry_after = 10m"),
      /^a\.cfg:3: warning: retry_after: has no effect with maxrestarts = 0/,
    ],
    [
      program("maxrestarts = 5", "restart_delay = 5m", "restart_window = 10m"),
      /^a\.cfg:5: warning: restart_window: 10 min is too short: 5 failed starts .* take 20 min/,
    ],
    [
      program("maxrestarts = 5000", "restart_window = 1d"),
      /^a\.cfg:3: warning: maxrestarts: with restart_window no more than 1000 are counted/,
    ],
    [program("StartLimitIntervalSec = 5"), /here it is called restart_window$/],
    [
      program("max_age = 24"),
      /^a\.cfg:3: warning: max_age: the program is restarted every 24 s; hours are written as 24h$/,
    ],
    [program("restart_at = 4:00"), /^a\.cfg:3: restart_at: "4:00" is not five fields/],
    [program("restart_at = 0 4, 16 * * 9"), /"0 4,16 \* \* 9" has no day of the week from 0 to 7/],
    [program("exitcodes = 0,2"), /here it is called success_exit$/],
    [program("startretries = 3"), /here it is called maxrestarts$/],
    [program("stdout_logfile = /x"), /here it is called stdout$/],
    [
      program("type = job", "success_seconds = 5"),
      /^a\.cfg:4: warning: success_seconds: has no effect on a job/,
    ],
    [program("type = job", "ready = tcp://h:1"), /: ready: has no effect on a job, which is ready/],
    [program("type = job", "max_age = 1d"), /: max_age: has no effect on a job; timeout ends/],
    [program("type = job", "restart_at = @daily"), /: restart_at: has no effect on a job; sch/],
    [program("type = job", "overlap = kill"), /: overlap: has no effect without schedule$/],
    [program("type = job", "catch_up = yes"), /: catch_up: has no effect without schedule$/],
    [program("OnCalendar = daily"), /here it is called schedule$/],
    [program("stderr_logfile = /x"), /here it is called stderr$/],
    [program("environment = A=1"), /a section \[\[Env\]\] below/],
    [program("user = web"), /leave it out/],
    [program("numprocs = 2"), /here it is called instances$/],
    [program("redirect_stderr = true"), /leave it out: without stderr/],
    [program("stopsignal = INT"), /write stop = INT 10s, KILL: the signal/],
    [program("priority = 1"), /write after = NAME in a program that starts after another$/],
    [
      program("depends_on = db"),
      /write needs = NAME \(started and stopped with it\) or after = NAME/,
    ],
    [program("Requires = db.service"), /write needs = NAME/],
    [program("PartOf = db.service"), /or restart_with = NAME \(restarted with it\)$/],
    [program("Before = web.service"), /write after = NAME in the other program$/],
    [program("kill_timeout = 3000"), /here it is called term_to_kill_seconds, in seconds$/],
    [program("min_uptime = 3000"), /here it is called success_seconds, in seconds$/],
    [program("max_memory_restart = 300M"), /here it is called rss_limit in \[\[Monitor\]\]$/],
    [program("WatchdogSec = 30"), /here it is called watchdog in \[\[Monitor\]\]$/],
    [program("cron_restart = 0 4 * * *"), /here it is called restart_at$/],
    [program("wait_ready = true"), /write ready = notify, if it speaks sd_notify, or a check/],
    [
      program("exp_backoff_restart_delay = 100"),
      /write restart_max_delay, in seconds: with maxrestarts = 0 the pauses/,
    ],
    [program("Type = notify"), /write ready = notify for Type=notify, autopid = False for/],
    [program("instance_var = N"), /write NAME = %\(instance\)s in a section \[\[Env\]\] below$/],
    [program("node_args = --inspect"), /in front of the script in command/],
    [program("watch = true"), /leave it out: usrsvc has nothing like it$/],
    [program("autorestart = unexpected"), /autorestart: "unexpected" .* on-failure/],
    ["[group:x]\nprograms=a,b\n", /no groups of programs: patterns such as 'shop-\*'/],
    [program("WorkingDirectory = /x"), /here it is called directory$/],
    [program("startsec = 3"), /unknown key "startsec"/],
    [
      "[supervisord]\nnodaemon=true\n",
      /^a\.cfg:1: warning: \[supervisord\] .*; it belongs to supervisor/,
    ],
    ["[include]\nfiles = x\n", /config_dir = FOLDER in \[Main\]$/],
    ["[program:x]\ncommand = x\n", /did you mean \[Program:x\]\?$/],
    [program("; a comment"), /a comment begins with #, not with ;$/],
    [program("autostart = true ; a comment"), /a comment begins with #, not with ;$/],
  ];
  for (const [text, issue] of rows) {
    test(text.replaceAll("\n", " ⏎ "), () => assert.match(issuesOf(text).join("\n"), issue));
  }

  test("mail that cannot be sent, once", () => {
    const text = `[DefaultSettings:d]\nemail_alerts = a@b\n${program("defaults = d")}[Program:b]\ncommand = b\ndefaults = d\n`;
    assert.deepEqual(issuesOf(text), []);
    assert.deepEqual(issuesOf(text, { ofMail: () => "no mail" }), [
      "a.cfg:2: warning: email_alerts: no mail",
    ]);
    assert.deepEqual(issuesOf(program(), { ofMail: () => "no mail" }), []);
  });

  test("what the machine objects to in a command, if it is to run, and no shell syntax is the cause", () => {
    const facts = { ofCommand: () => "there is none" };
    assert.deepEqual(issuesOf(program(), facts), ["a.cfg:2: warning: command: there is none"]);
    assert.deepEqual(issuesOf(program("enabled = no"), facts), []);
    assert.equal(issuesOf("[Program:x]\ncommand = cd /x\n", facts).length, 1);
  });

  test("what the machine objects to in a stop_command, or a hook, where no shell runs it", () => {
    const facts = { ofWords: ([word = ""]: readonly string[]) => `there is no ${word}` };
    const line = "stop_command = ~/bin/halt --now";
    assert.deepEqual(issuesOf(program(line), facts), [
      "a.cfg:3: warning: stop_command: there is no /home/me/bin/halt",
    ]);
    assert.deepEqual(issuesOf(program(line, "useshell = yes", "proctitle_re = z"), facts), []);
    assert.deepEqual(issuesOf(program("after_start = ~/bin/add"), facts), [
      "a.cfg:3: warning: after_start: there is no /home/me/bin/add",
    ]);
  });

  test("a stranger that the expression finds", () => {
    const strangers = (): readonly string[] => [
      "pid 1 (a)",
      "pid 2 (b)",
      "pid 3",
      "pid 4",
      "pid 5",
    ];
    assert.match(
      issuesOf(program("proctitle_re = serve"), { strangers }).join(),
      /^a\.cfg:3: warning: proctitle_re: "serve" .* as web: pid 1 \(a\); pid 2 \(b\); pid 3; 2 more; if/,
    );
    assert.deepEqual(issuesOf(program(), { strangers }), []);
  });

  test("nothing of a pidfile in the command that the program is known to write, or of another one", () => {
    const text = (...more: readonly string[]): string =>
      `[Program:w]\ncommand = celery --pidfile=/run/w.pid\n${more.join("\n")}\n`;
    assert.deepEqual(issuesOf(text("pidfile = /run/w.pid", "autopid = False")), []);
    assert.deepEqual(issuesOf(text("pidfile = /run/w2.pid")), []);
    assert.deepEqual(issuesOf(text()), []);
  });

  test("nothing of a shell where there is one", () => {
    assert.deepEqual(
      issuesOf(
        "[Program:x]\ncommand = cd /x && A=1 ~/run $X > y\nuseshell = yes\nproctitle_re = z\n",
      ),
      [],
    );
  });
});
