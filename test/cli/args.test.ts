import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse, UsageError } from "../../src/cli/args.ts";
import { daemonCommandNames } from "../../src/cli/commands/usrsvcd/names.ts";
import { command, common, type Tool } from "../../src/cli/command.ts";
import { programNames } from "../../src/cli/programs.ts";
import { ExitCode } from "../../src/exit-code.ts";
import { commandNames, parseFor, tools } from "../support/tools.ts";

type Name = keyof typeof tools;

/** What a command line means: the command, its words, and the options that are set. */
function meaning(line: string): readonly unknown[] {
  const [name, ...argv] = line.split(" ");
  const asked = parseFor(name as Name, argv);
  if (asked.kind !== "run") return [asked.kind];
  const given = Object.entries(asked.options).filter(
    ([, value]) => ![false, undefined].includes(value as boolean),
  );
  return [asked.command.name, asked.words, Object.fromEntries(given)];
}

describe("a command line", () => {
  const lines: readonly (readonly [string, ...unknown[]])[] = [
    ["usrsvc start web", "start", ["web"], {}],
    ["usrsvc -P stop web db", "stop", ["web", "db"], { parallel: true }],
    ["usrsvc restart all --here --reread", "restart", ["all"], { here: true, reread: true }],
    ["usrsvc reload web db", "reload", ["web", "db"], {}],
    ["usrsvc signal web HUP", "signal", ["web", "HUP"], {}],
    ["usrsvc signal --group web db 15", "signal", ["web", "db", "15"], { group: true }],
    ["usrsvc restart --all", "restart", ["all"], { all: true }],
    ["usrsvc stop all --all --remember", "stop", ["all"], { all: true, remember: true }],
    ["usrsvc start --remembered", "start", ["all"], { remembered: true }],
    ["usrsvc hold web --for 2h", "hold", ["web"], { for: "2h" }],
    ["usrsvc status", "status", [], {}],
    ["usrsvc -P status", "status", [], { parallel: true }],
    ["usrsvc status --json -c a.cfg web", "status", ["web"], { json: true, config: "a.cfg" }],
    ["usrsvc --config=a.cfg --debug stop web", "stop", ["web"], { config: "a.cfg", debug: true }],
    ["usrsvc -H web1 status -H web2,db", "status", [], { hosts: "web1,web2,db" }],
    [
      "usrsvc start web --hosts=@web --timeout 3 --remote-command /x",
      "start",
      ["web"],
      { hosts: "@web", timeout: "3", "remote-command": "/x" },
    ],
    ["usrsvc start -- --odd", "start", ["--odd"], {}],
    ["usrsvc start web --help", "help"],
    ["usrsvc -V", "version"],
    ["usrsvc --readme", "readme"],
    ["usrsvcd -h", "help"],
    ["usrsvcd -f", "start", [], { foreground: true }],
    ["usrsvcd stop", "stop", [], {}],
    [
      "usrsvcd checkconfig --json --show-secrets",
      "checkconfig",
      [],
      { json: true, "show-secrets": true },
    ],
    [
      "usrsvcd install-unit --user --node /n --force",
      "install-unit",
      [],
      { user: true, node: "/n", force: true },
    ],
  ];
  for (const [line, ...expected] of lines) {
    test(`means something: ${line}`, () => assert.deepEqual(meaning(line), expected));
  }

  test("without a word is a start of usrsvcd", () => {
    const asked = parseFor("usrsvcd", []);
    assert.equal(asked.kind === "run" && asked.command.name, "start");
  });

  test("needs no names with an option that says which programs", () => {
    const asked = parseFor("usrsvc", ["restart", "--outdated"]);
    assert.deepEqual(asked.kind === "run" && asked.words, []);
  });

  const wrong: readonly (readonly [string, string, ExitCode?])[] = [
    ["usrsvc restart", "say which programs: usrsvc restart NAME… (or: usrsvc restart all)"],
    ["usrsvc start web --outdated", "--outdated goes with restart, not with start"],
    [
      "usrsvcd checkconfig --json --diff --show-secrets",
      "--show-secrets and --diff exclude each other",
    ],
    [
      "usrsvc --json",
      "say what to do: usrsvc start|stop|restart|reload|wait|hold|release|status|top|explain|events|logs NAME…",
    ],
    ["usrsvc stop", "say which programs: usrsvc stop NAME… (or: usrsvc stop all)"],
    ["usrsvc signal", "say which programs: usrsvc signal NAME… (or: usrsvc signal all)"],
    [
      "usrsvc signal web",
      "say which signal: usrsvc signal web SIG (HUP, INT, QUIT, USR1, USR2, TERM, STOP, CONT, KILL, WINCH)",
    ],
    ["usrsvc match", "say which expression: usrsvc match REGEX"],
    [
      "usrsvc match gunicorn app",
      'usrsvc match takes one expression, but also got "app"; put it in quotes: usrsvc match REGEX',
    ],
    ["usrsvc stop web --group", "--group goes with signal, not with stop"],
    [
      "usrsvc -H web1 completion bash",
      "--hosts goes with start, stop, restart, reload, signal, wait, hold, release, status, explain, events, logs and match, not with completion; that is not for other hosts; connect, and run it there: ssh -t HOST usrsvc completion",
    ],
    [
      "usrsvc status --timeout 3",
      "--timeout goes with --hosts: it is how long a host may be silent",
    ],
    ["usrsvc strat web", 'unknown action "strat"; did you mean start?', ExitCode.invalidAction],
    ["usrsvc sto web", 'unknown action "sto"; did you mean stop?', ExitCode.invalidAction],
    [
      "usrsvc web stop",
      'unknown action "web"; the action comes first: stop web',
      ExitCode.invalidAction,
    ],
    ["usrsvc reread", "reread is an action of usrsvcd: usrsvcd reread", ExitCode.invalidAction],
    ["usrsvc stop web --here", "--here goes with start and restart, not with stop"],
    ["usrsvc status --reread", "--reread goes with start and restart, not with status"],
    ["usrsvc stop web --pralell", "Unknown option '--pralell'; did you mean --parallel?"],
    ["usrsvc stop web --xyzzy", "Unknown option '--xyzzy'"],
    ["usrsvc stop web -x", "Unknown option '-x'"],
    ["usrsvc status --json=1", "Option '--json' does not take an argument"],
    ["usrsvc status -c", "Option '-c, --config <value>' argument missing"],
    ["usrsvcd rered", 'unknown action "rered"; did you mean reread?', ExitCode.invalidAction],
    ["usrsvcd stop web", 'usrsvcd stop takes no arguments, but got "web"'],
    ["usrsvcd stop --foreground", "--foreground goes with start, not with stop"],
    ["usrsvcd status --node x", "--node goes with install-unit, not with status"],
    ["usrsvcd status --show-secrets", "--show-secrets goes with checkconfig, not with status"],
    [
      "usrsvcd checkconfig --show-secrets",
      "--show-secrets goes with --json: nothing else shows any",
    ],
    ["usrsvcd install-unit --system --user", "--system and --user exclude each other"],
    ["usrsvcd start --forground", "Unknown option '--forground'; did you mean --foreground?"],
  ];
  for (const [line, message, code = ExitCode.failure] of wrong) {
    test(`is refused: ${line}`, () => {
      assert.throws(
        () => meaning(line),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.deepEqual([error.message, error.code], [message, code]);
          return true;
        },
      );
    });
  }

  test("tells what is known where nothing is near", () => {
    assert.throws(() => meaning("usrsvc xyzzy"), /unknown action "xyzzy"; known: start, stop, /);
    assert.throws(
      () => meaning("usrsvcd xyzzy"),
      /; known: start, stop, restart, status, reread, /,
    );
  });

  test("may name programs twice, and all of them", () => {
    assert.deepEqual(programNames(["web", "db", "web"]), ["web", "db"]);
    assert.deepEqual(programNames(["web", "all"]), []);
  });
});

