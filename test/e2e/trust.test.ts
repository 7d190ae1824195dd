import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Home, sleeper } from "./home.ts";

/** Node boots for so long, and has the signal in its own hands meanwhile, in ms. */
const BOOT_MS = 150;
const STEP_MS = 10;

describe("SIGUSR1 opens no debugger's port", () => {
  const commands: readonly [command: string, ...words: string[]][] = [
    ["usrsvc.cjs", "status"],
    ["usrsvcd.cjs", "status"],
    ["usrsvcd.cjs", "start", "--foreground"],
  ];
  for (const [command, ...words] of commands) {
    test(`of ${command} ${words.join(" ")}, whenever it comes`, async (t) => {
      const home = new Home(t).program("app", { command: sleeper(), autostart: "no" });
      const attempt = async (afterMs: number): Promise<string> => {
        const child = home.spawn(command, words);
        let said = "";
        child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
        const closed = new Promise((resolve) => child.once("close", resolve));
        await pause(afterMs); // at any moment of its life
        child.kill("SIGUSR1");
        if (words.includes("start")) {
          await pause(BOOT_MS - afterMs);
          child.kill("SIGTERM");
        }
        await closed;
        return said;
      };
      for (let afterMs = 0; afterMs < BOOT_MS; afterMs += STEP_MS) {
        assert.doesNotMatch(await attempt(afterMs), /Debugger listening/, `after ${afterMs} ms`);
      }
    });
  }
});
