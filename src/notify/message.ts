/** What a program says of itself (sd_notify(3)), as far as it is understood here. */
export interface Notice {
  /** It is ready, or has read its configuration again. */
  readonly isReady: boolean;
  /** One line for people; empty takes back what was said before. */
  readonly status: string | undefined;
  /** It lives; `trigger`: it asks to be restarted. */
  readonly watchdog: "alive" | "trigger" | undefined;
  /** Its start takes so much longer from now on, in ms. */
  readonly extendMs: number | undefined;
  readonly phase: "reloading" | "stopping" | undefined;
}

/** Longest status that is kept, in characters. */
const LONGEST_STATUS = 300;

/** Reads the lines of a message; what is not understood is passed over, as sd_notify(3) asks for. */
export function parseNotice(text: string): Notice {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1));
  }
  const isSet = (key: string): boolean => fields.get(key) === "1";
  const watchdog = fields.get("WATCHDOG");
  const extension = fields.get("EXTEND_TIMEOUT_USEC") ?? "";
  return {
    isReady: isSet("READY"),
    status: fields.get("STATUS")?.slice(0, LONGEST_STATUS),
    watchdog: watchdog === "1" ? "alive" : watchdog === "trigger" ? "trigger" : undefined,
    extendMs: /^\d{1,16}$/.test(extension) ? Number(extension) / 1000 : undefined,
    phase: isSet("RELOADING") ? "reloading" : isSet("STOPPING") ? "stopping" : undefined,
  };
}
