import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseThreadGroup, parseUids } from "../../proc/status.ts";

/** The beginning of a real one: a copy of sleep, setuid to 1001, started by 1000. */
const text = `Name:	sleep
Umask:	0022
State:	S (sleeping)
Tgid:	4711
Ngid:	0
Pid:	4712
PPid:	1
TracerPid:	0
Uid:	1000	1001	1001	1001
Gid:	1000	1000	1000	1000
`;

describe("/proc/<pid>/status", () => {
  test("parseThreadGroup() yields the process of a thread", () => {
    assert.equal(parseThreadGroup(text), 4711);
    assert.throws(() => parseThreadGroup("Name: x\n"), /no Tgid/);
  });

  test("parseUids() yields real, effective, saved and file system user id", () => {
    assert.deepEqual(parseUids(text), [1000, 1001, 1001, 1001]);
    assert.throws(() => parseUids("Name: Uid\n"), /no Uid/);
  });
});
