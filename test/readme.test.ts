import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { actions, daemonActions } from "../src/cli/args.ts";
import { schemas } from "../src/config/schema.ts";
import type { Schema } from "../src/config/setting.ts";
import { ExitCode } from "../src/exit-code.ts";
import { differences } from "./conformance/differences.ts";
import { escaped, manualTable } from "./support/manual-table.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

for (const [section, schema] of Object.entries(schemas)) {
  test(`the README has the table of the settings of ${section}, row by row`, () => {
    const table = manualTable(schema);
    assert.ok(readme.includes(`\n${table}\n`), `write into the README:\n\n${table}`);
  });
}

test("the README says what a reread does not apply", () => {
  const waiting = (schema: Schema): string =>
    Object.entries(schema)
      .filter(([, { applies }]) => applies === "restart")
      .map(([key]) => `\`${key}\``)
      .join(", ");
  const main = `Of \`[Main]\` only ${waiting(schemas.Main)} needs \`usrsvcd restart\``;
  assert.ok(readme.includes(main), main);
  const program = `A changed ${waiting(schemas.Program)} or \`[[Env]]\` applies when the program is started next, all else`;
  assert.ok(readme.includes(program), program);
});

test("the README tells every deliberate difference from 1.x, with its reason", () => {
  for (const { title, reason } of differences) {
    assert.ok(readme.includes(`| ${escaped(title)} | ${escaped(reason)} |`), title);
  }
});

test("the README lists every event of the log, and no other", () => {
  const source = readFileSync(join(root, "src/events/log.ts"), "utf8");
  const events = [...source.matchAll(/^ {2}\| "([a-z.-]+)"/gm)].map(([, event]) => event);
  const listed = [...readme.matchAll(/^\| `((?:daemon|config|program|alert)\.[a-z-]+)` \|/gm)].map(
    ([, event]) => event,
  );
  assert.ok(events.length > 10);
  assert.deepEqual(listed.toSorted(), events.toSorted());
});

test("what is installed is a tarball of this version, by its whole name and from no registry", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
  };
  const dockerfile = readFileSync(join(root, "examples/container/Dockerfile"), "utf8");
  const text = `${readme}\n${dockerfile}`;
  const installed = [...text.matchAll(/npm install (?:-\S+ (?:~\S+ )?)*(\S+)/g)];
  assert.deepEqual(installed.map(([, what]) => what).toSorted(), [
    `./usrsvc-${version}.tgz`,
    `./usrsvc-${version}.tgz`,
    "/tmp/usrsvc.tgz",
  ]);
  for (const [name] of text.matchAll(/usrsvc-[\w.*]*tgz/g)) {
    assert.equal(name, `usrsvc-${version}.tgz`);
  }
});

test("the README tells of every action of both commands", () => {
  for (const action of [...actions, ...daemonActions]) {
    assert.match(readme, new RegExp(`^\\| (\`\\w+\`, )?\`${action}\\b`, "m"), action);
  }
});

test("the README lists every exit code", () => {
  for (const code of Object.values(ExitCode))
    assert.match(readme, new RegExp(`^\\| ${code} \\| `, "m"));
});
