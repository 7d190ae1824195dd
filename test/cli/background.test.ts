import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startDetached } from "../../src/cli/background.ts";
import { ExitCode } from "../../src/exit-code.ts";
import { cleanUp } from "../support/clean-up.ts";
import { waitFor } from "../support/wait.ts";

test("startDetached() waits for an answer no longer than it is to, and ends nobody", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "usrsvc-background-"));
  cleanUp(t, () => rmSync(dir, { recursive: true, force: true }));
  const script = join(dir, "hangs.cjs");
  const pidfile = join(dir, "pid");
  writeFileSync(
    script,
    `require("fs").writeFileSync(${JSON.stringify(pidfile)}, String(process.pid)); setTimeout(() => {}, 20_000);`,
  );
  const said = t.mock.method(process.stderr, "write", () => true);
  const code = await startDetached(script, ["start"], false, 1000);
  const [text] = said.mock.calls.map(({ arguments: [words] }) => String(words));
  said.mock.restore();
  const pid = await waitFor(
    () => existsSync(pidfile) && Number(readFileSync(pidfile, "utf8")),
    "the child",
  );
  cleanUp(t, () => process.kill(pid, "SIGKILL"));
  assert.equal(code, ExitCode.failure);
  assert.match(text ?? "", new RegExp(`^usrsvcd: no answer within 1 s; process ${pid} is left`));
  process.kill(pid, 0);
});
