import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { splitWords } from "../../../src/config/shell/words.ts";
import type { ProgramDraft } from "../../../src/operations/import/draft.ts";
import { Names } from "../../../src/operations/import/names.ts";
import { expand } from "../../../src/operations/import/supervisor/expand.ts";
import { parseIni } from "../../../src/operations/import/supervisor/ini.ts";
import { parsePairs } from "../../../src/operations/import/supervisor/pairs.ts";
import { importSupervisor } from "../../../src/operations/import/supervisor/supervisor.ts";

const file = join(import.meta.dirname, "../../fixtures/import/supervisord.conf");
const read = (path: string): string => readFileSync(path, "utf8");

function imported(text = read(file), path = file) {
  const draft = importSupervisor(text, path, new Names(), read);
  const programs = new Map(draft.programs.map((one) => [one.name, one]));
  return {
    ...draft,
    names: [...programs.keys()],
    of: (name: string): ProgramDraft => programs.get(name) ?? assert.fail(`no ${name}`),
  };
}

function settings({ keys }: ProgramDraft): Readonly<Record<string, string>> {
  return Object.fromEntries([...keys].map(([key, { text }]) => [key, text]));
}

function words(program: ProgramDraft): readonly string[] {
  const split = splitWords(program.keys.get("command")?.text ?? "");
  return "words" in split ? split.words : assert.fail(split.problem);
}

describe("a file of supervisor", () => {
  test("has its programs, also those that it includes", () => {
    const { names } = imported();
    assert.deepEqual(names, ["web", "worker", "shard-0", "shard-1", "one-based", "app", "extra"]);
  });

  test("is read once, also where what it includes is named twice, or is itself", () => {
    const text = `${read(file)}\n[include]\nfiles = conf.d/*.ini conf.d/more.ini supervisord.conf\n`;
    assert.deepEqual(imported(text).names, imported().names);
  });

  test("has commands that mean the same words", () => {
    assert.deepEqual(words(imported().of("web")), [
      "/bin/echo",
      "two words",
      "a $HOME",
      "back slash",
      "--fmt=%Y%m",
      'say "hi"',
      "a#b",
      "c;d",
      "--stage=live",
      "--name",
      "web-00",
    ]);
  });

  test("has settings that ours say", () => {
    const { command: _, ...web } = settings(imported().of("web"));
    assert.deepEqual(web, {
      directory: dirname(file),
      stdout: "/tmp/web-0.log",
      autorestart: "on-failure",
      success_seconds: "5",
      maxrestarts: "4",
      stop: "QUIT 30s, KILL",
      stop_group: "True",
    });
    assert.deepEqual(settings(imported().of("extra")), {
      command: "/bin/sleep 5000",
      umask: "027",
      autorestart: "True",
      term_to_kill_seconds: "10",
    });
  });

  test("has variables of supervisord and of the program, quoted as shlex has it", () => {
    const env = [...imported().of("web").env].map(([name, { text }]) => [name, text]);
    assert.deepEqual(Object.fromEntries(env), {
      STAGE: "live",
      COUNTRY: "at",
      A: "b",
      C: "d,e",
      PCT: "100%",
      MIX: "onetwo three",
      Q: 'it"s',
      EMPTY: "",
    });
  });

  test("has instances where the numbers allow it, and programs of their own where they do not", () => {
    const { of } = imported();
    const worker = settings(of("worker"));
    assert.equal(worker["instances"], "3");
    assert.equal(worker["success_exit"], "0, 2");
    assert.equal(worker["stderr"], "/dev/null");
    assert.equal(worker["stdout"], undefined);
    // From 1 there as well, and padded alike.
    const based = settings(of("one-based"));
    assert.equal(based["command"], "/bin/sleep 800%(instance)s");
    assert.equal(based["autorestart"], "False");
    assert.equal(settings(of("shard-1"))["command"], "/bin/sleep 9001");
    assert.equal(settings(of("shard-1"))["autostart"], "False");
    assert.equal(settings(of("shard-1"))["instances"], undefined);
  });

  test("is told line by line where there is no counterpart", () => {
    const { notes, of } = imported();
    const lines = (all: typeof notes): readonly string[] =>
      all.map(({ source, key }) => `${source.line} ${key}`);
    assert.deepEqual(lines(of("web").notes), [
      "19 user",
      "20 priority",
      "29 stdout_logfile_maxbytes",
      "31 stdout_events_enabled",
      "33 colour",
    ]);
    assert.deepEqual(
      lines(of("app").notes).map((one) => one.split(" ")[1]),
      ["socket"],
    );
    assert.deepEqual(
      notes.map(({ key }) => key),
      [
        "files",
        "[unix_http_server]",
        "logfile",
        "minfds",
        "[rpcinterface:supervisor]",
        "[group:shop]",
        "[eventlistener:mail]",
      ],
    );
    assert.match(notes[0]?.why ?? "", /no file here is called .*\/missing\/\*\.ini/);
  });
});

