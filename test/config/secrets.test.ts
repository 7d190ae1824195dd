import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfigobj } from "../../src/config/configobj/configobj.ts";
import { Advisor } from "../../src/config/advice.ts";
import { IssueList } from "../../src/config/issue-list.ts";
import { formatIssue } from "../../src/config/issue.ts";
import { resolveMain } from "../../src/config/resolve/main.ts";
import { resolvePrograms } from "../../src/config/resolve/resolve.ts";

/** All that is said of a file, faults of [Main] included. */
function issuesOf(text: string): readonly string[] {
  const file = { path: "a.cfg", ...parseConfigobj(text) };
  const host = {
    home: "/home/me",
    realHome: "/home/me",
    uid: 1000,
    exists: () => true,
    env: {},
    envFile: () => undefined,
    isFolder: () => true,
  };
  const own = new IssueList(undefined);
  const section = file.root.sections.get("Main");
  assert.ok(section);
  const main = resolveMain({ section, file: "a.cfg" }, host, own);
  const facts = {
    ofMain: () => [],
    ofMail: () => undefined,
    ofCommand: () => undefined,
    ofWords: () => undefined,
    ofFiles: () => [],
    ofLimits: () => [],
    strangers: () => [],
  };
  const advisor = new Advisor(facts, "/home/me", main);
  const { issues } = resolvePrograms([file], { ...host, stateDir: "/state", advisor });
  return [...own.issues, ...issues, ...advisor.file(file)].map(formatIssue);
}

const main = (...lines: readonly string[]): string => `[Main]\n${lines.join("\n")}\n`;
const env = (...lines: readonly string[]): string =>
  `[Main]\n[Program:web]\ncommand = serve\n[[Env]]\n${lines.join("\n")}\n`;
const program = (...lines: readonly string[]): string =>
  `[Main]\n[DEFAULT]\ndb_password = S3CRET"\n[Program:web]\ncommand = serve\n${lines.join("\n")}\n`;

