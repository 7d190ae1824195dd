import { existsSync } from "node:fs";
import { writeNew } from "../../lib/write-file.ts";
import { sameProcess } from "../../../proc/pid.ts";
import { ExitCode, exitCodeOf } from "../../exit-code.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";
import { writePidfile } from "../../state/pidfile.ts";
import type { ProgramStatus } from "../../status/status.ts";
import type { Adoption } from "./adopt.ts";
import { check, configPath, errorsOf } from "../configuration.ts";
import { formatIssues } from "../../config/issue.ts";
import { look } from "../looking/look.ts";
import { commandWords } from "../own-command.ts";
import { reread } from "../daemon/reread.ts";
import { openSite } from "../site.ts";

/** What came of writing it. */
export interface Written {
  /** `adopted`; `written`: it is in its file, but not managed yet; `refused`: nothing was done. */
  readonly result: "adopted" | "written" | "refused";
  readonly code: ExitCode;
  readonly message: string;
  readonly details: readonly string[];
  readonly status: ProgramStatus | undefined;
}

/** `usrsvc adopt --write`: puts a section that is ready into config_dir, has usrsvcd read it, and looks. */
export async function writeSection(
  adoption: Adoption,
  config: string | undefined,
  signal: AbortSignal,
): Promise<Written> {
  const { file, program, section, process: ref } = adoption;
  const refuse = (
    message: string,
    code: ExitCode = ExitCode.failure,
    details: readonly string[] = [],
  ): Written => ({
    result: "refused",
    code,
    message: `not written: ${message}`,
    details,
    status: undefined,
  });
  if (adoption.result !== "ready") return refuse(adoption.message, adoption.code);
  const main = configPath(config);
  if (!existsSync(main)) {
    const init = commandWords("usrsvc", "init", config);
    return refuse(
      `there is no configuration; ${init} writes one, with a config_dir for this`,
      ExitCode.invalidConfig,
    );
  }
  if (file === undefined) {
    const append = commandWords("usrsvc", `adopt ${ref.pid}`, config);
    const how = `set config_dir in the [Main] of ${main} to a folder, or append the section to that file: ${append} >> ${main}`;
    return refuse(`there is no config_dir to put it into; ${how}`, ExitCode.invalidConfig);
  }
  const faults = blockingFaults(config);
  if (faults.length > 0) {
    return refuse(
      "usrsvcd would not take a configuration with errors; fix them first:",
      ExitCode.invalidConfig,
      faults,
    );
  }
  try {
    writeNew(file, section);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return refuse(`${file} already exists; choose another name with --name`);
    return refuse(`${file} cannot be written: ${message}`, exitCodeOf(error));
  }
  return await takeUp(adoption, file, program, config, signal);
}

/** A reread is all or nothing: an error anywhere would keep the new program out. */
function blockingFaults(config: string | undefined): readonly string[] {
  using site = openSite(config);
  if (daemonInCharge(site.host) === undefined) return [];
  return formatIssues(errorsOf(check(config), undefined));
}

async function takeUp(
  { process: ref, otherPids, verdict }: Adoption,
  file: string,
  program: string,
  config: string | undefined,
  signal: AbortSignal,
): Promise<Written> {
  const details: string[] = [];
  const { settings } = verdict;
  // Only this tells it from what looks the same.
  if (otherPids.length > 0 && settings?.autopid === true) writePidfile(settings.pidfile, ref.pid);
  using site = openSite(config);
  const isManaged = daemonInCharge(site.host) !== undefined;
  if (isManaged) {
    const { code, message, details: more = [] } = await reread(site.host, signal);
    details.push(`usrsvcd: ${message}`, ...(code === ExitCode.ok ? [] : more));
    if (code !== ExitCode.ok) {
      const again = commandWords("usrsvcd", "reread", config);
      return {
        result: "written",
        code,
        message: `${file} written, but usrsvcd has not taken it up; then run ${again}`,
        details,
        status: undefined,
      };
    }
  } else {
    const begin = commandWords("usrsvcd", "", config);
    details.push(
      `usrsvcd is not running: nobody starts it again when it ends; ${begin} does from now on`,
    );
  }
  const { programs } = await look(site, { names: [program], withCommands: true }).report();
  const [status] = programs;
  const isIt = status?.pid === ref.pid && sameProcess(site.host.proc.alive(ref.pid), ref);
  if (!isIt || status.state !== "running") {
    const seen =
      status === undefined
        ? "is not there"
        : `is ${status.state}${status.pid === undefined ? "" : `, pid ${status.pid}`}`;
    return {
      result: "written",
      code: ExitCode.failure,
      message: `${file} written, but ${program} ${seen}`,
      details,
      status,
    };
  }
  const message = `${file} written: process ${ref.pid} is program ${program} from now on, and was not restarted`;
  return { result: "adopted", code: ExitCode.ok, message, details, status };
}