test("a % that is meant stays one, also before what would be a reference", () => {
  const none = () => undefined;
  assert.equal(
    expand("100%% %%(x)s %(here)s", (name) => (name === "here" ? "/a" : undefined)),
    "100% %(percent)s(x)s /a",
  );
  assert.equal(expand("date +%Y", none), "date +%Y");
  assert.equal(
    expand("%(n)02d|%(n)3d|%(n)d", () => 7),
    "07|  7|7",
  );
});

test("lines are read as RawConfigParser reads them", () => {
  const { sections, strange } = parseIni(
    "x=1\n[a] ; c\nK = v ; c\nl: one\n  two # c\n\n  three\n;no\nm=a;b\nm=c #d\nlost\n[b]\n[a]\nn=1",
    "f",
  );
  const a = [...(sections.get("a")?.entries.values() ?? [])].map(({ key, value, source }) => [
    key,
    value,
    source.line,
  ]);
  assert.deepEqual(a, [
    ["k", "v", 3],
    ["l", "one\ntwo\n\nthree", 4],
    ["m", "c", 10],
    ["n", "1", 14],
  ]);
  assert.deepEqual([...sections.keys()], ["a", "b"]);
  assert.deepEqual(
    strange.map(({ text }) => text),
    ["x=1", "lost"],
  );
});

const PYTHON = String.raw`
import configparser, json, shlex, sys
def pairs(text):
    lexer = shlex.shlex(text, posix=True)
    lexer.wordchars += "/.+-():"
    try:
        found = list(lexer)
    except ValueError:
        return None
    env = {}
    for at in range(0, len(found), 4):
        three = found[at:at + 3]
        if len(three) != 3 or three[1] != "=":
            return None
        env[three[0]] = three[2]
    return env
def ini(text):
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(text)
    return {name: dict(parser.items(name)) for name in parser.sections()}
given = json.load(sys.stdin)
print(json.dumps([[pairs(one) for one in given[0]], [ini(one) for one in given[1]]]))
`;

const PAIRS = [
  'A="b",C="d,e"',
  "A=b,C=d",
  'A="say \\"x\\" \\\\ \\n",B=1',
  "A='it\"s',B=\"it's\"",
  'A=one"two"three,B=',
  "A=b@c,D=e",
  "A=b c,D=e",
  "A=/a/b:/c.d+e-f(g),B=x",
  'A=ü,B="ü"',
  'A="b" # rest,C=d',
  'A="open',
  "A = b , C = d,",
  "",
  "A=back\\,slash,B=c",
  'A="x\ny",\nB="z"',
];
const INIS = [
  "[p]\na = 1 ; two ;three\nb=x;y\nc=#z\nd= # e\n",
  "[p]\nlong = a\n  b\n\n  c ; d\n; e\n  f\nnext: g=h\n",
  "[p]\nA=1\na=2\n[q]\n[p]\nB = 3\n",
  "[a b:c] ; d\nk = [x]\nurl = http://x/#y\n",
];

test("quotes and comments mean what Python makes of them", (t) => {
  const { stdout, status, error } = spawnSync("python3", ["-c", PYTHON], {
    input: JSON.stringify([PAIRS, INIS]),
    encoding: "utf8",
  });
  if (error !== undefined) return t.skip("python3 is not installed");
  assert.equal(status, 0);
  const [pairs, inis] = JSON.parse(stdout) as [
    (Record<string, string> | null)[],
    Record<string, Record<string, string>>[],
  ];
  for (const [at, text] of PAIRS.entries()) {
    const ours = parsePairs(text);
    const found = "pairs" in ours ? Object.fromEntries(ours.pairs) : null;
    assert.deepEqual(found, pairs[at], text);
  }
  for (const [at, text] of INIS.entries()) {
    const { sections } = parseIni(text, "f");
    const found = [...sections].map(([name, { entries }]) => [
      name,
      Object.fromEntries([...entries.values()].map(({ key, value }) => [key, value])),
    ]);
    assert.deepEqual(Object.fromEntries(found), inis[at], text);
  }
});
