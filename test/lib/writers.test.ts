import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { libc } from "../../proc/system/libc.ts";
import { isPrivateFolder } from "../../src/lib/open-log.ts";
import { TrustedPaths } from "../../src/lib/trusted-path.ts";
import { otherWriters } from "../../src/lib/writers.ts";
import { tempDir } from "../support/temp-dir.ts";

const ME = 1_234_567;

describe("otherWriters()", () => {
  const rows: readonly [mode: number, gid: number, want: string | undefined][] = [
    [0o755, 77, undefined],
    [0o775, ME, undefined],
    [0o664, ME, undefined],
    [0o775, 0, undefined],
    [0o775, 77, "its group"],
    [0o2770, 77, "its group"],
    [0o777, ME, "everybody"],
    [0o1777, 0, "everybody"],
  ];
  for (const [mode, gid, want] of rows) {
    test(`mode ${mode.toString(8)}, group ${gid}: ${want}`, (t) => {
      assert.equal(otherWriters(tempDir(t), { mode, gid }, ME), want);
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
  assert.ok(isPrivateFolder(folder));
  try {
    execFileSync("python3", ["-c", SET_ACL, folder], { stdio: "ignore" });
  } catch {
    return t.skip("no python3, or no ACLs here");
  }
  assert.throws(
    () => new TrustedPaths(me).folder(folder),
    /folder can be changed by accounts that its ACL names \(see getfacl\)/,
  );
  assert.match(otherWriters(folder, statSync(folder), me) ?? "", /ACL/);
  assert.ok(!isPrivateFolder(folder));
  chmodSync(folder, 0o755); // takes the mask away
  new TrustedPaths(me).folder(folder);
});
