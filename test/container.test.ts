import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type ContainerRole, containerRole } from "../src/container.ts";

describe("containerRole", () => {
  const rows: readonly [
    pid: number,
    ppid: number,
    init: string,
    want: ContainerRole | undefined,
  ][] = [
    [1, 0, "node", "init"],
    [7, 1, "tini", "command"],
    [7, 1, "docker-init", "command"],
    [7, 1, "catatonit", "command"],
    [7, 1, "systemd", undefined],
    [7, 1, "init", undefined],
    [7, 1, "sh", undefined],
    [7, 1, "", undefined],
    [7, 6, "tini", undefined],
    [7, 0, "tini", undefined],
  ];
  for (const [pid, ppid, init, want] of rows) {
    test(`is ${want} for process ${pid} below ${ppid}, where process 1 is ${init || "hidden"}`, () => {
      assert.equal(
        containerRole({ pid, ppid }, () => init),
        want,
      );
    });
  }

  test("knows the names that the command knows", () => {
    const build = readFileSync(join(import.meta.dirname, "../build.mjs"), "utf8");
    const names = /case \$init in (\S+)\) background=/.exec(build)?.[1]?.split("|") ?? [];
    assert.ok(names.length > 4);
    for (const name of names)
      assert.equal(
        containerRole({ pid: 7, ppid: 1 }, () => name),
        "command",
      );
  });
});
