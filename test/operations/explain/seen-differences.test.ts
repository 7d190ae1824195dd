import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seenDifferences } from "../../../src/operations/explain/seen-differences.ts";
import { FakeProc, type FakeProcess } from "../../support/fake-proc.ts";
import { programSettings } from "../../support/settings.ts";

/** No process of this machine has it: its descriptors are not looked at. */
const PID = 4_999_999;
const settings = programSettings("/srv", ["app", "--port", "80"], {
  env: new Map([
    ["PORT", "80"],
    ["DEBUG", "1"],
  ]),
});

/** What a process shows, where these settings were changed since its launch. */
function seen(shows: Partial<FakeProcess>, changed?: readonly string[]): readonly string[] {
  const proc = new FakeProc();
  const environ = { PATH: "/bin", HOME: "/home/web", PORT: "80", DEBUG: "1", ...shows.environ };
  const ref = proc.set({ pid: PID, argv: settings.argv, cwd: "/srv", ...shows, environ });
  return seenDifferences(settings, changed, ref, { proc });
}

describe("seenDifferences() tells what a process shows of", () => {
  test("its command", () => {
    assert.deepEqual(seen({ argv: ["app", "--port", "8080"] }), [
      'command: the process has "app --port 8080", the file "app --port 80"',
    ]);
  });

  test("nothing where a script is what it was: the kernel shows its interpreter", () => {
    assert.deepEqual(seen({ argv: ["/bin/sh", "app", "--port", "80"] }), []);
  });

  test("its folder, and its variables, of which it has another value or none", () => {
    const proc = { cwd: "/opt", environ: { PORT: "90" } };
    assert.deepEqual(seen(proc, ["directory", "Env.PORT"]), [
      "directory: the process works in /opt, the file has /srv",
      "variable PORT: the process has another value",
    ]);
    assert.deepEqual(seen(proc, ["Env"]), ["variable PORT: the process has another value"]);
  });

  test("only what was changed: a program may leave its folder", () => {
    assert.deepEqual(seen({ cwd: "/elsewhere" }, ["nice"]), []);
    assert.deepEqual(seen({ cwd: "/elsewhere" }, ["directory"]).length, 1);
  });

  test("no value of a variable, nor a password on the command line", () => {
    const argv = ["app", "--password", "hunter2"];
    const text = seen({ argv, environ: { PORT: "s3cret" } }).join("\n");
    assert.match(text, /command: .*variable PORT/s);
    assert.doesNotMatch(text, /hunter2|s3cret/);
  });
});
