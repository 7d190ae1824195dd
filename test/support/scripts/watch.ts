// Watches a process of its own, in the way that its argument tells; for test/proc/system/pidfd.test.ts.
import { spawn } from "node:child_process";
import { libc } from "../../../proc/system/libc.ts";
import { pidfdWatcher } from "../pidfd-watcher.ts";
import { refOf } from "../processes.ts";

const c = libc();
if (c === undefined) throw new Error("no libc");
const watcher = pidfdWatcher(c);
const target = spawn("sleep", ["600"], { stdio: "ignore" });
target.unref();
const watch = watcher.open(refOf(target.pid));
if (watch === undefined) throw new Error("not opened");

switch (process.argv[2] ?? "exit") {
  case "wait":
    console.log(target.pid);
    await watch.exited;
    console.log("ended");
    watcher[Symbol.dispose]();
    break;
  case "watch-disposed":
    watch[Symbol.dispose]();
    target.kill("SIGKILL");
    watcher[Symbol.dispose]();
    break;
  case "dispose":
    target.kill("SIGKILL");
    watcher[Symbol.dispose]();
    break;
  default:
    target.kill("SIGKILL");
    // Once the thread is in epoll_wait, and without disposing of anything.
    setTimeout(() => process.exit(0), 50);
}
