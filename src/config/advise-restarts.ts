import type { Remark } from "./advice.ts";
import type { Unsure } from "./resolve/table.ts";
import type { ProgramSettings } from "./settings.ts";

/** What is set of when a program is started again, and has no effect, or one that is unlikely to be intended. */
export function adviseRestarts({
  autorestart,
  successExit,
}: Unsure<ProgramSettings>): readonly Remark[] {
  const remarks: Remark[] = [];
  const tell = (key: string, text: string): void => void remarks.push({ key, text });
  const isSet = successExit !== undefined && !(successExit.length === 1 && successExit[0] === 0);
  if (isSet && typeof autorestart === "boolean") {
    tell("success_exit", "has no effect without autorestart = on-failure");
  } else if (isSet && !successExit.includes(0)) {
    const all = ["0", ...successExit].join(", ");
    tell(
      "success_exit",
      `0 is not in it, so exit code 0 is a failure; if it is none, write ${all}`,
    );
  }
  return remarks;
}
