import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeLab } from "../support/lab.ts";
import { waitFor } from "../support/wait.ts";

const hasPython = spawnSync("which", ["python3"]).status === 0;

/** Says that it is ready at once, and has nothing of its launch in its environment by then, as redis has not. */
const SPEAKER = `
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"READY=1", sys.argv[1])
open(sys.argv[2], "w").write("said\\n")
time.sleep(60)
`;

test(
  "what is said before its launch is claimed is heard",
  { skip: hasPython ? false : "no python3" },
  async (t) => {
    let said = "";
    // A machine on which it takes long to see what was launched.
    const lab = makeLab(t, (host) => ({
      ...host,
      sight: Object.assign(Object.create(host.sight) as typeof host.sight, {
        begin: () => () => {},
        clear: async () => {
          if (host.launching.size === 0 || lab.living().length === 0) return;
          await waitFor(() => existsSync(said), "it speaks");
          await new Promise((resolve) => setTimeout(resolve, 20)); // it is read
        },
      }),
    }));
    said = join(lab.dir, "files", "said");
    const script = lab.script("speaker.py", SPEAKER);
    const command = `exec env -i TEST_LAB_OF_USRSVC=${lab.dir} python3 ${script} "$NOTIFY_SOCKET" ${said}`;
    const program = lab.shell(command, /speaker\.py/, {
      ready: { kind: "notify", text: "notify" },
      startTimeoutMs: 5000,
    });
    const outcome = await lab.start(program);
    assert.equal(outcome.kind, "started", JSON.stringify(outcome));
  },
);
