import type { Alert } from "../../src/alerts/alert.ts";

/** An alert with all that one may have. */
export function anAlert(overrides: Partial<Alert> = {}): Alert {
  return {
    kind: "restarted",
    program: "web",
    at: "2026-01-02T03:04:05.678Z",
    reason: "exited with code 3",
    exit: { code: 3 },
    pid: 4711,
    next: "usrsvcd watches it",
    output: ["first line", "last line"],
    ...overrides,
  };
}
