import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProgramSettings } from "../../../src/config/settings.ts";
import { parseConfigobj } from "../../../src/config/configobj/configobj.ts";
import { formatIssue } from "../../../src/config/issue.ts";
import { type ResolvedPrograms, resolvePrograms } from "../../../src/config/resolve/resolve.ts";

const REST = "command = /bin/run\npidfile = /p/NAME\nstdout = /l/NAME\n";

/** Resolves texts as if they were files called a.cfg, b.cfg and so on; what has `nowhere` in it is missing, and `file` is one. */
function resolve(...texts: readonly string[]): ResolvedPrograms {
  const files = texts.map((text, index) => ({
    path: `${"abc"[index]}.cfg`,
    ...parseConfigobj(text.replaceAll("REST\n", REST)),
  }));
  const exists = (path: string): boolean => !path.includes("nowhere");
  const isFolder = (path: string): boolean => exists(path) && !path.endsWith("/file");
  return resolvePrograms(files, {
    home: "/home/me",
    realHome: "/home/me",
    uid: 1000,
    stateDir: "/state",
    env: { REGION: "eu", ODD: "100%(x)s" },
    envFile: ({ path }) =>
      new Map([
        ["FROM", path],
        ["A", "file"],
      ]),
    isFolder,
    exists,
  });
}

function complaints(...texts: readonly string[]): string[] {
  return resolve(...texts).issues.map(formatIssue);
}

