import type { LifecyclePorts } from "./ports.ts";
import { recordedProcess } from "../identity/recorded.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecord, recordedName, recordFiles } from "../state/record-file.ts";
import { leftOfLast } from "./stragglers.ts";
import { fileStem } from "../state/state-dir.ts";
import { removedProgram, type Program } from "../identity/program.ts";

/**
 * Programs that still run although no configuration file has them any more: their section was removed, or
 * their file is refused. They can still be seen, and stopped.
 *
 * @param configured names of all that the configuration has
 */
export function removedPrograms(
  configured: readonly string[],
  host: LifecyclePorts,
): readonly Program[] {
  const known = new Set(configured.map((name) => `${fileStem(name)}.json`));
  return recordFiles(host.state)
    .filter((file) => !known.has(file))
    .flatMap((file) => {
      const name = recordedName(host.state, file);
      const record =
        name === undefined ? undefined : readRecord(host.state, name, host.proc.bootId()).record;
      return record !== undefined && runsOn(record, host) ? [removedProgram(record)] : [];
    });
}

/** Another file's program is not ours, and what got another name is that one's by now. */
function runsOn(record: ProgramRecord, host: LifecyclePorts): boolean {
  if (!host.isRetired(record.name)) return false;
  const process = recordedProcess(record, host.proc);
  if (process === undefined) return leftOfLast(record, host).length > 0; // its workers, for example
  return host.ownerOf(process) === undefined;
}
