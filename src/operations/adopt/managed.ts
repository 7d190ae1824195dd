import type { Pid, ProcessRef } from "../../../proc/pid.ts";
import type { Host } from "../../host/host.ts";
import { line } from "../../identity/lineage.ts";
import { markOf } from "../../identity/mark.ts";

/** Whose a process is already, as the end of a sentence; undefined: nobody's. */
export function findManager(ref: ProcessRef, host: Host): string | undefined {
  const { proc, neighbours } = host;
  for (const { pid, startTime, session } of line(ref.pid, proc)) {
    const one = { pid, startTime };
    const name = host.ownerOf(one) ?? host.ownerOfSession(session);
    if (name !== undefined)
      return describe(ref, pid, `program ${name}`, ` (usrsvc status ${name})`);
    const away = neighbours?.ownerOf(one) ?? neighbours?.ownerOfSession(session);
    if (away !== undefined) return describe(ref, pid, `program ${away.name} of ${away.config}`, "");
    const mark = markOf(proc, pid);
    if (mark === undefined) continue;
    const { program } = mark;
    if (mark.home !== host.home) {
      return describe(ref, pid, `program ${program} of another usrsvc of this account`, "");
    }
    if (!host.isRetired(program)) return describe(ref, pid, `program ${program}`, "");
  }
  return undefined;
}

function describe({ pid }: ProcessRef, owner: Pid, whose: string, more: string): string {
  return pid === owner
    ? `process ${pid} is already managed, as ${whose}${more}`
    : `process ${pid} already belongs to ${whose}${more}: it stems from process ${owner}`;
}