describe("resolvePrograms()", () => {
  test("tells the place, the key and the nearest name for an unknown key", () => {
    assert.deepEqual(complaints("[Program:x]\nREST\nautostrat = True\n"), [
      'a.cfg:5: unknown key "autostrat"; did you mean autostart?',
    ]);
  });

  test("tells where a key belongs that stands in the wrong section", () => {
    assert.deepEqual(complaints("[Program:x]\nREST\nrss_limit = 5\n"), [
      'a.cfg:5: unknown key "rss_limit" in this section; it belongs in [[Monitor]]',
    ]);
  });

  const WAIT = "term_to_kill_seconds = 3";
  const ignored = "warning: term_to_kill_seconds: is ignored, because stop says how long it waits";
  const waits: readonly [what: string, own: string, base: string, want: readonly string[]][] = [
    ["beside a stop with all waits", `stop = TERM 5s, KILL\n${WAIT}`, "", [`a.cfg:7: ${ignored}`]],
    [
      "beside a stop without signals that wait",
      `stop = KILL\n${WAIT}`,
      "",
      [`a.cfg:7: ${ignored}`],
    ],
    ["that a signal of stop waits for", `stop = TERM, KILL\n${WAIT}`, "", []],
    ["with a stop of its defaults", WAIT, "stop = TERM 5s", [`a.cfg:6: ${ignored}`]],
    ["of its defaults, with a stop of its own", "stop = TERM 5s", WAIT, []],
    ["in defaults with a stop", "nice = 1", `${WAIT}\nstop = INT 5s`, [`a.cfg:8: ${ignored}`]],
    ["without a stop", WAIT, "", []],
  ];
  for (const [what, own, base, want] of waits) {
    test(`reports a term_to_kill_seconds that is ignored: ${what}`, () => {
      const text = `[Program:x]\nREST\ndefaults = d\n${own}\n[DefaultSettings:d]\n${base}\n`;
      assert.deepEqual(complaints(text), want);
    });
  }

  test("tells all issues at once", () => {
    const text = "[Program:x]\ncommand = echo it's\nstdout = x.log\nautostart = y\n[[Monitr]]\n";
    const lines = resolve(text).issues.map(({ place }) => place.line);
    assert.deepEqual(new Set(lines), new Set([2, 3, 4, 5]));
  });

  test("sets aside a faulty program, with what is known of it, and keeps the others", () => {
    const { programs, faulty } = resolve(
      "[Program:x]\nREST\nautostart = y\n[Program:y]\nREST\n".replace("NAME", "x"),
    );
    assert.deepEqual([...programs.keys()], ["y"]);
    const known = faulty.get("x")?.known;
    assert.equal(known?.pidfile, "/p/NAME");
    assert.deepEqual(known?.match, { kind: "command", candidates: [["/bin/run"]] });
    assert.ok(known && !("autostart" in known));
  });

  test("knows all of a program whose folder is missing", () => {
    const text = "[Program:x]\ncommand = x\npidfile = /p/x\nstdout = /nowhere/x\n";
    const { faulty, issues } = resolve(text);
    assert.match(issues[0]?.message ?? "", /^stdout: the folder "\/nowhere" does not exist/);
    const whole = resolve(text.replace("nowhere", "l")).programs.get("x");
    const all = { ...whole, stdout: "/nowhere/x", stderr: "/nowhere/x" };
    const known = Object.entries(all).filter(([, value]) => value !== undefined);
    assert.deepEqual(faulty.get("x")?.known, Object.fromEntries(known));
  });

  test("puts pidfile and stdout into the state folder where they are not set", () => {
    const text =
      "[Program:x]\ncommand = x\n[Program:../y z]\ncommand = y\nstderr = /l/err\npidfile =\nstdout =\n";
    const { programs, issues } = resolve(text);
    assert.deepEqual(issues, []);
    const files = [...programs.values()].map(({ pidfile, stdout, stderr }) => [
      pidfile,
      stdout,
      stderr,
    ]);
    assert.deepEqual(files, [
      ["/state/run/x.pid", "/state/log/x.log", "/state/log/x.log"],
      ["/state/run/%2E.%2Fy%20z.pid", "/state/log/%2E.%2Fy%20z.log", "/l/err"],
    ]);
  });

  test("wants to know of a pidfile that the program writes", () => {
    assert.match(
      complaints("[Program:x]\ncommand = x\nautopid = False\n").join("\n"),
      /^a\.cfg:1: pidfile: is missing; with autopid = False the program writes it/,
    );
  });

  test("takes folders that are missing below HOME and state_dir, but no others", () => {
    const of = (path: string): string[] =>
      complaints(`[Program:x]\ncommand = x\nstdout = ${path}\n`);
    for (const path of [
      "/home/me/nowhere/x.log",
      "/home/me/nowhere/deep/x.log",
      "/state/nowhere/x.log",
      "/home/me/a/../nowhere/x.log",
    ]) {
      assert.deepEqual(of(path), [], path);
    }
    for (const path of [
      "/nowhere/x.log",
      "/home/nowhere/x.log",
      "/home/me/../nowhere/x.log",
      "/home/me/file/nowhere/x.log",
      "/home/me/file/x.log",
      "/home/menowhere/x.log",
    ]) {
      assert.match(
        of(path).join(),
        /stdout: the folder .* (does not exist|is not a folder);/,
        path,
      );
    }
    assert.match(
      complaints("[Program:x]\ncommand = x\ndirectory = /home/me/nowhere\n").join(),
      /directory: the folder .* does not exist/,
    );
  });

  test("sets aside the program in whose section a line cannot be read", () => {
    const { programs, faulty } = resolve("[Program:x]\nREST\nhello\n[Program:y]\nREST\n");
    assert.deepEqual([[...programs.keys()], [...faulty.keys()]], [["y"], ["x"]]);
  });

  test("does not call missing what is there, but cannot be read", () => {
    const text = "[Program:x]\ncommand = 'a' b\npidfile = /p/x\nstdout = /l/x\nstderr = 'x\n";
    const { faulty, issues } = resolve(text);
    assert.deepEqual(
      issues.map(({ place }) => place.line),
      [2, 5],
    );
    assert.ok(!("stderr" in (faulty.get("x")?.known ?? {})));
  });

  test("keeps the programs around a header that cannot be read", () => {
    const { programs, issues } = resolve(
      "[Program:x]\nREST\n[Program:y\nREST\n[Program:z]\nREST\n",
    );
    assert.deepEqual([...programs.keys()], ["x", "z"]);
    assert.equal(issues[0]?.program, undefined);
    assert.equal(issues[0]?.severity, "error");
  });

  test("puts defaults under a program, subsections too", () => {
    const defaults =
      "[DefaultSettings:d]\nrestart_delay = 5\nstderr = stdout\n[[Env]]\nA = 1\nB = 1\n[[Monitor]]\nrss_limit = 2M\n";
    const text =
      "[Program:x]\nREST\ndefaults = d\nmax_restarts = 3\n[[Env]]\nB = 2\n[[Monitoring]]\nmonitor_after = 1m\n";
    const program = resolve(text, defaults).programs.get("x");
    assert.equal(program?.restartDelayMs, 5000);
    assert.equal(program?.maxrestarts, 3);
    assert.deepEqual(
      [...(program?.env ?? [])],
      [
        ["A", "1"],
        ["B", "2"],
      ],
    );
    assert.equal(program?.monitor.rssLimitBytes, 2 * 1024 ** 2);
    assert.equal(program?.monitor.monitorAfterMs, 60_000);
    assert.equal(program?.directory, "/home/me");
  });

  test("does not complain of a bad default that the program sets itself", () => {
    const { programs } = resolve(
      "[DefaultSettings:d]\nautostart = y\n[Program:x]\nREST\ndefaults = d\nautostart = 1\n",
    );
    assert.equal(programs.get("x")?.autostart, true);
  });

  test("tells the programs that use defaults with errors", () => {
    const text =
      "[DefaultSettings:d]\nautostrat = 1\n[Program:x]\nREST\ndefaults = d\n[Program:y]\nREST\n";
    assert.deepEqual(
      resolve(text).issues.map(({ program }) => program),
      ["x"],
    );
  });

  test("names both places where a name is used twice, and knows the first", () => {
    const { programs, faulty, issues } = resolve("[Program:x]\nREST\n", "\n[Program:x]\nREST\n");
    assert.equal(programs.size, 0);
    assert.equal(faulty.get("x")?.place.file, "a.cfg");
    assert.equal(
      issues.map(formatIssue)[0],
      "b.cfg:2: [Program:x] already exists, in a.cfg:1; rename one of them",
    );
  });

  test("takes no program called all, and none without a name", () => {
    const { programs, faulty, issues } = resolve("[Program:all]\nREST\n[Program:]\nREST\n");
    assert.equal(programs.size + faulty.size, 0);
    assert.equal(issues.length, 2);
  });

  test("takes both spellings of Monitor, but not at once", () => {
    const [complaint] = complaints("[Program:x]\nREST\n[[Monitor]]\n[[Monitoring]]\n");
    assert.match(
      complaint ?? "",
      /^a\.cfg:6: \[\[Monitoring\]\]: already exists as \[\[Monitor\]\], on line 5/,
    );
    assert.match(
      complaints("[Program:x]\nREST\nmaxrestarts = 1\nmax_restarts = 1\n")[0] ?? "",
      /another spelling/,
    );
  });

  const warnings: readonly (readonly [string, string, RegExp])[] = [
    [
      "a # that cuts a value",
      "[Program:x]\nREST\nemail_alerts = a@x#b\n",
      /email_alerts: the value ends at the #.*quote the value/,
    ],
    [
      "a & at the end of a command",
      "[Program:x]\nREST\n".replace("REST\n", REST.replace("run", "run &")),
      /& at its end/,
    ],
    [
      "a shell line of which no word is known",
      `[Program:x]\n${REST.replace("/bin/run", "$RUN")}useshell = 1\n`,
      /set proctitle_re/,
    ],
    [
      "a pidfile that two programs share",
      "[Program:x]\nREST\n[Program:y]\nREST\n",
      /is also that of "x"/,
    ],
    ["a section that nobody reads", "[program:x]\nREST\n", /did you mean \[Program:x\]/],
    ["a key that stands in no section", "config_dir = /x\n", /is outside any section/],
  ];
  for (const [what, text, message] of warnings) {
    test(`warns of ${what}, and keeps the program`, () => {
      const { faulty, issues } = resolve(text);
      assert.deepEqual(
        issues.map(({ severity }) => severity),
        ["warning"],
      );
      assert.match(issues[0]?.message ?? "", message);
      assert.equal(faulty.size, 0);
    });
  }

  test("runs a shell line by /bin/sh, and knows its commands, the last first", () => {
    const program = resolve(
      `[Program:x]\n${REST.replace("/bin/run", "cd /x && ./a b | ./c")}useshell = on\n`,
    ).programs.get("x");
    assert.deepEqual(program?.argv, ["/bin/sh", "-c", "cd /x && ./a b | ./c"]);
    assert.deepEqual(program?.match, { kind: "command", candidates: [["./c"], ["./a", "b"]] });
  });

  const sessions: readonly [command: string, work: string | undefined][] = [
    ["setsid -w /bin/run x", "/bin/run x"],
    ["/usr/bin/setsid --fork --wait run -w", "run -w"],
    ["setsid run", "run"],
    ["setsid --version", undefined],
    ["setsid", undefined],
    ["/opt/mysetsid run", undefined],
    ["env setsid run", undefined],
  ];
  for (const [command, work] of sessions) {
    test(`knows ${command} by ${work ?? "its own words alone"}`, () => {
      const program = resolve(`[Program:x]\n${REST.replace("/bin/run", command)}`).programs.get(
        "x",
      );
      const words = command.split(" ");
      const main = work?.split(" ");
      const want =
        main === undefined ? { candidates: [words] } : { candidates: [main, words], main };
      assert.deepEqual(program?.match, { kind: "command", ...want });
    });
  }

  test("takes names that mean something in JavaScript", () => {
    const { programs } = resolve(
      "[DefaultSettings:constructor]\nautostart = 0\n[Program:__proto__]\nREST\ndefaults = constructor\n[[Env]]\n__proto__ = 1\n",
    );
    assert.equal(programs.get("__proto__")?.autostart, false);
    assert.equal(programs.get("__proto__")?.env.get("__proto__"), "1");
  });

  test("refuses a variable that no environment can hold", () => {
    assert.match(
      complaints('[Program:x]\nREST\n[[Env]]\n"A=B" = 1\n')[0] ?? "",
      /"\(a name that is not shown\)" is not a valid name for a variable/,
    );
  });
});

