import assert from "node:assert/strict";
import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { removeLeftFiles } from "../../src/daemon/left-files.ts";
import { tempDir } from "../support/temp-dir.ts";

const DEAD = 4_000_000;
const lives = (pid: number): boolean => pid !== DEAD;

test("removeLeftFiles() takes what the dead have left, and nothing else", (t) => {
  const dir = tempDir(t);
  const left = [
    `.web.pid.${DEAD}-k3j2.new`,
    `.usrsvcd.json.${DEAD}-.new`,
    `web.${DEAD}-1-mwy.answer`,
    `web.${DEAD}-12-mwy.answer.new`,
    `web.${DEAD}-1-mwy.request.new`,
  ];
  const kept = [
    `.web.pid.${process.pid}-k3j2.new`,
    `web.${process.pid}-1-mwy.answer`,
    `web.${DEAD}-1-mwy.request`, // it outlives who asks
    "web.json",
    ".web.new",
    `.web.pid.${DEAD}.new`,
    `web.pid.${DEAD}-k3j2.new`,
    `.web.${DEAD}-mine.new.cfg`,
  ];
  for (const file of [...left, ...kept]) writeFileSync(join(dir, file), "");
  symlinkSync("elsewhere", join(dir, `.link.${DEAD}-1.new`));
  removeLeftFiles([dir, join(dir, "none"), dir], lives);
  assert.deepEqual(readdirSync(dir).toSorted(), [...kept, `.link.${DEAD}-1.new`].toSorted());
});
