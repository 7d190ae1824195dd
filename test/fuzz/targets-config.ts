import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseConfigobj, type Section } from "../../src/config/configobj/configobj.ts";
import { interpolate } from "../../src/config/configobj/interpolate.ts";
import { ConfigError, type ConfigIssue, formatIssue } from "../../src/config/issue.ts";
import { loadSettings } from "../../src/config/load.ts";
import { translatePythonRegex } from "../../src/config/python-regex/python-regex.ts";
import type { ProgramSettings, Settings } from "../../src/config/settings.ts";
import { lastShellCommand, listShellCommands } from "../../src/config/shell/commands.ts";
import { findShellSyntax } from "../../src/config/shell/syntax.ts";
import { decodeUtf8 } from "../../src/config/utf8.ts";
import {
  readBoolean,
  type RawValue,
  type Reading,
  readSeconds,
  readSize,
  readWholeNumber,
  readWholeSeconds,
} from "../../src/config/values.ts";
import { printCommand } from "../../src/config/print-text.ts";
import { compose, type Draft } from "../../src/operations/adopt/draft.ts";
import { splitWords } from "../../src/config/shell/words.ts";
import { BoundedSearch } from "../../src/identity/bounded-search.ts";
import { pattern } from "../../src/identity/match.ts";
import { configurations } from "../config/support/configurations.ts";
import { loadVector } from "../config/support/load-vector.ts";
import { type RecordedSection, readVectors } from "../conformance/vectors.ts";
import { hasPython, Python } from "./python.ts";
import { anyText, spoilt, type Target, target } from "./target.ts";

const root = join(import.meta.dirname, "../..");
const textVectors = readVectors("configobj.json");
const programVectors = readVectors("programs.json");

const keys = [
  ...readFileSync(join(root, "docs/configuration.md"), "utf8").matchAll(/^\| `(\w+)` \|/gm),
].map(([, key = ""]) => `\n${key} = `);
const syntax = [
  ..."[]\"'#,=\n\r\t $\\&|;<>~*{}%\0".split(""),
  "[[",
  "]]",
  "'''",
  '"""',
  "%(a)s",
  "%(HOME)s",
  "%%",
  "\u2028",
  "\ufeff",
  "[Program:web]\n",
  "[DefaultSettings:x]\n",
  "[[Env]]\n",
  "[[Monitor]]\n",
  "command = /bin/sleep 1\n",
  "true",
  "-1",
  "1e9",
  "99999999999999999999",
  "10m",
  "1.5G",
];

const examples = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".cfg"))
  .map((name) => readFileSync(join(root, "examples", name), "utf8"));
const configTexts = [
  ...examples,
  ...Object.values(configurations),
  ...textVectors.map(({ text }) => text),
  ...programVectors.flatMap(({ files }) => Object.values(files)),
];
const spoiltConfig = fc.oneof(
  { weight: 6, arbitrary: spoilt(configTexts, [...syntax, ...keys]) },
  { weight: 1, arbitrary: anyText },
);

/** Lines as people count them. */
const countLines = (text: string): number => text.split(/\r\n|\r|\n/).length;

function checkParse(text: string): void {
  const { root: top, faults } = parseConfigobj(text, { strictLists: true });
  const last = countLines(text);
  for (const { line, message } of faults) {
    assert.ok(line >= 1 && line <= last, `line ${line} of ${last}`);
    assert.notEqual(message, "");
  }
  const walk = (section: Section): void => {
    for (const { line } of section.entries.values()) assert.ok(line >= 1 && line <= last);
    for (const one of section.sections.values()) walk(one);
  };
  walk(top);
}