describe("what stands for something else", () => {
  const web = (text: string, name = "web"): ProgramSettings => {
    const { programs, issues } = resolve(text);
    const found = programs.get(name);
    assert.ok(found, issues.map(formatIssue).join("\n"));
    return found;
  };
  const program = (lines: string): string => `[Program:web]\ncommand = serve\n${lines}\n`;

  test("is the account's home, the program's name, and our environment", () => {
    const { env, command } = web(
      "[Program:web]\ncommand = serve %(HOME)s/%(program)s --region %(ENV_REGION)s\n[[Env]]\nX = %(ENV_ODD)s\n",
    );
    assert.equal(command, "serve /home/me/web --region eu");
    assert.equal(env.get("X"), "100%(x)s", "taken as it is");
  });

  test("is what a section sets, where one does", () => {
    assert.equal(
      web("[DEFAULT]\nHOME = /else\n" + program("directory = %(HOME)s")).directory,
      "/else",
    );
  });

  test("is another name for each program that shares defaults", () => {
    const text =
      "[DefaultSettings:d]\nstdout = /log/%(program)s.log\n" +
      "[Program:a]\ncommand = serve\ndefaults = d\n[Program:b]\ncommand = serve\ndefaults = d\n";
    assert.deepEqual(
      ["a", "b"].map((name) => web(text, name).stdout),
      ["/log/a.log", "/log/b.log"],
    );
  });

  test("names a variable that our environment does not have, with the line", () => {
    assert.deepEqual(complaints(program("directory = /%(ENV_NONE)s")), [
      "a.cfg:3: directory: %(ENV_NONE)s stands for a variable that is not set in the environment of usrsvc",
    ]);
  });

  test("is the home folder for ~/ at the beginning of a path, and of a command without a shell", () => {
    const lines = "directory = ~/app\nstderr = ~/err.log\n[[Monitor]]\nactivityfile = ~/beat";
    const { directory, stderr, monitor } = web(program(lines));
    assert.deepEqual(
      [directory, stderr, monitor.activityfile],
      ["/home/me/app", "/home/me/err.log", "/home/me/beat"],
    );
    assert.deepEqual(web("[Program:web]\ncommand = ~/bin/serve ~/x\n").argv, [
      "/home/me/bin/serve",
      "~/x",
    ]);
    const shell = web("[Program:web]\ncommand = ~/bin/serve\nuseshell = True\n");
    assert.equal(shell.argv[2], "~/bin/serve", "a shell does it");
    assert.match(complaints(program("directory = ~you/app"))[0] ?? "", /only ~\/ stands for/);
  });

  test("comes from env_file, below [[Env]]; that of the program in place of that of the defaults", () => {
    const { env, envFile } = web(program("env_file = -~/web.env\n[[Env]]\nA = own"));
    assert.deepEqual(
      [...env],
      [
        ["FROM", "/home/me/web.env"],
        ["A", "own"],
      ],
    );
    assert.deepEqual(envFile, { path: "/home/me/web.env", isOptional: true });
    const text =
      "[DefaultSettings:d]\nenv_file = /d\n[[Env]]\nA = d\n" +
      program("defaults = d\nenv_file = /p");
    assert.deepEqual(
      [...web(text).env],
      [
        ["FROM", "/p"],
        ["A", "d"],
      ],
    );
    assert.match(complaints(program("env_file = web.env"))[0] ?? "", /is not an absolute path/);
  });
});

