import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ConfigFile,
  parseConfigobj,
  type Section,
} from "../../src/config/configobj/configobj.ts";
import { interpolate, InterpolationError } from "../../src/config/configobj/interpolate.ts";
import { decodeUtf8 } from "../../src/config/utf8.ts";
import { differences } from "../conformance/differences.ts";
import {
  type ProgramsVector,
  readVectors,
  type RecordedProgram,
  type RecordedSection,
  type TextVector,
} from "../conformance/vectors.ts";
import { type Loaded, loadVector } from "./support/load-vector.ts";
import { describeProgram } from "./support/recorded-form.ts";

describe("a text is read as ConfigObj reads it:", () => {
  for (const vector of readVectors("configobj.json")) {
    test(vector.name, () => checkText(vector));
  }
});

describe("bytes are read as ConfigObj reads them:", () => {
  for (const vector of readVectors("configobj-bytes.json")) {
    test(vector.name, () => {
      const decoded = decodeUtf8(Buffer.from(vector.base64, "base64"));
      if ("text" in decoded) checkText({ ...vector, text: decoded.text });
      else assert.ok(vector.error, `line ${decoded.badLine} is no UTF-8`);
    });
  }
});

describe("a configuration means what it meant in 1.x:", () => {
  for (const vector of readVectors("programs.json")) {
    test(vector.name, () => checkPrograms(vector));
  }
});

const KINDS = new Map([
  ["ParseError", "parse"],
  ["NestingError", "nesting"],
  ["DuplicateError", "duplicate"],
]);

function checkText(vector: TextVector): void {
  const { text, error, expect } = vector;
  const file = parseConfigobj(text, { strictLists: true });
  const faults = file.faults.map(({ kind, line }) => ({ kind, line }));
  if (error === undefined) {
    assert.deepEqual(faults, []);
    assert.deepEqual(plainTree(file.root), sorted(expect ?? {}));
  } else if (error.line === null) {
    assert.deepEqual(faults, []);
    const isForgiven = differences.some((rule) => rule.forgivesText?.(vector));
    if (!isForgiven) assert.throws(() => plainTree(file.root), InterpolationError);
  } else {
    checkFaults(file, error.errors ?? [error]);
  }
}

function checkFaults(
  { faults }: ConfigFile,
  recorded: readonly { type: string; line: number | null }[],
): void {
  const lines = faults.map(({ line }) => line);
  // Python's LookupError, for an unknown encoding, has no line; ConfigObjError is the sum of several.
  const wanted = recorded.filter(({ line }) => line !== null);
  if (recorded.length > 1 || KINDS.has(recorded[0]?.type ?? "")) {
    const kinds = wanted.map(({ type, line }) => ({ kind: KINDS.get(type), line }));
    assert.deepEqual(
      faults.map(({ kind, line }) => ({ kind, line })),
      kinds,
    );
  } else {
    assert.equal(lines[0], wanted[0]?.line);
  }
}

/** The values of a section and of all below, references replaced. */
function plainTree(section: Section): unknown {
  const entries = [...section.entries].map(([key, { text, list }]) => {
    const read = (item: string): string => interpolate(section, key, item);
    return [key, list ? list.map(read) : read(text)] as const;
  });
  const sections = [...section.sections].map(([name, sub]) => [name, plainTree(sub)] as const);
  return [...entries, ...sections];
}

/** Pairs instead of an object: a key may be called `__proto__`, and order counts. */
function sorted(recorded: RecordedSection): unknown {
  return Object.entries(recorded).map(([key, value]) => {
    const isText = typeof value === "string" || Array.isArray(value);
    return [key, isText ? value : sorted(value as RecordedSection)];
  });
}

function checkPrograms(vector: ProgramsVector): void {
  const ours = loadVector(vector);
  if (vector.error) {
    if (ours.errors.length > 0) return;
    const { error } = vector;
    assert.ok(
      differences.some((rule) => rule.forgives?.(error, vector)),
      `1.x refused it: ${error.message}`,
    );
    return;
  }
  const unexplained = ours.errors.filter(
    (message) => !differences.some((rule) => rule.refuses?.(message, vector)),
  );
  assert.deepEqual(unexplained, []);
  if (vector.logged?.length || vector.expect?.logged?.length)
    assert.notEqual(ours.warnings.length, 0);
  if (ours.settings) checkSettings(vector, ours);
}

function checkSettings(vector: ProgramsVector, { settings, substitute }: Loaded): void {
  assert.ok(settings && vector.expect);
  const { main, programs, order } = vector.expect;
  const recordedMain = substitute(main);
  const { configDir, pidfile, usrsvcdStdout, usrsvcdStderr, sendmailPath } = settings.main;
  const ourMain = {
    config_dir: configDir ?? null,
    pidfile,
    usrsvcd_stdout: usrsvcdStdout ?? null,
    usrsvcd_stderr: usrsvcdStderr ?? null,
    ...("sendmail_path" in main ? { sendmail_path: sendmailPath ?? null } : {}),
  };
  const emptyAsNull = Object.entries(recordedMain).map(([key, value]) => [
    key,
    value === "" ? null : value,
  ]);
  assert.deepEqual(ourMain, Object.fromEntries(emptyAsNull));
  // In a pattern, other folders than ours were meant.
  if (/[*?[]/.test(main["config_dir"] ?? "")) return;
  const known = [...settings.programs.keys(), ...settings.faulty.keys()];
  assert.deepEqual(new Set(known), new Set(Object.keys(programs)));
  if (order) {
    assert.deepEqual(
      [...settings.programs.keys()],
      order.filter((name) => settings.programs.has(name)),
    );
  }
  for (const [name, recorded] of Object.entries(programs)) {
    const program = settings.programs.get(name);
    if (program === undefined) continue;
    let wanted: RecordedProgram = substitute(recorded);
    for (const rule of differences) wanted = rule.adjust?.(wanted, program, vector) ?? wanted;
    const { proctitle_matches: matches, ...others } = wanted;
    assert.deepEqual(describeProgram(program, others), others);
    const { match } = program;
    if (match.kind !== "title") continue;
    for (const [title, isMatch] of matches ?? []) {
      assert.equal(match.regex.test(title), isMatch, `${match.source} in ${JSON.stringify(title)}`);
    }
  }
}