/** The whole way from bytes to settings. */
function checkLoad([main, part]: readonly [string, string | undefined], folder: string): void {
  const home = join(folder, "home");
  rmSync(home, { recursive: true, force: true });
  mkdirSync(join(home, "usrsvc.d"), { recursive: true, mode: 0o755 });
  const path = join(home, "usrsvc.cfg");
  const files = new Map([[path, main]]);
  if (part !== undefined) files.set(join(home, "usrsvc.d", "part.cfg"), part);
  for (const [file, text] of files) writeFileSync(file, text, { mode: 0o644 });
  let settings: Settings | undefined;
  let issues: readonly ConfigIssue[];
  try {
    settings = loadSettings({ home, uid: process.getuid?.() ?? 0 });
    ({ issues } = settings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    ({ issues } = error);
    assert.ok(
      issues.some(({ severity }) => severity === "error"),
      "it says why",
    );
  }
  for (const issue of issues) {
    const { file, line } = issue.place;
    const text = files.get(file);
    assert.ok(file.startsWith("/"), `names a file: ${formatIssue(issue)}`);
    const last = text === undefined ? Infinity : countLines(text);
    assert.ok(line === undefined || (line >= 1 && line <= last), formatIssue(issue));
    assert.notEqual(issue.message.trim(), "");
  }
  if (settings === undefined) return;
  for (const program of settings.programs.values()) checkProgram(program);
  for (const name of settings.faulty.keys()) {
    assert.ok(!settings.programs.has(name), `${name} is faulty, or it is not`);
    const isTold = issues.some(({ program, severity }) => severity === "error" && program === name);
    assert.ok(isTold, `${name} is set aside, and nobody says why`);
  }
}

function checkProgram(program: ProgramSettings): void {
  const { name, argv, pidfile, stdout, stderr, directory, env, match } = program;
  assert.notEqual(argv.length, 0, `${name}: a command has a word`);
  for (const path of [pidfile, stdout, stderr, directory]) {
    assert.ok(path.startsWith("/"), `${name}: ${path} is absolute`);
  }
  for (const word of [...argv, pidfile, stdout, stderr, directory, ...env.values()]) {
    assert.ok(!word.includes("\0"), `${name}: no word holds a NUL`);
  }
  const { maxrestarts, restartDelayMs, successMs, termToKillMs, umask } = program;
  for (const value of [maxrestarts, restartDelayMs, successMs, termToKillMs, umask ?? 0]) {
    assert.ok(Number.isFinite(value) && value >= 0, `${name}: ${value}`);
  }
  // Whatever it is, a command line is compared with it in time.
  const words = pattern(match, program, "/usr/bin:/bin");
  words.matches(argv);
  words.matches(["", "-x", name]);
  assert.notEqual(words.description, "");
}

/** What a process may have for words, variables and remarks. */
const processText = fc.oneof(
  spoilt(
    ["/usr/bin/python3", "-m http.server", "%(h)s", "~/x", "a # b", 'it\'s "q"'],
    [..."\"'\\ \t\n#=[]%$&~,;\0".split(""), "%(", ")s", '"""', "'''", "[Program:x]"],
  ),
  anyText,
);
const drafts = fc.record({
  words: fc.array(processText, { minLength: 1, maxLength: 5 }),
  env: fc.array(fc.tuple(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), processText), {
    maxLength: 4,
  }),
  keys: fc.array(fc.tuple(fc.constantFrom("directory", "stdout", "umask"), processText), {
    maxLength: 3,
  }),
  notes: fc.array(processText, { maxLength: 3 }),
});

type DraftInput = typeof drafts extends fc.Arbitrary<infer T> ? T : never;

/** What adopt --write puts into config_dir: no text of a process becomes a line that it is not. */
function checkDraft({ words, env, keys, notes }: DraftInput): void {
  const command = printCommand(words);
  const draft: Draft = {
    name: "web",
    head: notes,
    command: command ?? "true",
    question: undefined,
    keys: [...new Map(keys)].map(([key, value]) => ({ key, value, note: notes[0] })),
    env: new Map(env),
    envNotes: notes,
  };
  const { text } = compose(draft, new Map(), true);
  const { root, faults } = parseConfigobj(text);
  assert.deepEqual(faults, []);
  assert.equal(root.entries.size, 0);
  assert.deepEqual([...root.sections.keys()], ["Program:web"]);
  const section = root.sections.get("Program:web");
  const read = (owner: Section | undefined, key: string): string | undefined =>
    owner?.entries.get(key)?.text;
  const isKnown = (key: string): boolean =>
    key === "command" || draft.keys.some((one) => one.key === key);
  assert.ok([...(section?.entries.keys() ?? [])].every(isKnown));
  const written = read(section, "command");
  if (command !== undefined && written !== undefined) {
    const again = splitWords(written);
    assert.deepEqual("words" in again ? again.words : again, words);
  }
  for (const { key, value } of draft.keys) {
    assert.ok([undefined, value].includes(read(section, key)), key);
  }
  const below = section?.sections.get("Env");
  assert.ok([...(section?.sections.keys() ?? [])].every((name) => name === "Env"));
  assert.ok([...(below?.entries.keys() ?? [])].every((key) => draft.env.has(key)));
  for (const [key, value] of draft.env) {
    assert.ok([undefined, value].includes(read(below, key)), key);
  }
}

