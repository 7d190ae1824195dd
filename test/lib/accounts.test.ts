import assert from "node:assert/strict";
import fs, { writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isPrivateGroup } from "../../src/lib/accounts.ts";
import { cleanUp } from "../support/clean-up.ts";
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
      [
        "our own, with a member in a second line",
        ME,
        PASSWD,
        `${GROUP}web:x:${ME}:deploy\n`,
        false,
      ],
      [
        "our own, a second line of it written 0…",
        ME,
        PASSWD,
        `${GROUP}web:x:0${ME}:deploy\n`,
        false,
      ],
      ["our own, a second line of it indented", ME, PASSWD, `${GROUP}web:x: ${ME}:deploy\n`, false],
      ["our own, in two lines without a member", ME, PASSWD, `${GROUP}web:x:0${ME}:root\n`, true],
      ["our own, another's too, written 0…", ME, `deploy:x:2000:0${ME}::/:/bin/sh\n`, GROUP, false],
      ["staff", 50, PASSWD, "staff:x:50:\n", true],
      ["staff, with a member by another name", 50, PASSWD, "staff:x:50:\nweb:x:50:deploy\n", false],
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

for (const file of ["passwd", "group"]) {
  test(`isPrivateGroup() is false while ${file} cannot be read, and asks again`, (t) => {
    const etc = tempDir(t);
    writeFileSync(join(etc, "passwd"), PASSWD);
    writeFileSync(join(etc, "group"), GROUP);
    const read = fs.readFileSync;
    const mocked = t.mock.method(fs, "readFileSync", (path: string) => {
      if (path === join(etc, file)) throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });
      return read(path, "utf8");
    });
    cleanUp(t, syncBuiltinESMExports);
    syncBuiltinESMExports();
    assert.ok(!isPrivateGroup(ME, ME, etc));
    mocked.mock.restore();
    syncBuiltinESMExports();
    assert.ok(isPrivateGroup(ME, ME, etc));
  });
}
