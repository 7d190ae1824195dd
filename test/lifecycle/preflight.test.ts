import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { ExitCode } from "../../src/exit-code.ts";
import { checkBeforeStart } from "../../src/lifecycle/preflight.ts";
import type { Host } from "../../src/host/host.ts";
import { stateDir } from "../../src/state/state-dir.ts";
import { programSettings } from "../support/settings.ts";
import { tempDir, writeScript } from "../support/temp-dir.ts";

const host = {
  env: { PATH: "/usr/bin:/bin" },
  state: stateDir("/no/such/state"),
} as Partial<Host> as Host;

describe("checkBeforeStart", () => {
  test("has nothing against what can be started", (t) => {
    const dir = tempDir(t);
    writeScript(dir, "app", "#!/bin/sh\n");
    for (const argv of [[join(dir, "app")], ["./app"], ["sleep", "1"]]) {
      assert.equal(checkBeforeStart(programSettings(dir, argv), host), undefined, argv.join(" "));
    }
  });

  test("leaves the line of a shell to the shell", (t) => {
    const program = programSettings(tempDir(t), ["/bin/sh", "-c", "none"], { useshell: true });
    assert.equal(checkBeforeStart(program, host), undefined);
  });

  type Make = (dir: string) => Partial<ProgramSettings>;
  const refused: readonly [what: string, make: Make, code: ExitCode, message: RegExp][] = [
    [
      "a directory that is not there",
      (dir) => ({ directory: `${dir}/none` }),
      ExitCode.permission,
      /^directory .*none: does not exist$/,
    ],
    [
      "a directory that is a file",
      (dir) => ({ directory: `${dir}/file` }),
      ExitCode.permission,
      /is not a folder$/,
    ],
    [
      "a pidfile in no folder",
      (dir) => ({ pidfile: `${dir}/none/pid` }),
      ExitCode.permission,
      /^pidfile folder .*none: does not exist$/,
    ],
    [
      "a pidfile with a name that no file can have",
      (dir) => ({ pidfile: `${dir}/${"x".repeat(300)}` }),
      ExitCode.permission,
      /^pidfile .*: its name is too long$/,
    ],
    [
      "a log in no folder",
      (dir) => ({ stdout: `${dir}/none/log` }),
      ExitCode.permission,
      /^folder of stdout .*none: does not exist$/,
    ],
    [
      "a log that is a folder",
      (dir) => ({ stderr: `${dir}/folder` }),
      ExitCode.permission,
      /^stderr .* is a folder, not a file$/,
    ],
    [
      "a name that is not on PATH",
      () => ({ argv: ["no-such-command-at-all"] }),
      ExitCode.failedToLaunch,
      /^no such command: no-such-command-at-all \(looked in \/usr\/bin:\/bin\)$/,
    ],
    [
      "a command that is not there",
      (dir) => ({ argv: [`${dir}/none`] }),
      ExitCode.failedToLaunch,
      /^no such command: .*none$/,
    ],
    [
      "a command that is a folder",
      (dir) => ({ argv: [`${dir}/folder`] }),
      ExitCode.failedToLaunch,
      /is a folder, not a command$/,
    ],
    [
      "a command that is not executable",
      (dir) => ({ argv: [`${dir}/file`] }),
      ExitCode.failedToLaunch,
      /is not executable: chmod \+x /,
    ],
  ];
  for (const [what, make, code, message] of refused) {
    test(`refuses ${what}`, (t) => {
      const dir = tempDir(t);
      mkdirSync(join(dir, "folder"));
      writeFileSync(join(dir, "file"), "");
      const found = checkBeforeStart(programSettings(dir, ["sleep", "1"], make(dir)), host);
      assert.equal(found?.code, code);
      assert.match(found.reason, message);
    });
  }

  test("refuses folders and files that this user may not write", (t) => {
    if (process.getuid?.() === 0) return t.skip("root may write anywhere");
    const dir = tempDir(t);
    mkdirSync(join(dir, "closed"));
    chmodSync(join(dir, "closed"), 0o500);
    const program = programSettings(dir, ["sleep", "1"], { pidfile: join(dir, "closed", "pid") });
    assert.match(
      checkBeforeStart(program, host)?.reason ?? "",
      /cannot be written by this user \(it belongs to user \d+, mode \d+\)$/,
    );
  });

  test("does not ask for a pidfile's folder that it will not write to", (t) => {
    const dir = tempDir(t);
    const more = { autopid: false, pidfile: join(dir, "none", "pid") };
    assert.equal(checkBeforeStart(programSettings(dir, ["sleep", "1"], more), host), undefined);
  });

  test("refuses a pidfile that is a folder, if it is to be written", (t) => {
    const dir = tempDir(t);
    const program = programSettings(dir, ["sleep", "1"], { pidfile: dir });
    assert.match(
      checkBeforeStart(program, host)?.reason ?? "",
      /^pidfile .* is a folder, not a file$/,
    );
    assert.equal(checkBeforeStart({ ...program, autopid: false }, host), undefined);
  });

  const interpreters: readonly [what: string, line: string][] = [
    ["is not there", "#!/no/such/interpreter -x"],
    ["ends in the CR of a DOS line, as the kernel reads it", "#!/bin/sh\r"],
  ];
  for (const [what, line] of interpreters) {
    test(`refuses a script whose interpreter ${what}`, (t) => {
      const dir = tempDir(t);
      const program = programSettings(dir, [writeScript(dir, "app", `${line}\n`)]);
      const found = checkBeforeStart(program, host);
      assert.equal(found?.code, ExitCode.failedToLaunch);
      assert.match(found.reason, /interpreter .* cannot be executed$/s);
    });
  }

  test("looks for a relative interpreter where the program is to run, as the kernel does", (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, "bin"));
    symlinkSync("/bin/sh", join(dir, "bin", "interpreter"));
    const program = programSettings(dir, [writeScript(dir, "app", "#!bin/interpreter\n")]);
    assert.equal(checkBeforeStart(program, host), undefined);
  });

  test("looks on the program's own PATH", (t) => {
    const dir = tempDir(t);
    writeScript(dir, "my-app", "#!/bin/sh\n");
    const env = new Map([["PATH", dir]]);
    assert.equal(checkBeforeStart(programSettings(dir, ["my-app"], { env }), host), undefined);
    const without = programSettings(dir, ["my-app"], { inheritEnv: false });
    assert.match(
      checkBeforeStart(without, host)?.reason ?? "",
      /because the program has no PATH\)$/,
    );
  });
});
