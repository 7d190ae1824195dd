import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { test } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Account } from "./account.ts";
import { Home, sleeper } from "./home.ts";

test("a state folder that is closed to this account is named by each command, with what to do", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const state = home.file("state");
  mkdirSync(state, { recursive: true });
  const other = new Account(home);
  if (!other.canRun) return t.skip("another account cannot read the built commands");
  other.take(t);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(state, 0, 0);
  chmodSync(state, isRoot ? 0o700 : 0);
  cleanUp(t, () => chmodSync(state, 0o700));
  const what = isRoot ? /it belongs to root: su - root / : /chmod u\+rwx \S+\/state/;
  for (const words of [["status"], ["explain", "web"], ["events"], ["logs", "web"], ["metrics"]]) {
    const { code, out, err } = other.result(...words);
    assert.equal(code, 136, words.join(" "));
    assert.equal(out, "");
    assert.match(err, /^usrsvc: state_dir \S+\/state cannot be read: permission denied; /);
    assert.match(err, what);
  }
  assert.match(other.run("/bin/sh", "-c", `${home.command("usrsvcd.cjs")} start 2>&1`), what);
});
