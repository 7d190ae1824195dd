import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostTarget } from "../../../src/config/hosts.ts";
import { ExitCode } from "../../../src/exit-code.ts";
import { askHosts } from "../../../src/operations/hosts/ask-hosts.ts";

const targets: readonly HostTarget[] = Array.from({ length: 30 }, (_, index) => ({
  name: `h${index}`,
  destination: { host: `h${index}`, user: undefined, port: undefined },
  command: undefined,
}));
const signal = new AbortController().signal;

describe("askHosts()", () => {
  test("asks twenty at once, and then the others", async () => {
    let most = 0;
    const open: (() => void)[] = [];
    const round = askHosts(targets, {
      isRolling: false,
      signal,
      ask: async () => {
        await new Promise<void>((resolve) => {
          open.push(resolve);
          most = Math.max(most, open.length);
        });
        return ExitCode.ok;
      },
    });
    for (let ended = 0; ended < targets.length;) {
      await new Promise((resolve) => setImmediate(resolve));
      const close = open.shift();
      if (close === undefined) continue;
      close();
      ended += 1;
    }
    assert.deepEqual(await round, { code: ExitCode.ok, left: [] });
    assert.equal(most, 20);
  });

  test("asks all at once where none comes to an end", async () => {
    let asked = 0;
    let end = (): void => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    await askHosts(targets, {
      isRolling: false,
      isEndless: true,
      signal,
      ask: async () => {
        asked += 1;
        if (asked === targets.length) end();
        await over;
        return ExitCode.ok;
      },
    });
    assert.equal(asked, targets.length);
  });

  test("has the code of the first host in their order, not of the first that has ended", async () => {
    const ask = async ({ name }: HostTarget): Promise<ExitCode> => {
      if (name === "h3") return ExitCode.disabled;
      await new Promise((resolve) => setImmediate(resolve));
      return name === "h2" ? ExitCode.tryAgain : ExitCode.ok;
    };
    const { code } = await askHosts(targets, { isRolling: false, signal, ask });
    assert.equal(code, ExitCode.tryAgain);
  });

  test("goes no further than to the first that fails, where one is to come after the other", async () => {
    const asked: string[] = [];
    const ask = async ({ name }: HostTarget): Promise<ExitCode> => {
      asked.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      return name === "h2" ? ExitCode.failedToLaunch : ExitCode.ok;
    };
    const { code, left } = await askHosts(targets.slice(0, 5), { isRolling: true, signal, ask });
    assert.deepEqual(asked, ["h0", "h1", "h2"]);
    assert.deepEqual(
      left.map(({ name }) => name),
      ["h3", "h4"],
    );
    assert.equal(code, ExitCode.failedToLaunch);
  });

  test("begins with none after it was interrupted", async () => {
    const controller = new AbortController();
    const asked: string[] = [];
    const ask = async ({ name }: HostTarget): Promise<ExitCode> => {
      asked.push(name);
      controller.abort();
      return await Promise.resolve(ExitCode.failure);
    };
    const two = targets.slice(0, 2);
    const { left } = await askHosts(two, { isRolling: true, signal: controller.signal, ask });
    assert.deepEqual(asked, ["h0"]);
    assert.deepEqual(left, [targets[1]]);
  });
});
