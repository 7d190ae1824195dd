import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Home, type Json, type Result, sleeper } from "./home.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/json.md"), "utf8");
const [, ofDaemon = ""] = page.split("\n## usrsvcd\n");
const documented = new Set([...ofDaemon.matchAll(/`(\w+)`/g)].map(([, key = ""]) => key));

/** Settings, which docs/configuration.md lists. */
const isSettings = ({ section }: Json): boolean => section === "Main" || section === "Program";

test("usrsvcd --json prints no key that docs/json.md does not name", async (t) => {
  const home = new Home(t);
  const seen = new Map<string, Json>();
  const run = async (...words: readonly string[]): Promise<Result> => {
    const result = await home.usrsvcd("--json", ...words);
    for (const line of result.out.trim().split("\n").filter(Boolean)) {
      const object = JSON.parse(line) as Json;
      if (isSettings(object)) continue;
      for (const key of Object.keys(object)) seen.set(key, object);
    }
    return result;
  };
  rmSync(home.config, { force: true });
  assert.equal((await run("init")).code, 0);
  assert.equal((await run("init")).code, 1, "it replaces nothing");
  home.program("web", { command: sleeper() });
  assert.equal((await run("start")).code, 0);
  assert.equal((await run("start")).code, 135);
  assert.equal((await run("status")).code, 0);
  home.program("web", { command: sleeper() }).program("db", { command: sleeper() });
  assert.equal((await run("checkconfig", "--diff")).code, 1);
  assert.equal((await run("reread")).code, 0);
  home.program("db", { command: "sleep 1", stdout: "nowhere" });
  await run("reread");
  assert.equal((await run("checkconfig")).code, 130);
  await run("status");
  home.without("db");
  assert.equal((await run("restart")).code, 0);
  assert.equal((await run("stop")).code, 0);
  assert.equal((await run("status")).code, 1);
  writeFileSync(home.file("usrsvcd"), "", { mode: 0o755 });
  await run("install-unit", "--user");
  await run("nonsense");

  for (const key of [
    "runningOn",
    "next",
    "unit",
    "lastReread",
    "severity",
    "atRestart",
    "differences",
    "comparedWith",
  ]) {
    assert.ok(seen.has(key), `${key} was printed`);
  }
  const unknown = [...seen].filter(([key]) => !documented.has(key));
  assert.deepEqual(unknown, []);
});
