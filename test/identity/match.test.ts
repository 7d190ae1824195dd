import { findOnPath, readShebang } from "../../src/lib/executable.ts";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import type { Pid } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import type { MatchRule } from "../../src/config/settings.ts";
import { pattern } from "../../src/identity/match.ts";
import { cleanUp } from "../support/clean-up.ts";
import { noFiles } from "../support/strange-files.ts";
import { tempDir, writeScript } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";

const command = (...candidates: readonly (readonly string[])[]): MatchRule => ({
  kind: "command",
  candidates,
});
const title = (source: string): MatchRule => ({ kind: "title", source, regex: new RegExp(source) });

function matcher(
  rule: MatchRule,
  { directory = "/", path = "/usr/bin:/bin", useshell = false, line = "" } = {},
): (argv: readonly string[]) => boolean {
  const made = pattern(rule, { directory, useshell, command: line }, path);
  return (argv) => made.matches(argv);
}

describe("pattern, without proctitle_re", () => {
  const matches = matcher(command(["/srv/app.sh", "--port", "80"]));

  test("wants the argv to be the command, word for word", () => {
    assert.ok(matches(["/srv/app.sh", "--port", "80"]));
  });

  const others: readonly (readonly string[])[] = [
    ["tail", "-f", "/srv/app.sh", "--port", "80"],
    ["/srv/app.sh", "--port", "8080"],
    ["/srv/app.sh", "--port", "80", "--debug"],
    ["/srv/app.sh", "--port"],
    ["/srv/app.sh --port 80"],
    ["app.sh", "--port", "80"],
    ["vi", "/srv/app.sh", "--port", "80"],
    [],
    [""],
  ];
  for (const argv of others) {
    test(`is not ${JSON.stringify(argv)}`, () => assert.equal(matches(argv), false));
  }

  test("a pager, an editor or a shell that has the script open is not the script", (t) => {
    const script = writeScript(tempDir(t), "app.sh", "#!/bin/sh\nsleep 1\n");
    const isScript = matcher(command([script]));
    for (const argv of [
      ["tail", "-f", script],
      ["vi", script],
      ["less", script],
      ["sh", "-c", script],
      ["/bin/sh", "-x", script],
      ["cat", script],
    ]) {
      assert.equal(isScript(argv), false, argv.join(" "));
    }
    assert.ok(isScript(["/bin/sh", script]));
  });

  test("does not know empty arguments at the end from padding", () => {
    assert.ok(matcher(command(["/srv/app", "x", ""]))(["/srv/app", "x"]));
  });

  test("an empty command matches nothing, not even a kernel thread", () => {
    assert.equal(matcher(command([], [""]))([]), false);
  });

  test("takes any of several candidates", () => {
    const either = matcher(command(["/srv/b"], ["/srv/a"]));
    assert.ok(either(["/srv/a"]) && either(["/srv/b"]));
  });

  test("matches each argv that is the command, and none that is longer in front by other words", () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), word, (argv, more) => {
        const isIt = matcher(command(["/no/such/file", ...argv]));
        assert.ok(isIt(["/no/such/file", ...argv]));
        assert.equal(isIt([more, "/no/such/file", ...argv]), false);
      }),
    );
  });
});

describe("readShebang", () => {
  for (const { kind, make } of noFiles) {
    test(`does not wait for ${kind}`, (t) => {
      const path = join(tempDir(t), "app");
      make(path);
      assert.equal(readShebang(path), undefined);
    });
  }
});

