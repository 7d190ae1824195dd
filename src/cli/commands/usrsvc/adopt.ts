import { parsePid } from "../../../../proc/pid.ts";
import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import type { AdoptAsked } from "../../../operations/adopt/adopt.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { write } from "../../programs.ts";
import { showStatus } from "../../show-status.ts";
import { untilSignalled } from "../../run.ts";
import type { Screen } from "../../screen.ts";

export const adopt = command({
  name: "adopt",
  summary: "describe a process that runs already as a program, to have it managed from now on",
  arguments: { kind: "word", what: "process id", value: "PID" },
  options: {
    name: {
      value: "NAME",
      help: "name of the program (default: one that follows from its command)",
    },
    command: {
      value: "WORDS",
      help: "what starts it, where the process has written a title over that",
    },
    write,
  },
  async run({ words: [word = ""], options, screen }): Promise<ExitCode> {
    const pid = parsePid(word);
    if (pid === undefined)
      throw new UsageError(`"${word}" is no process id; usrsvc adopt takes one, as ps shows it`);
    const { name, json, config, write } = options;
    if (name !== undefined) checkName(name);
    return await untilSignalled((signal) =>
      act(
        { pid, name, command: options.command, config },
        { json, isWritten: write, screen, signal },
      ),
    );
  },
});

interface How {
  readonly json: boolean;
  readonly isWritten: boolean;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

async function act(asked: AdoptAsked, { json, isWritten, screen, signal }: How): Promise<ExitCode> {
  // Loaded here: nobody else needs it.
  const { describeAdoption } = await import("../../../operations/adopt/adopt.ts");
  const found = describeAdoption(asked);
  const action = "adopt";
  if (!("section" in found)) {
    const { result, code, message } = found;
    if (json) screen.page(jsonLine({ action, result, exitCode: code, message, pid: asked.pid }));
    else screen.complain(message);
    return code;
  }
  const { section, remarks, program, otherPids, file } = found;
  const facts = {
    program,
    pid: asked.pid,
    section,
    remarks,
    otherPids,
    ...(file !== undefined && { file }),
  };
  if (!json) for (const remark of remarks) screen.complain(`note: ${remark}`);
  if (!isWritten) {
    const { result, code, message } = found;
    // The section has to be whole to be of use: nothing in it is masked.
    if (json) screen.page(jsonLine({ action, result, exitCode: code, message, ...facts }, true));
    else {
      screen.page(section.trimEnd());
      if (code !== ExitCode.ok) screen.complain(message);
    }
    return code;
  }
  const { writeSection } = await import("../../../operations/adopt/write-section.ts");
  const { result, code, message, details, status } = await writeSection(
    found,
    asked.config,
    signal,
  );
  if (json) {
    screen.page(
      jsonLine(
        { action, result, exitCode: code, message, ...facts, details, ...(status && { status }) },
        true,
      ),
    );
    return code;
  }
  const text = [message, ...details].join("\n");
  if (code === ExitCode.ok) screen.result(text);
  else screen.complain(text);
  if (status !== undefined) showStatus([status], [], screen);
  return code;
}

function checkName(name: string): void {
  if (/^[^\s\]["'#](?:[^\]["'#\n]*[^\s\]["'#])?$/.test(name) && name !== "all") return;
  const why = name === "all" ? "means all programs" : "cannot be the name of a section";
  throw new UsageError(`--name: "${name}" ${why}; use letters, digits, dots and dashes`);
}
