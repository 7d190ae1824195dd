import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { tempDir } from "../support/temp-dir.ts";

const root = join(import.meta.dirname, "../..");

/** A copy of what is shipped, to be damaged. */
function copy(t: TestContext): string {
  const dir = tempDir(t);
  for (const name of ["dist", "package.json"]) {
    cpSync(join(root, name), join(dir, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  writeFileSync(join(dir, "usrsvc.cfg"), configuration, { mode: 0o600 });
  return dir;
}

/** The bundles that have a cache, each with the command that runs it, words for that, and the answer. */
const bundles: readonly (readonly [
  name: string,
  command: string,
  words: readonly string[],
  answer: RegExp,
])[] = [
  ["usrsvc", "usrsvc", ["--version"], /^usrsvc 2\./],
  ["usrsvc-looks", "usrsvc", ["__programs", "-c", "usrsvc.cfg"], /^web\n$/],
  [
    "usrsvc-acts",
    "usrsvc",
    ["start", "-c", "usrsvc.cfg", "--dry-run", "web"],
    /^web: would be started/,
  ],
  ["usrsvcd", "usrsvcd", ["--version"], /^usrsvcd 2\./],
  [
    "usrsvcd-runs",
    "usrsvcd",
    ["start", "--foreground", "--json", "-c", "missing.cfg"],
    /"action":"start","result":"failed"/,
  ],
];

const configuration = "[Main]\n[Program:web]\ncommand = sleep 1\npidfile = /tmp/web.pid\n";

const cacheOf = (dir: string, name: string): string =>
  join(dir, `dist/${name}.${process.version}-${process.arch}.cache`);

for (const [name, command, words, answer] of bundles) {
  const ask = (dir: string, flags: readonly string[] = []): string => {
    const all = [...flags, join(dir, `dist/${command}.cjs`), ...words];
    return spawnSync(process.execPath, all, { encoding: "utf8", cwd: dir }).stdout;
  };

  describe(`the code cache of ${name}`, () => {
    test("is there for the Node that made it, and good", () => {
      // With the flags that the command gives to node: V8 refuses a cache that was made with others.
      const script = readFileSync(join(root, `dist/${command}.cjs`), "utf8");
      const flags = / exec node (.*)"\$0"/.exec(script)?.[1]?.split(" ").filter(Boolean) ?? [];
      const load = `
        const { readFileSync } = require("node:fs");
        const [filename, cache] = process.argv.slice(1);
        const cachedData = readFileSync(cache);
        const { Script } = require("node:vm");
        const made = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
        console.log(made.cachedDataRejected);`;
      const files = [join(root, `dist/${name}.bundle.cjs`), cacheOf(root, name)];
      const out = execFileSync(process.execPath, [...flags, "-e", load, ...files]);
      assert.equal(out.toString(), "false\n");
    });

    test("may be missing", (t) => {
      const dir = copy(t);
      rmSync(cacheOf(dir, name));
      assert.match(ask(dir), answer);
    });

    test("may be damaged, cut or empty", (t) => {
      const dir = copy(t);
      const good = readFileSync(cacheOf(dir, name));
      const damaged = Buffer.from(good);
      damaged.writeUInt8(damaged.readUInt8(4) ^ 1, 4); // V8's version
      for (const bytes of [damaged, good.subarray(0, 1000), Buffer.alloc(0)]) {
        writeFileSync(cacheOf(dir, name), bytes);
        assert.match(ask(dir), answer);
      }
    });

    test("is left alone by a Node with other flags", (t) => {
      assert.match(ask(copy(t), ["--max-lazy"]), answer);
    });

    test("goes with a bundle of plain ASCII, which is read without decoding", () => {
      assert.ok(readFileSync(join(root, `dist/${name}.bundle.cjs`)).every((byte) => byte < 0x80));
    });
  });
}

test("nothing else is in dist/", () => {
  const kinds = readdirSync(join(root, "dist")).map((name) => name.replace(/\.v\d.*-\w+\./, "."));
  const each = bundles.flatMap(([name, command]) => [
    `${name}.bundle.cjs`,
    `${name}.cache`,
    `${command}.cjs`,
  ]);
  const all = new Set(["LICENSES.txt", "completion", "man", ...each]);
  assert.deepEqual(kinds.toSorted(), [...all].toSorted());
});
