import { isSameFile } from "../../lib/same-file.ts";
import type { Host } from "../../host/host.ts";
import { recordedProcess } from "../../identity/recorded.ts";
import { readRecord, recordedName, recordFiles } from "../../state/record-file.ts";

/** Maximum number of programs that are named; of more, only the number is given. */
const MOST_NAMED = 5;

/** The programs of a configuration file that are on record as running, and are. */
export function runningPrograms(
  host: Pick<Host, "state" | "proc">,
  config: string,
): readonly string[] {
  return recordFiles(host.state).flatMap((file) => {
    const name = recordedName(host.state, file);
    if (name === undefined) return [];
    const { record } = readRecord(host.state, name, host.proc.bootId());
    if (record === undefined || recordedProcess(record, host.proc) === undefined) return [];
    return record.config === undefined || isSameFile(record.config, config) ? [name] : [];
  });
}

/** What happens to them when usrsvcd ends, in words. */
export function describeRunOn(names: readonly string[]): string {
  if (names.length === 0) return "none of its programs is running";
  const verb = names.length === 1 ? "keeps" : "keep";
  const which = names.length > MOST_NAMED ? `${names.length} programs` : names.join(", ");
  return `${which} ${verb} running`;
}