/** What changes nothing in the dialect of 1.x. */
const HARMLESS: readonly ((text: string) => string)[] = [
  (text) => `\n${text}`,
  (text) => `# a comment\n${text}`,
  (text) => `  # 'another' [one]\n\n${text}`,
  (text) => `${text}\n`,
  (text) => `${text}\n# = the end`,
  (text) => text.replaceAll(/^(\[+[^\]"'#]+\]+)$/gm, "$1  # section"),
  (text) => text.replaceAll(/^(?=\[)/gm, "\n"),
  (text) => text.replaceAll(/^(?=\[)/gm, "\t "),
];
const harmless = fc.array(fc.constantFrom(...HARMLESS), { minLength: 1, maxLength: 4 });
/** A value over several lines would be changed by a line put in. */
const isPlain = (text: string): boolean =>
  !/'''|"""/.test(text) && !/^\s*\ufeff|^#.*coding|\r/m.test(text);

const goodTexts = textVectors.filter(({ expect, text }) => expect !== undefined && isPlain(text));
const goodPrograms = programVectors.filter(
  ({ error, expect, files }) =>
    error === undefined && expect !== undefined && Object.values(files).every(isPlain),
);

function plainTree(section: Section): unknown {
  const entries = [...section.entries].map(([key, { text, list }]) => {
    const read = (item: string): string => interpolate(section, key, item);
    return [key, list ? list.map(read) : read(text)] as const;
  });
  const below = [...section.sections].map(([name, sub]) => [name, plainTree(sub)] as const);
  return [...entries, ...below];
}

function sorted(recorded: RecordedSection): unknown {
  return Object.entries(recorded).map(([key, value]) => {
    const isText = typeof value === "string" || Array.isArray(value);
    return [key, isText ? value : sorted(value as RecordedSection)];
  });
}

const shellPieces = [
  ..."\"'\\ \t\n;&|()<>${}*?[]~#=!`".split(""),
  "&&",
  "||",
  "<<",
  "if ",
  "then ",
  "do ",
  "done",
  "case x in ",
  "esac",
  "$(",
  "exec ",
  "cd /x",
  "a=b ",
  "2>&1",
];
const shellLines = spoilt(
  [
    "cd /x && exec ./run > log 2>&1",
    "while true; do job; sleep 60; done",
    "A=b . venv/bin/activate && uvicorn api:app --port $PORT",
    "case $x in a|b) one;; *) two;; esac | tee -a log",
    "bash -lc 'cd \"$HOME\" && ./run'",
  ],
  shellPieces,
);
const regexPieces = [
  ..."ab01.*+?|()[]{}^$\\-,:=!<>#&~ ".split(""),
  "(?:",
  "(?i:",
  "(?P<n>",
  "(?P=n)",
  "(?=",
  "(?!",
  "(?<=",
  "(?<!",
  "(?i)",
  "(?s)",
  "(?x)",
  "(?>",
  "\\d",
  "\\w",
  "\\S",
  "\\b",
  "\\Z",
  "\\A",
  "[^",
  "[a-b]",
  "{1,2}",
  "{,2}",
  "*?",
  "++",
];
const regexes = fc
  .array(fc.constantFrom(...regexPieces), { maxLength: 10 })
  .map((parts) => parts.join(""));
const titles = fc
  .array(fc.constantFrom(..."ab01 \n.-_:/[]Aé".split("")), { maxLength: 12 })
  .map((parts) => parts.join(""));

const readers: Readonly<Record<string, (raw: RawValue) => Reading<unknown>>> = {
  boolean: (raw) => readBoolean(raw),
  whole: (raw) => readWholeNumber(raw),
  seconds: (raw) => readSeconds(raw),
  wholeSeconds: (raw) => readWholeSeconds(raw),
  size: (raw) => readSize(raw),
};

/** Configurations, and what stands in them. */
export const configTargets: readonly Target[] = [
  target("section of an adopted process", drafts, checkDraft),
  target("text of a configuration", spoiltConfig, checkParse),
  target(
    "files of a configuration",
    fc.tuple(
      fc.oneof(
        spoiltConfig,
        spoiltConfig.map((text) => `[Main]\nconfig_dir = %(HOME)s/usrsvc.d\n${text}`),
      ),
      fc.option(spoiltConfig, { nil: undefined }),
    ),
    checkLoad,
  ),
  target(
    "conformance vectors of texts, written otherwise",
    fc.tuple(fc.constantFrom(...goodTexts), harmless),
    ([vector, changes]) => {
      const text = changes.reduce((given, change) => change(given), vector.text);
      const file = parseConfigobj(text, { strictLists: true });
      assert.deepEqual(file.faults, [], vector.name);
      assert.deepEqual(plainTree(file.root), sorted(vector.expect ?? {}), vector.name);
    },
  ),
  target(
    "conformance vectors of programs, written otherwise",
    fc.tuple(fc.constantFrom(...goodPrograms), harmless),
    ([vector, changes]) => {
      const files = Object.entries(vector.files).map(([name, text]) => [
        name,
        name.endsWith(".cfg") ? changes.reduce((given, change) => change(given), text) : text,
      ]);
      const [plain, other] = [vector.files, Object.fromEntries(files)].map((given) =>
        meaning(loadVector({ dirs: vector.dirs, files: given as Record<string, string> })),
      );
      assert.deepEqual(other, plain, vector.name);
    },
  ),
  target(
    "numbers, times and sizes",
    fc.tuple(
      fc.constantFrom(...Object.keys(readers)),
      fc.oneof(spoilt(["10", "0.5", "90s", "1.5G", "200 MB", "yes"], syntax), anyText),
    ),
    ([kind, text]) => {
      const reading = readers[kind]?.({ text, list: undefined, isBrokenList: false });
      assert.ok(reading);
      if ("problem" in reading) {
        assert.match(reading.problem, /is neither|is not/, "it says what was wanted");
        return;
      }
      if (typeof reading.value === "boolean") return;
      const value = reading.value as number;
      assert.ok(Number.isFinite(value) && value >= 0, `${value}`);
      assert.doesNotMatch(text, /[-+]/);
    },
  ),
  target("words of a command", fc.oneof(shellLines, anyText), (text) => {
    const split = splitWords(text);
    if ("problem" in split) assert.notEqual(split.problem, "");
    else assert.ok(split.words.every((word) => typeof word === "string"));
  }),
  target("shell lines", fc.oneof(shellLines, anyText), (text) => {
    const commands = listShellCommands(text);
    assert.ok(commands.every((words) => words.length > 0));
    lastShellCommand(text);
    for (const advice of findShellSyntax(text, "/home/me")) assert.notEqual(advice, "");
  }),
  target(
    "expressions",
    fc.tuple(
      fc.oneof(regexes, spoilt([".*gunicorn.*master", "^nginx: master", "(a+)+!"], regexPieces)),
      fc.oneof(
        titles,
        fc
          .tuple(fc.constantFrom("a", "ab ", "gunicorn: master "), fc.nat({ max: 20_000 }))
          .map(([part, count]) => part.repeat(count)),
      ),
    ),
    ([source, text]) => {
      const translated = translatePythonRegex(source);
      if ("problem" in translated) {
        assert.notEqual(translated.problem, "");
        return;
      }
      const search = new BoundedSearch({ source, ...translated });
      const before = process.cpuUsage();
      search.isIn(text);
      const { user, system } = process.cpuUsage(before);
      assert.ok((user + system) / 1000 < 250, `it took ${(user + system) / 1000} ms of CPU`);
    },
  ),
  target("bytes of a file", fc.uint8Array({ maxLength: 60 }), (bytes) => {
    const decoded = decodeUtf8(bytes);
    assert.equal("text" in decoded, isUtf8(bytes));
    if ("text" in decoded) return;
    const lines = Buffer.from(bytes).toString("latin1").split("\n").length;
    assert.ok(decoded.badLine >= 1 && decoded.badLine <= lines);
  }),
  ...(hasPython() ? againstPython() : []),
];

/** All that a configuration comes to, but for the lines. */
function meaning({ settings, errors }: ReturnType<typeof loadVector>): unknown {
  const programs = [...(settings?.programs.values() ?? [])].map((program) => ({
    ...program,
    place: undefined,
  }));
  const shown = JSON.stringify({ main: settings?.main, programs, errors });
  return shown.replaceAll(/\/tmp[^"]*?\/usrsvc-\w{6}/g, "~").replaceAll(/(on )?line \d+/g, "");
}

/** 1.x was Python: its own functions say what is right. */
function againstPython(): readonly Target[] {
  let python: Python | undefined;
  const ask = async (...words: Parameters<Python["ask"]>): ReturnType<Python["ask"]> => {
    python ??= new Python();
    return await python.ask(...words);
  };
  const sane = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);
  return [
    target("words of a command, as Python has them", shellLines.filter(sane), async (text) => {
      const split = splitWords(text);
      const { value, error } = await ask("split", text);
      if (error !== undefined) assert.ok("problem" in split, `${error}: ${JSON.stringify(split)}`);
      else assert.deepEqual(split, { words: value });
    }),
    target("expressions, as Python has them", fc.tuple(regexes, titles), async ([source, text]) => {
      const translated = translatePythonRegex(source);
      const { value, error } = await ask("search", source, text);
      if ("problem" in translated) return; // it is refused, and 1.x may have taken it
      assert.equal(error, undefined, "1.x refused it");
      assert.equal(translated.regex.test(text), value, `found in ${JSON.stringify(text)}`);
    }),
  ];
}