describe("pattern, of scripts that the kernel runs", () => {
  /** First line, words of the command after the script, and whether the name is found on PATH. */
  const scripts: readonly [what: string, text: string, args: readonly string[]][] = [
    ["#!/bin/sh", "#!/bin/sh\nexec <&-; sleep 600; :\n", []],
    ["#!/bin/sh -e", "#!/bin/sh -e\nsleep 600; :\n", ["a b", "c"]],
    ["#! /bin/sh with blanks", "#! /bin/sh\t-e \nsleep 600; :\n", ["x"]],
    ["#!/usr/bin/env python3", "#!/usr/bin/env python3\nimport time; time.sleep(600)\n", ["x"]],
    [
      "#!/usr/bin/env -S python3 -u",
      "#!/usr/bin/env -S python3 -u\nimport time; time.sleep(600)\n",
      ["x"],
    ],
    ["#!/usr/bin/env sh", "#!/usr/bin/env sh\nsleep 600; :\n", []],
    ["no #! line", "sleep 600; :\n", ["x"]],
  ];
  // Not a python3 of pyenv and the like: that is a script that runs another by its full path.
  const path = "/usr/bin:/bin";
  for (const [what, text, args] of scripts) {
    test(`knows what runs through ${what}`, async (t) => {
      if (what.includes("python3") && findOnPath("python3", "/", path) === undefined) {
        return t.skip("no python3");
      }
      const script = writeScript(tempDir(t), "app", text);
      const argv = await shownBy(t, [script, ...args], { path });
      assert.ok(argv.length > 1 + args.length, `not interpreted: ${argv.join(" ")}`);
      assert.ok(matcher(command([script, ...args]))(argv), argv.join(" "));
      assert.equal(matcher(command([script, ...args, "more"]))(argv), false);
      assert.equal(matcher(command([`${script}2`, ...args]))(argv), false);
    });
  }

  test("knows a script whose name is found on PATH", async (t) => {
    const dir = tempDir(t);
    writeScript(dir, "my-app", "#!/bin/sh\nsleep 600; :\n");
    const path = `${dir}:/usr/bin:/bin`;
    const argv = await shownBy(t, ["my-app", "x"], { path });
    assert.deepEqual(argv, ["/bin/sh", join(dir, "my-app"), "x"]);
    assert.ok(matcher(command(["my-app", "x"]), { path })(argv));
    assert.equal(matcher(command(["my-app", "x"]), { path: "/usr/bin" })(argv), false);
  });

  test("knows a script by a path that is relative to its directory", async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, "bin"));
    writeScript(join(dir, "bin"), "app", "#!/bin/sh\nsleep 600; :\n");
    const argv = await shownBy(t, ["bin/app"], { directory: dir });
    assert.ok(matcher(command(["bin/app"]), { directory: dir })(argv), argv.join(" "));
  });

  test("knows a script through a link", async (t) => {
    const dir = tempDir(t);
    symlinkSync(writeScript(dir, "app-1.0", "#!/bin/sh\nsleep 600; :\n"), join(dir, "app"));
    const argv = await shownBy(t, [join(dir, "app")]);
    assert.ok(matcher(command([join(dir, "app")]))(argv), argv.join(" "));
  });

  test("knows a script with a line of DOS, whose interpreter ends in CR, by nothing", (t) => {
    const script = writeScript(tempDir(t), "app", "#!/bin/sh\r\nsleep 600\n");
    assert.equal(matcher(command([script]))(["tail", script]), false);
  });

  test("does not stumble over a script that is gone, empty, or a folder", (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, "empty"), "");
    for (const path of [join(dir, "gone"), join(dir, "empty"), dir]) {
      assert.equal(matcher(command([path, "x"]))(["tail", path, "x"]), false, path);
    }
  });

  test("does not take a binary for a script", () => {
    assert.equal(matcher(command(["/usr/bin/env", "x"]))(["/bin/sh", "/usr/bin/env", "x"]), false);
  });
});

/** What /proc shows of a command that runs, once it is executed through all its interpreters. */
async function shownBy(
  t: TestContext,
  argv: readonly string[],
  { path = process.env["PATH"] ?? "", directory = "/" } = {},
): Promise<readonly string[]> {
  // By the shell's exec, since Node's spawn has an idea of its own of files without `#!`.
  const made = spawn("/bin/sh", ["-c", 'exec "$@"', "sh", ...argv], {
    cwd: directory,
    env: { ...process.env, PATH: path },
    stdio: "ignore",
    detached: true,
  });
  const pid = made.pid as Pid;
  cleanUp(t, () => process.kill(-Number(pid), "SIGKILL"));
  const proc = procReader();
  let before = "";
  let same = 0;
  // A chain of interpreters (env, a pyenv shim) goes by; what stays for a while is the end of it.
  return await waitFor(
    () => {
      const now = proc.cmdline(pid);
      const text = now.join("\0");
      same = text === before && now[1] !== "-c" && !/(^|\/)env$/.test(now[0] ?? "") ? same + 1 : 0;
      before = text;
      return same > 20 && now;
    },
    `${argv.join(" ")} runs`,
  );
}

