import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isPrivateGroup } from "../../src/lib/accounts.ts";
import { tempDir } from "../support/temp-dir.ts";

const ME = 1_234_567;
const PASSWD = `root:x:0:0::/root:/bin/sh\nsync:x:5:0::/sbin:/bin/sync\nme:x:${ME}:${ME}::/:/bin/sh\n`;
const GROUP = `root:x:0:\nme:x:${ME}:root\n`;

describe("isPrivateGroup", () => {
  const rows: readonly [what: string, gid: number, passwd: string, group: string, want: boolean][] =
    [
      ["our own", ME, PASSWD, GROUP, true],
      ["our own, with a member", ME, PASSWD, `me:x:${ME}:root,deploy\n`, false],
      ["our own, another's too", ME, `${PASSWD}deploy:x:2000:${ME}::/:/bin/sh\n`, GROUP, false],
      ["our own, that nobody names", ME, "", "", true],
      ["another's", 77, PASSWD, "deploy:x:77:\n", false],
      ["root's", 0, PASSWD, GROUP, true],
      ["root's, with a member", 0, PASSWD, "root:x:0:deploy\n", false],
      ["root's, another's too", 0, `${PASSWD}deploy:x:2000:0::/:/bin/sh\n`, GROUP, false],
    ];
  for (const [what, gid, passwd, group, want] of rows) {
    test(`${what}: ${want}`, (t) => {
      const etc = tempDir(t);
      writeFileSync(join(etc, "passwd"), passwd);
      writeFileSync(join(etc, "group"), group);
      assert.equal(isPrivateGroup(gid, ME, etc), want);
    });
  }
});

test("isPrivateGroup() sees who was put into a group meanwhile", (t) => {
  const etc = tempDir(t);
  writeFileSync(join(etc, "passwd"), PASSWD);
  writeFileSync(join(etc, "group"), GROUP);
  assert.ok(isPrivateGroup(ME, ME, etc));
  writeFileSync(join(etc, "group"), `me:x:${ME}:root,deploy\n`);
  assert.ok(!isPrivateGroup(ME, ME, etc));
});

test("isPrivateGroup() sees who was put into a group meanwhile", (t) => {
  const etc = tempDir(t);
  writeFileSync(join(etc, "passwd"), PASSWD);
  writeFileSync(join(etc, "group"), GROUP);
  assert.ok(isPrivateGroup(ME, ME, etc));
  writeFileSync(join(etc, "group"), `me:x:${ME}:root,deploy\n`);
  assert.ok(!isPrivateGroup(ME, ME, etc));
});
