import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { libc } from "../proc/libc.ts";
import { isPrivateGroup } from "../src/accounts.ts";
import { TrustedPaths } from "../src/trusted-path.ts";
import { tempDir } from "./support/temp-dir.ts";

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

const SET_ACL = `
import os, struct, sys
none = 0xffffffff
acl = [(1, 7, none), (2, 7, 65534), (4, 5, none), (16, 7, none), (32, 5, none)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in acl)
os.setxattr(sys.argv[1], "system.posix_acl_access", value)
`;

test("a folder whose ACL lets others in is not trusted for its private group", (t) => {
  const me = process.getuid?.() ?? 0;
  const folder = join(tempDir(t), "folder");
  mkdirSync(folder);
  chmodSync(folder, 0o775);
  if (libc() === undefined) return t.skip("without koffi nobody knows");
  new TrustedPaths(me).folder(folder);
  try {
    execFileSync("python3", ["-c", SET_ACL, folder], { stdio: "ignore" });
  } catch {
    return t.skip("no python3, or no ACLs here");
  }
  assert.throws(
    () => new TrustedPaths(me).folder(folder),
    /folder can be changed by whom its ACL names \(see getfacl\)/,
  );
  chmodSync(folder, 0o755); // takes the mask away
  new TrustedPaths(me).folder(folder);
});
