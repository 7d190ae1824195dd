import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Home, lines, sleeper, waitFor } from "./home.ts";
import { told } from "./looks.ts";

/** Node boots for so long, and has the signal in its own hands meanwhile, in ms. */
const BOOT_MS = 150;
const STEP_MS = 10;

test("what a program writes reaches neither terminal nor log as a terminal would obey it", async (t) => {
  const home = new Home(t);
  const command = home.script(
    "wild.sh",
    "#!/bin/sh\nprintf 'error \\033[2J \\177 \\302\\233 \\342\\200\\256 \\342\\200\\213 gr\\303\\274n\\n'\nexit 3\n",
  );
  home.program("wild", { command, autorestart: "no" });
  await home.usrsvcd();
  await waitFor("its failure", () => told(home, "program.start-failed").length > 0);
  const wild = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
  const mayStay = /[\n\t]/g;
  const status = await home.usrsvc("status");
  assert.ok(status.out.includes("\\u202e \\u200b grün"), status.out);
  const json = await home.usrsvc("status", "--json");
  const reason = String(lines(json.out)[0]?.["reason"]);
  assert.ok(reason.includes("\u202e \u200b grün"), json.out);
  const log = home.read("state/usrsvcd.log");
  assert.match(log, /\\u202e/);
  for (const text of [status.out, status.err, json.out, log]) {
    assert.doesNotMatch(text.replaceAll(mayStay, ""), wild);
  }
});

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
