// Watches the end of a child on a machine without koffi; for test/proc/system/libc.test.ts.
import { spawn } from "node:child_process";
import { libc, libcFailure } from "../../../proc/system/libc.ts";
import { procReader } from "../../../proc/reader.ts";
import { makeTools } from "../../../src/host/linux-host.ts";
import { refOf } from "../processes.ts";

const loaded = libc() !== undefined;
using watcher = makeTools(procReader(), 10).watcher;
const target = spawn("sleep", ["600"], { stdio: "ignore" });
using watch = watcher.open(refOf(target.pid));
watch?.signal("SIGTERM");
await watch?.exited;
console.log(
  JSON.stringify({
    libc: loaded,
    failure: libcFailure(),
    kind: watcher.kind,
    ended: watch !== undefined,
  }),
);
