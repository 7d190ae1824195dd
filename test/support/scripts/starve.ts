// Starts a program with few descriptors left, with more each time; for test/lifecycle/start.test.ts.
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { linuxHost } from "../../../src/host/linux-host.ts";
import { recordStore } from "../../../src/identity/foreign.ts";
import { pattern } from "../../../src/identity/match.ts";
import { emptyRecord } from "../../../src/state/record.ts";
import { start } from "../../../src/lifecycle/start.ts";
import { makeStateDir, stateDir } from "../../../src/state/state-dir.ts";
import { everythingOf, LAB_MARK } from "../lab.ts";
import { programSettings } from "../settings.ts";

const dir = process.argv[2] ?? "";
const state = stateDir(join(dir, "starved"));
makeStateDir(state);
const host = linuxHost(state, "usrsvc", everythingOf(dir));
const program = programSettings(dir, ["/bin/sleep", `2.${process.pid}`], {
  successMs: 50,
  env: new Map([[LAB_MARK, dir]]),
});

/** All that there are but so many. */
function occupy(leave: number): readonly number[] {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {
    for (const fd of taken.splice(0, leave)) closeSync(fd);
  }
  return taken;
}

async function attempt(): Promise<string> {
  try {
    const outcome = await start(program, {
      host,
      lock: { writeNote: () => {} },
      pattern: pattern(program.match, program, process.env["PATH"]),
      record: emptyRecord(program.name, host.proc.bootId()),
      store: recordStore(program.name, host),
      signal: new AbortController().signal,
    });
    return outcome.kind === "failed" ? `failed: ${outcome.reason}` : outcome.kind;
  } catch (error) {
    return `threw: ${String(error)}`;
  }
}

host.watcher(); // what is loaded and opened once
await attempt();
const lines: string[] = [];
for (let free = 0; free < 12; free += 1) {
  const taken = occupy(free);
  const came = await attempt();
  for (const fd of taken) closeSync(fd);
  lines.push(`${free} free: ${came}`);
}
console.log(lines.join("\n"));
host[Symbol.dispose]();
