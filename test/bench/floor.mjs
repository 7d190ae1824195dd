// What a program of nothing but spawns needs. `one TRIES`: one after the other; `all COUNT`: all at
// once. Prints the time (CLOCK_MONOTONIC, ns) before each spawn, or before the first; the services note
// their own. Ends, and ends them, when its standard input is closed.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [service, log, mode, number] = process.argv.slice(2);
const children = [];
process.stdin.on("end", () => {
  for (const child of children) child.kill("SIGKILL");
  process.exit();
});
process.stdin.resume();

if (mode === "all") {
  console.log(`all ${process.hrtime.bigint()}`);
  for (let index = 0; index < Number(number); index++) start(`bare-all-${index}`);
} else {
  for (let index = 0; index < Number(number); index++) {
    const id = `bare-one-${index}`;
    const now = process.hrtime.bigint();
    const child = start(id);
    console.log(`${id} ${now}`);
    while (!readFileSync(log, "utf8").includes(` ${id}\n`)) await sleep(5);
    child.kill("SIGKILL");
  }
  console.log("done 0");
}

function start(id) {
  const child = spawn(service, [log, id], { stdio: "ignore", detached: true });
  children.push(child);
  return child;
}