describe("resolvePrograms(), who waits for whom:", () => {
  /** Each with the lines of its name. */
  const site = (programs: Readonly<Record<string, string>>): string =>
    Object.entries(programs)
      .map(
        ([name, lines]) =>
          `[Program:${name}]\n${REST.replaceAll("NAME", name === "w" ? "w-%(instance)s" : name)}${lines}\n`,
      )
      .join("");
  const rows: readonly [
    claim: string,
    programs: Readonly<Record<string, string>>,
    want: string[],
  ][] = [
    [
      "programs that there are, their instances, checks",
      {
        a: "after = b, w, w:2, tcp://[::1]:80, 'exec:test 1, 2'\nneeds = b\nrestart_with = w",
        b: "",
        w: "instances = 2",
      },
      [],
    ],
    [
      "a name that nobody has",
      { a: "needs = bee, zzzzzz", be: "" },
      [
        'a.cfg:5: needs: no program is called "bee"; did you mean be?',
        'a.cfg:5: needs: no program is called "zzzzzz"; usrsvc status lists them all',
      ],
    ],
    [
      "a check that is misspelt",
      { a: "after = tpc://x:80" },
      [
        'a.cfg:5: after: "tpc://x:80" is no check (tcp://HOST:80, unix:///PATH, http://…, https://…, file:///PATH, exec:COMMAND, log:REGEX); did you mean tcp://HOST:80?',
      ],
    ],
    [
      "a line of the own output",
      { a: "after = log:up" },
      [
        'a.cfg:5: after: "log:up" looks at the output of the program itself; name the program that writes the line, and set its ready to this',
      ],
    ],
    [
      "a check where only a program can stand",
      { a: "restart_with = file:///x" },
      [
        'a.cfg:5: restart_with: "file:///x" is a check, and only a program can stand here; write it as after',
      ],
    ],
    [
      "what is no list",
      { a: "needs = b,, c", b: "", c: "" },
      ['a.cfg:5: needs: "b,, c" is not a list: db, cache'],
    ],
    [
      "what is disabled",
      { a: "needs = b", b: "enabled = False", c: "after = b", d: "enabled = False\nneeds = b" },
      [
        "a.cfg:5: needs: b is disabled (enabled = False), so this could never start; enable it, or disable this as well",
      ],
    ],
    [
      "itself",
      { a: "needs = a" },
      [
        "a.cfg:5: needs: waits for itself: a → a (each starts after the next); leave one of these out",
      ],
    ],
    [
      "a loop, and who is behind it",
      { a: "after = b", b: "\nneeds = c", c: "restart_with = a", d: "after = a" },
      [
        "a.cfg:5: after: waits for itself: a → b → c → a (each starts after the next); leave one of these out",
        "a.cfg:11: needs: waits for itself: a → b → c → a (each starts after the next); leave one of these out",
        "a.cfg:16: restart_with: waits for itself: a → b → c → a (each starts after the next); leave one of these out",
      ],
    ],
    [
      "one with errors of its own",
      { a: "needs = b", b: "autostart = y" },
      ['a.cfg:10: autostart: "y" is neither true nor false (nor yes, no, on, off, 1 or 0)'],
    ],
  ];
  for (const [claim, programs, want] of rows) {
    test(claim, () => assert.deepEqual(complaints(site(programs)), want));
  }

  test("a program with such an error cannot be started, and can be found and stopped", () => {
    const { programs, faulty } = resolve(site({ a: "after = a", b: "needs = a" }));
    assert.deepEqual([...programs.keys()], ["b"]);
    assert.equal(faulty.get("a")?.known.command, "/bin/run");
  });
});