describe("pattern, with proctitle_re", () => {
  test("searches the words joined by blanks", () => {
    const matches = matcher(title("redis-server .*:6379"));
    assert.ok(matches(["redis-server *:6379"]));
    assert.ok(matches(["/usr/bin/redis-server", "x:6379"]));
    assert.equal(matches(["redis-cli", "x:6379"]), false);
  });

  test("never matches what has no command line: a zombie, a kernel thread", () => {
    assert.equal(matcher(title(".*"))([]), false);
    assert.equal(matcher(title(""))([]), false);
  });

  test("never matches the shell that we put around the program", () => {
    const line = "cd /srv && ./app --x";
    const matches = matcher(title("app --x"), { useshell: true, line });
    assert.equal(matches(["/bin/sh", "-c", line]), false);
    assert.ok(matches(["./app", "--x"]));
  });

  test("may match a shell that is the program itself", () => {
    assert.ok(matcher(title("sh -c"))(["/bin/sh", "-c", "while :; do work; done"]));
  });
});

describe("findOnPath", () => {
  test("finds the first executable file, and no folder", (t) => {
    const dir = tempDir(t);
    for (const name of ["a", "b", "c", "d"]) mkdirSync(join(dir, name));
    mkdirSync(join(dir, "a", "app"));
    writeFileSync(join(dir, "b", "app"), "not executable");
    chmodSync(join(dir, "b", "app"), 0o644);
    const right = writeScript(join(dir, "c"), "app", "#!/bin/sh\n");
    writeScript(join(dir, "d"), "app", "#!/bin/sh\n");
    const path = ["none", "a", "b", "c", "d"].map((name) => join(dir, name)).join(":");
    assert.equal(findOnPath("app", "/", path), right);
    assert.equal(findOnPath("no-app", "/", path), undefined);
  });

  test("looks in /bin and /usr/bin without PATH, and in the directory for an empty part", (t) => {
    const dir = tempDir(t);
    const script = writeScript(dir, "app", "#!/bin/sh\n");
    assert.match(findOnPath("sh", dir, undefined) ?? "", /^\/(usr\/)?bin\/sh$/);
    assert.equal(findOnPath("app", dir, undefined), undefined);
    assert.equal(findOnPath("app", dir, "/bin:"), script);
  });
});

test("what is launched is the program itself only without proctitle_re and useshell", () => {
  const program = { directory: "/", env: new Map(), useshell: false, command: "" };
  const shell = { ...program, useshell: true };
  assert.equal(pattern(command(["app"]), program, undefined).isLaunched, true);
  assert.equal(pattern(command(["app"]), shell, undefined).isLaunched, true);
  assert.equal(pattern(title("app"), program, undefined).isLaunched, false);
});

describe("differs() names the first word that is another", () => {
  const rule = command(["/srv/app.sh", "--port", "80"]);
  const made = pattern(rule, { directory: "/", useshell: false, command: "" }, "/usr/bin:/bin");
  const cases: readonly [
    argv: readonly string[],
    word: number,
    wanted: string | undefined,
    seen: string | undefined,
  ][] = [
    [["/srv/app.sh", "--port", "8080"], 3, "80", "8080"],
    [["/srv/app.sh", "--port"], 3, "80", undefined],
    [["/srv/app.sh", "--port", "80", "--debug"], 4, undefined, "--debug"],
    [["/opt/app.sh", "--port", "80"], 1, "/srv/app.sh", "/opt/app.sh"],
  ];
  for (const [argv, word, wanted, seen] of cases) {
    test(JSON.stringify(argv), () => {
      const difference = made.differs?.(argv);
      assert.deepEqual(difference && [difference.word, difference.wanted, difference.seen], [
        word,
        wanted,
        seen,
      ]);
    });
  }

  test("none where nothing is the same, or all is", () => {
    assert.equal(made.differs?.(["redis-server"]), undefined);
    assert.equal(made.differs?.(["/srv/app.sh", "--port", "80"]), undefined);
  });

  test("the interpreter of a script, where that is another", (t) => {
    const script = writeScript(tempDir(t), "app.sh", "#!/bin/sh\nsleep 1\n");
    const scripted = pattern(
      command([script]),
      { directory: "/", useshell: false, command: "" },
      "/usr/bin:/bin",
    );
    const { word, wanted, seen } = scripted.differs?.(["/bin/bash", script]) ?? {};
    assert.deepEqual([word, wanted, seen], [1, "/bin/sh", "/bin/bash"]);
  });
});
