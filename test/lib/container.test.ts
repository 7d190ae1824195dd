import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type ContainerRole, containerRole } from "../../src/lib/container.ts";

describe("containerRole", () => {
  const first = [7, 20, 21];
  const rows: readonly [
    pid: number,
    ppid: number,
    init: string,
    children: readonly number[],
    want: ContainerRole | undefined,
  ][] = [
    [1, 0, "node", [], "init"],
    [7, 1, "tini", first, "command"],
    [7, 1, "docker-init", first, "command"],
    [7, 1, "catatonit", [7], "command"],
    [20, 1, "tini", first, undefined],
    [7, 1, "systemd", first, undefined],
    [7, 1, "init", first, undefined],
    [7, 1, "sh", first, undefined],
    [7, 1, "tini", [], undefined],
    [7, 6, "tini", first, undefined],
    [7, 0, "tini", first, undefined],
  ];
  for (const [pid, ppid, name, children, want] of rows) {
    test(`is ${want} for process ${pid} below ${ppid}, where ${name} has [${children.join(" ")}]`, () => {
      assert.equal(
        containerRole({ pid, ppid }, () => ({ name, children })),
        want,
      );
    });
  }

  test("is undefined where process 1 is hidden", () => {
    assert.equal(
      containerRole({ pid: 7, ppid: 1 }, () => undefined),
      undefined,
    );
  });

  test("knows the names that the command knows", () => {
    const build = readFileSync(join(import.meta.dirname, "../../build.mjs"), "utf8");
    const names = [...build.matchAll(/\$\$:([a-z-]+)/g)].map(([, name = ""]) => name);
    assert.ok(names.length > 4);
    for (const name of names) {
      const init = { name, children: [7] };
      assert.equal(
        containerRole({ pid: 7, ppid: 1 }, () => init),
        "command",
      );
    }
  });
});
