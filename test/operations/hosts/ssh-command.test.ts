import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  portableWord,
  remoteLine,
  sshArguments,
} from "../../../src/operations/hosts/ssh-command.ts";
import { tempDir } from "../../support/temp-dir.ts";

const odd = [
  "web",
  "web:1",
  "--since=2030-01-31T04:30:00.000Z",
  "",
  "a b",
  "it's",
  String.raw`back\slash`,
  String.raw`end\'`,
  "bang!x",
  "$HOME",
  "`id`",
  "$(id)",
  "*",
  "web:*",
  "a;b|c&d>e<f",
  '"quoted"',
  "~root",
  "=ls",
  "%self",
  "{a,b}",
  "#x",
  "größe",
  "^x",
  "[a]",
];

describe("a command line for another host", () => {
  test("leaves plain words as they are", () => {
    assert.equal(portableWord("web:1"), "web:1");
    assert.equal(portableWord("it's"), String.raw`'it'\''s'`);
  });

  for (const [shell, flags] of [
    ["sh", []],
    ["bash", ["--norc"]],
    ["dash", []],
    ["zsh", ["-f"]],
    ["fish", ["--no-config"]],
    ["tcsh", ["-f"]],
    ["csh", ["-f"]],
  ] as const) {
    const skip =
      spawnSync(shell, ["-c", "true"]).status === 0 ? false : `${shell} is not installed`;
    test(`means the same to ${shell}`, { skip }, (t) => {
      const dir = tempDir(t);
      const usrsvc = join(dir, "usrsvc");
      writeFileSync(usrsvc, `#!/bin/sh\nprintf '<%s>\\n' "$@"\nexit 7\n`);
      chmodSync(usrsvc, 0o755);
      const line = remoteLine("usrsvc", { words: odd, mark: "mark-1", isEndless: false });
      const env = { PATH: `${dir}:/usr/bin:/bin`, HOME: dir, LC_ALL: "C.UTF-8" };
      const { stdout, stderr, status } = spawnSync(shell, [...flags, "-c", line], {
        env,
        encoding: "utf8",
      });
      assert.equal(stderr, "mark-1\n");
      assert.equal(stdout, ["mark-1", ...odd.map((word) => `<${word}>`), ""].join("\n"));
      assert.equal(status, 7);
    });
  }

  test("runs what is asked for by sh, with the words after it", (t) => {
    const dir = tempDir(t);
    const command = String.raw`A="it's $HOME" sh -c 'printf "%s|" "$A" "$@"' x -c "a b"`;
    const line = remoteLine(command, { words: ["status", "web"], mark: "m", isEndless: false });
    const { stdout } = spawnSync("sh", ["-c", line], {
      env: { ...process.env, HOME: dir },
      encoding: "utf8",
    });
    assert.equal(stdout, `m\nit's ${dir}|-c|a b|status|web|`);
  });

  test("finds usrsvc where npm puts it, but after what is on PATH", (t) => {
    const dir = tempDir(t);
    const line = remoteLine("echo $PATH", { words: [], mark: "m", isEndless: false });
    const env = { PATH: "/usr/bin:/bin", HOME: dir };
    const { stdout } = spawnSync("sh", ["-c", line], { env, encoding: "utf8" });
    assert.equal(stdout, `m\n/usr/bin:/bin:${dir}/.local/bin:${dir}/bin:/usr/local/bin\n`);
  });

  test("ends what is endless when its input ends", async (t) => {
    const dir = tempDir(t);
    const command = `sh -c 'trap "echo asked; exit 3" TERM; echo ready; while :; do sleep 0.05; done'`;
    const line = remoteLine(command, { words: [], mark: "m", isEndless: true });
    const child = spawn("sh", ["-c", line], {
      env: { ...process.env, HOME: dir },
      stdio: ["pipe", "pipe", "ignore"],
    });
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes("ready")) child.stdin.end();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(seen, "m\nready\nasked\n");
    assert.equal(code, 3);
  });

  test("has the exit code of what has ended by itself, while its input goes on", async (t) => {
    const dir = tempDir(t);
    const line = remoteLine("sh -c 'exit 5'", { words: [], mark: "m", isEndless: true });
    const child = spawn("sh", ["-c", line], {
      env: { ...process.env, HOME: dir },
      stdio: ["pipe", "ignore", "ignore"],
    });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    child.stdin.destroy();
    assert.equal(code, 5);
  });
});

test("sshArguments() leaves the user's settings alone, asks nothing, and ends its options", () => {
  const target = {
    name: "web1",
    destination: { host: "web1.example", user: "web", port: 2222 },
    command: undefined,
  };
  const call = { words: ["status"], mark: "m", isEndless: false };
  const words = sshArguments(target, 2500, call);
  assert.deepEqual(words.slice(-5, -1), ["-p", "2222", "--", "web@web1.example"]);
  assert.ok(words.includes("BatchMode=yes"));
  assert.ok(words.includes("ConnectTimeout=4"));
  assert.equal(words.at(-1), remoteLine("usrsvc", call));
});