describe("a row of the table", () => {
  const colour = command({
    name: "paint",
    summary: "paints",
    arguments: { kind: "choice", what: "colour", words: ["red", "green"] },
    options: { coats: { value: "COUNT", help: "so many" } },
    run: ({ words, options: { coats } }) => (coats === words[0] ? ExitCode.ok : ExitCode.failure),
  });
  const hidden = command({
    ...colour,
    name: "secretly",
    isHidden: true,
    options: {},
    run: () => ExitCode.ok,
  });
  const tool: Tool = { name: "usrsvc", title: "paints", about: [], commands: [colour, hidden] };

  test("is all that a new command takes to be parsed", () => {
    const asked = parse(["paint", "--coats", "3", "red"], tool);
    assert.ok(asked.kind === "run");
    assert.deepEqual(asked.words, ["red"]);
    assert.equal((asked.options as { readonly coats?: string }).coats, "3");
    assert.throws(() => parse(["pant", "red"], tool), /did you mean paint\?/);
    assert.throws(() => parse(["paint"], tool), /say which colour: usrsvc paint red\|green/);
    assert.throws(
      () => parse(["paint", "grean"], tool),
      /unknown colour "grean"; did you mean green\?/,
    );
    assert.throws(
      () => parse(["paint", "red", "green"], tool),
      /takes one argument, but also got "green"/,
    );
  });

  test("that is hidden can be called, and is not offered", () => {
    assert.equal(parse(["secretly", "red"], tool).kind, "run");
    assert.throws(() => parse(["secretl"], tool), /known: paint$/);
  });
});

describe("the tables", () => {
  test("name the commands of usrsvcd that usrsvc knows of", () => {
    assert.deepEqual(
      tools.usrsvcd.commands
        .map(({ name }) => name)
        .filter((name) => commandNames("usrsvcd").includes(name)),
      [...daemonCommandNames],
    );
  });

  for (const [name, tool] of Object.entries(tools)) {
    test(`of ${name} give each option one meaning, and no two one letter`, () => {
      const seen = new Map<string, object>(Object.entries(common));
      const letters = new Map<string, string>();
      for (const { options } of [...tool.commands, { options: common }]) {
        for (const [option, row] of Object.entries(options)) {
          const { needs: _, ...meaning } = row as { readonly needs?: object };
          assert.deepEqual(seen.get(option) ?? meaning, meaning, option);
          seen.set(option, meaning);
          const { short } = row as { readonly short?: string };
          if (short === undefined) continue;
          assert.equal(letters.get(short) ?? option, option, `-${short}`);
          letters.set(short, option);
        }
      }
    });

    test(`of ${name} name options that are there`, () => {
      for (const { options } of tool.commands) {
        for (const [option, { needs, excludes }] of Object.entries(options)) {
          const all = { ...options, ...common };
          if (needs) assert.ok(Object.hasOwn(all, needs.option), option);
          if (excludes) assert.ok(Object.hasOwn(all, excludes), option);
        }
      }
    });
  }
});
