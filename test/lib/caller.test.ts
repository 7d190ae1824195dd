import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { test } from "node:test";
import { callerOf, describeCaller } from "../../src/lib/caller.ts";

const { username } = userInfo();

test("who calls is the account, or who has called sudo or doas", () => {
  assert.equal(callerOf({}).account, username);
  assert.equal(callerOf({}).as, undefined);
  const { account, as } = callerOf({ SUDO_USER: "ann" });
  assert.deepEqual({ account, as }, { account: "ann", as: username });
  assert.equal(callerOf({ DOAS_USER: "bob" }).account, "bob");
  assert.equal(callerOf({ SUDO_USER: username }).as, undefined);
  assert.equal(callerOf({ SUDO_USER: "" }).account, username);
});

test("what sudo is said to have told is no way to write to a terminal", () => {
  assert.equal(callerOf({ SUDO_USER: "\u001b[31mann\n" }).account, "31mann");
  assert.equal(callerOf({ SUDO_USER: "x".repeat(1000) }).account.length, 64);
});

test("the terminal is the one that a usrsvc in the background was called from, and nothing else", () => {
  const pid = 2 ** 22 + 1; // no process has it: no streams
  assert.equal(callerOf({ USRSVC_TERMINAL: "pts/3" }, pid).terminal, "pts/3");
  assert.equal(callerOf({ USRSVC_TERMINAL: "pts/3\u001b[31m" }, pid).terminal, undefined);
  assert.equal(callerOf({}, pid).terminal, undefined);
});

test("describeCaller() names account and terminal", () => {
  assert.equal(describeCaller({ account: "ann" }), "ann");
  assert.equal(describeCaller({ account: "ann", terminal: "pts/3" }), "ann (pts/3)");
  const all = { account: "ann", as: "web", terminal: "pts/3" };
  assert.equal(describeCaller(all), "ann (as web, pts/3)");
});
