import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  inheritedEnvironment,
  originalOpenFiles,
  programEnvironment,
} from "../../src/launch/environment.ts";

describe("inheritedEnvironment", () => {
  const ours = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "NODE_OPTIONS",
    "NODE_CHANNEL_FD",
    "USRSVC_NOFILE",
    "USRSVC_READY_FD",
  ];
  for (const name of ours) {
    test(`keeps ${name} to ourselves`, () => {
      assert.deepEqual(inheritedEnvironment({ [name]: "x", HOME: "/home/a" }), { HOME: "/home/a" });
    });
  }

  test("hands on the rest, NODE_ENV included", () => {
    const env = { PATH: "/bin", NODE_ENV: "production", LANG: "", XDG_RUNTIME_DIR: "/run/user/1" };
    assert.deepEqual(inheritedEnvironment(env), env);
  });
});

describe("programEnvironment", () => {
  const program = { inheritEnv: true, directory: "/srv", env: new Map([["A", "1"]]) };

  test("is ours, then that of the section", () => {
    const env = programEnvironment(program, { A: "0", B: "2" });
    assert.deepEqual(env, { A: "1", B: "2", PWD: "/srv" });
  });

  test("with inherit_env = False is only that of the section", () => {
    const env = programEnvironment({ ...program, inheritEnv: false }, { B: "2" });
    assert.deepEqual(env, { A: "1", PWD: "/srv" });
  });

  test("takes any name, and PWD where the section sets it", () => {
    const env = new Map([
      ["__proto__", "p"],
      ["constructor", "c"],
      ["PWD", "/else"],
    ]);
    const found = programEnvironment({ ...program, env }, {});
    assert.deepEqual(Object.entries(found).sort(), [
      ["PWD", "/else"],
      ["__proto__", "p"],
      ["constructor", "c"],
    ]);
  });
});

describe("originalOpenFiles", () => {
  test("is what was noted before node raised it", () => {
    assert.equal(originalOpenFiles({ USRSVC_NOFILE: "1024" }), 1024);
    assert.equal(originalOpenFiles({ USRSVC_NOFILE: "unlimited" }), undefined);
  });

  for (const noted of [undefined, "", "many", "-5", "1e9"]) {
    test(`is our parent's where ${JSON.stringify(noted)} was noted`, () => {
      const found = originalOpenFiles({ USRSVC_NOFILE: noted });
      assert.ok(found === undefined || found > 0);
    });
  }
});
