// Takes the lock at argv[2], says "held" or "busy", and keeps it; for test/state/lock.test.ts.
// Then each line on stdin is a wish: "child" starts a child and prints its pid, "free" lets go.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { tryLock } from "../../../src/state/lock.ts";

process.on("SIGINT", () => {}); // as usrsvc, which ends what it is at first
const lock = await tryLock(process.argv[2] ?? "");
console.log(lock === undefined ? "busy" : "held");
if (lock === undefined) process.exit(0);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "free") {
    lock[Symbol.dispose]();
    console.log("free");
  } else if (line === "child") {
    const child = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
    console.log(child.pid);
  }
}
