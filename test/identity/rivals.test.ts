import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { isRivals } from "../../src/identity/rivals.ts";
import { FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { programSettings } from "../support/settings.ts";
import { tempDir } from "../support/temp-dir.ts";

const title = { kind: "title", source: "^server", regex: /^server/ } as const;

/** Programs `a` and `b` with one expression, and a folder and a pidfile of their own each. */
function two(t: TestContext): { readonly dir: string; readonly all: readonly ProgramSettings[] } {
  const dir = tempDir(t);
  const all = ["a", "b"].map((name) => {
    mkdirSync(join(dir, name));
    return programSettings(join(dir, name), ["server"], { name, autopid: false, match: title });
  });
  return { dir, all };
}

/** Of which of the two it is not, by what it leaves. */
function notOf(all: readonly ProgramSettings[], one: Partial<FakeProcess>): string {
  const proc = new FakeProc();
  const ref = proc.set({ pid: 4_000_001, argv: ["server"], cwd: "/", ...one });
  const ports = { proc, env: {}, programs: () => all };
  return all
    .map(({ name }) => name)
    .filter((name) => isRivals(ref, name, ports))
    .join("");
}

describe("a process that several programs match", () => {
  test("belongs to any of them where it leaves no trace", (t) => {
    assert.equal(notOf(two(t).all, {}), "");
  });

  test("belongs to the one in whose folder it stands", (t) => {
    const { dir, all } = two(t);
    assert.equal(notOf(all, { cwd: join(dir, "a") }), "b");
    assert.equal(notOf(all, { cwd: dir }), "", "of none of them");
  });

  test("belongs to the one whose folder is a link to where it stands", (t) => {
    const { dir, all } = two(t);
    symlinkSync(join(dir, "a"), join(dir, "link"));
    const [a, b] = all as [ProgramSettings, ProgramSettings];
    const linked = [{ ...a, directory: join(dir, "link") }, b];
    assert.equal(notOf(linked, { cwd: join(dir, "a") }), "b");
  });

  test("does not belong to one by its folder that it does not match", (t) => {
    const { dir, all } = two(t);
    const [a, b] = all as [ProgramSettings, ProgramSettings];
    const other = { ...a, match: { ...title, regex: /^other/ } };
    assert.equal(notOf([other, b], { cwd: join(dir, "a") }), "");
  });

  test("in the root folder may be of any: daemons go there", (t) => {
    const { all } = two(t);
    const [a, b] = all as [ProgramSettings, ProgramSettings];
    assert.equal(notOf([{ ...a, directory: "/" }, b], { cwd: "/" }), "");
  });

  test("belongs to the one whose command it is, word for word, wherever it stands", (t) => {
    const { dir, all } = two(t);
    const [a, b] = all as [ProgramSettings, ProgramSettings];
    const other = { ...b, argv: ["server", "--queue=b"] };
    assert.equal(notOf([a, other], { argv: ["server", "--queue=b"], cwd: join(dir, "a") }), "a");
    assert.equal(notOf([a, other], { argv: ["server", "--queue=c"] }), "", "of none of them");
  });

  test("belongs to the one that has written its pid, wherever it stands", (t) => {
    const { dir, all } = two(t);
    writeFileSync(join(dir, "b", "b.pid"), "4000001\n");
    assert.equal(notOf(all, { cwd: join(dir, "a") }), "a");
  });

  test("is not named by a pidfile that is older, nor by one that usrsvc writes", (t) => {
    const { dir, all } = two(t);
    const path = join(dir, "b", "b.pid");
    writeFileSync(path, "4000001\n");
    utimesSync(path, 1, 1);
    assert.equal(notOf(all, {}), "");
    writeFileSync(path, "4000001\n");
    const ours = all.map((one) => ({ ...one, autopid: true }));
    assert.equal(notOf(ours, {}), "");
  });
});
