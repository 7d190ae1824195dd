import assert from "node:assert/strict";
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { procReader } from "../../proc/reader.ts";
import { WaitingMoves } from "../../src/daemon/waiting-moves.ts";
import { linuxHost } from "../../src/host/linux-host.ts";
import { applyMoves } from "../../src/lifecycle/move-records.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { foreignState, makeStateDir, stateDir } from "../../src/state/state-dir.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";

test("what was renamed waits, and nothing is written, while others can change the records", async (t) => {
  const dir = tempDir(t);
  const state = stateDir(join(dir, "state"));
  makeStateDir(state);
  const scope = { config: join(dir, "usrsvc.cfg"), isConfigured: (): boolean => true };
  using host = linuxHost(state, "usrsvcd", scope);
  const record = emptyRecord("old", procReader().bootId());
  const moves = [{ from: "old", to: "new", record }];
  chmodSync(state.programs, 0o777);
  foreignState(state); // the slow look
  let isFree = false;
  let looks = 0;
  const { locks } = state;
  Object.defineProperty(state, "locks", {
    get: () => {
      looks += 1;
      return locks;
    },
  });
  using waiting = new WaitingMoves(host, () => (isFree = true));
  waiting.wait(moves);
  await waitFor(() => looks > 1, "two looks");
  assert.ok(!isFree);
  await assert.rejects(applyMoves(moves, host), { name: "StateDirError" });
  assert.deepEqual(readdirSync(locks), []);
  chmodSync(state.programs, 0o700);
  await waitFor(() => isFree, "the programs to be free");
});
