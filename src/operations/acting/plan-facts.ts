import { findProgram, lookFor } from "../../identity/program.ts";
import type { Settings } from "../../config/settings.ts";
import type { Host } from "../../host/host.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { readRecord } from "../../state/record-file.ts";
import { SHARED_LOOK_MS } from "../operation.ts";
import { isToCome } from "../order.ts";
import type { PlanFacts } from "../order-plan.ts";

/** What a plan has to know of the programs, as it is when it is asked for. */
export function factsOf(settings: Settings, host: Host): PlanFacts {
  const recordOf = (name: string): ProgramRecord | undefined =>
    readRecord(host.state, name, host.proc.bootId()).record;
  return {
    isUp(name) {
      const program = findProgram(settings, name, host);
      const record = recordOf(name);
      if (program === undefined) return false;
      if (program.settings?.type === "job" && record?.state === "done") return true;
      if (lookFor(program, record, host, { maxAgeMs: SHARED_LOOK_MS }).kind === "running")
        return true;
      return isToCome(record, host);
    },
    stoppedFor(name) {
      const record = recordOf(name);
      return record?.desired === "down" ? record.stoppedFor : undefined;
    },
  };
}