describe("no message holds the secret of", () => {
  // Where a key can be told, it is named.
  const rows: readonly (readonly [text: string, issue: RegExp])[] = [
    [main("smtp_url: smtp://me:S3CRET@h"), /^a\.cfg:2: smtp_url: the line is not a \[section\]/],
    [main("smtp_url smtp://me:S3CRET@h"), /^a\.cfg:2: smtp_url: the line is not a \[section\]/],
    [main("smtp_url: smtp://me:S3CRET@h/?a=b"), /^a\.cfg:2: unknown key/],
    [main("smtp_url : smtp://me:S3CRET@h"), /:2: smtp_url: the line/],
    [main("smtp_url = smtp://me:", "S3CRET@h"), /:3: the line is not a \[section\]/],
    [main("smtp_url = smtp://me:", "S3CRET:x@h"), /:3: the line is not a \[section\]/],
    [main("smtp_url = smtp://me:", "S3CRET@h?a=b"), /:3: unknown key/],
    [main("smtp_url = smtp://me:S3CRET#1@h"), /:2: smtp_url: the URL ends at a #/],
    [main("smtp_url = smtp://me:25#S3CRET@h"), /:2: smtp_url: the URL ends at a #/],
    [main('smtp_url = "smtp://me:S3CRET@h'), /:2: smtp_url: the opening "/],
    [main('smtp_url = """smtp://me:S3CRET@h'), /:2: smtp_url: the opening """/],
    [main("smtp_url = http://me:S3CRET@h"), /:2: smtp_url: must be/],
    [main("smtp_url = smtp://me:S3CRET%zz@h"), /:2: smtp_url: .*%25/],
    [main("smtp_url = smtp://me:S3CRET@h:notaport"), /:2: smtp_url: must be/],
    [main("smtp_url = me:S3CRET@h"), /:2: smtp_url: must be/],
    [main("smtp_url = smtp://me:%(S3CRET)s@h"), /:2: smtp_url: a reference .* is not set/],
    [main("smtpurl = smtp://me:S3CRET@h"), /:2: unknown key "smtpurl"/],
    [main("smtp_url = smtp://h", "smtp_url = smtp://me:S3CRET@h"), /:3: smtp_url: is already/],
    [main("alert_interval = smtp://me:S3CRET@h"), /:2: alert_interval: "smtp:\/\/me:\*\*\*@h"/],
    [main("alert_interval = 5 smtp_url = smtp://me:S3CRET@h"), /:2: alert_interval/],
    [main("[smtp_url = smtp://me:S3CRET@h"), /:2: unknown key "\(a name/],
    [main("[smtp_url: smtp://me:S3CRET@h"), /:2: a line that begins with \[/],
    [env("DB_PASSWORD: S3CRET"), /:5: DB_PASSWORD: the line is not a \[section\]/],
    [env("DB_PASSWORD S3CRET"), /:5: the line is not a \[section\]/],
    [env("TOKEN: S3CRET"), /:5: TOKEN: the line is not a \[section\]/],
    [env("export DB_PASSWORD: S3CRET"), /:5: DB_PASSWORD: the line is not a \[section\]/],
    [env("DB_PASSWORD = ab", "S3CRET"), /:6: the line is not a \[section\]/],
    [env("DB_PASSWORD = ab \\", "  S3CRET cd"), /:6: the line is not a \[section\]/],
    [env("DB_PASSWORD = S3CRET#cd"), /:5: warning: DB_PASSWORD: the value ends at the #/],
    [env("DB_PASSWORD = S3CRET, 'a'#cd"), /:5: warning: DB_PASSWORD: the value ends at the #/],
    [env("DB_PASSWORD = 'S3CRET"), /:5: DB_PASSWORD: the opening '/],
    [env("DB_PASSWORD = ab%(S3CRET)scd"), /:5: DB_PASSWORD: a reference %\(…\)s/],
    [
      env("DB_URL: pg://me:S3CRET@h?ssl=1"),
      /:5: warning: DB_URL…: the name contains a blank or a colon/,
    ],
    [env("A = 1", "A = S3CRET"), /:6: A: is already set/],
    [env("A = /S3CRET:$HOME"), /:5: warning: A: no shell/],
    [env("A = $(echo S3CRET)"), /:5: warning: A: no shell/],
    [env("A = S3CRET:~/x"), /:5: warning: A: no shell/],
    [env('"A=S3CRET" = 1'), /:5: "\(a name that is not shown\)" is not a valid name/],
    ["[Main]\n[Program:web]\ncommand = serve\n[[Env] DB_PASSWORD = S3CRET\n", /:4: unknown key/],
    [
      "[Main]\n[Program:web]\ncommand = serve\n[[Env A=S3CRET]]\n",
      /:4: unknown section \[\[Env A=…/,
    ],
    [program("Env = DB_PASSWORD=S3CRET"), /:6: Env: must be a section/],
    [program("DB_PASSWORD = S3CRET"), /:6: unknown key "DB_PASSWORD"/],
    [program("UzNDUkVUS3CRET=="), /:6: unknown key "?\(not shown/],
    [program("umask = %(db_password)s"), /:6: umask: "%\(db_password\)s" is not/],
    [program("stop = TERM 5s, %(db_password)s"), /:6: stop: "TERM 5s, %\(db_password\)s" is not a/],
    [program("reload = %(db_password)s"), /:6: reload: cannot be split/],
    [program("reload = HUP %(db_password)s"), /:6: reload: "HUP %\(db_password\)s" is more than/],
    [program("stop_command = x 'S3CRET' > y"), /:6: warning: stop_command: "?.*>/],
    [program("email_alerts = a,,%(db_password)s"), /:6: email_alerts: "a,,%\(db_password\)s"/],
    [program("proctitle_re = (%(db_password)s"), /:6: proctitle_re: "\(%\(db_password\)s" is no/],
    ["[Main]\n[Program:web]\ncommand = x -pS3CRET 'a\n", /:3: command: cannot be split/],
    ["[Main]\n[Program:web]\ncommand = A=S3CRET serve\n", /:3: warning: command: A=… sets/],
    ["[Main]\n[Program:web]\ncommand = x pg://me:S3CRET@h > a\n", /:3: warning: command/],
    ["[Main]\n[Program:web]\ncommand = x --password=S3CRET#d\n", /:3: warning: command: the value/],
  ];
  for (const [text, issue] of rows) {
    test(text.trim().replace("[Main]\n", "").replaceAll("\n", " ⏎ "), () => {
      const issues = issuesOf(text);
      assert.match(issues.join("\n"), issue);
      assert.doesNotMatch(issues.join("\n"), /S3CRET/);
    });
  }
});
