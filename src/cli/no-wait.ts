import type { Act, ActPorts, News } from "../operations/acting/act.ts";
import { actOnPrograms } from "../operations/acting/act-on-programs.ts";
import { ExitCode } from "../exit-code.ts";
import { within } from "../lib/clock.ts";
import { shellWord } from "../lib/format.ts";
import { startOwn } from "./own-process.ts";
import { onSignals } from "./run.ts";
import type { Screen } from "./screen.ts";

/*
 * --no-wait: a second usrsvc, with the same words and in a session of its own, does what was asked for, to the end. The first
 * shows what that reports until all has begun that can, and leaves.
 */

/** Says to a `usrsvc` that it is the second; its programs do not get it. */
const MARK = "USRSVC_BACKGROUND";

/** What the second says to the first. */
type Word =
  | { readonly kind: "news"; readonly news: News }
  | { readonly kind: "progress"; readonly program: string; readonly what: string }
  | { readonly kind: "debug"; readonly text: string }
  /** All has begun that can; these are not over. */
  | { readonly kind: "begun"; readonly names: readonly string[] };

/** Does it, as the second; or has a second do it, and shows what that says until all has begun that can. */
export async function actInBackground(
  act: Act,
  ports: ActPorts,
  screen: Screen,
): Promise<ExitCode> {
  const isMarked = process.env[MARK] !== undefined;
  delete process.env[MARK];
  const isSecond = isMarked && process.send !== undefined;
  if (!isSecond) return await watchSecond(act, ports, screen);
  const { untilTold, ...told } = portsOfSecond(ports);
  try {
    return await actOnPrograms(act, told);
  } finally {
    await within(untilTold(), READ_MS);
  }
}

/** So long the second waits, once it has done all, until the first has read what it was told, in ms: that may be suspended. */
const READ_MS = 10_000;

/** All is said to the first, as long as that is there. */
function portsOfSecond({
  guard,
}: ActPorts): ActPorts & { readonly untilTold: () => Promise<void> } {
  let isBegun = false;
  let last = Promise.resolve();
  const say = (word: Word): void => {
    if (isBegun || !process.connected) return;
    isBegun = word.kind === "begun"; // the first has told its code by then
    last = new Promise((resolve) => {
      process.send?.(word, undefined, {}, () => {
        // Called when it is written, and with an error where the first has just left.
        if (word.kind === "begun" && process.connected) process.disconnect();
        resolve();
      });
    });
  };
  return {
    guard,
    untilTold: async () => await last,
    tell: (news) => say({ kind: "news", news }),
    onProgress: (program, what) => say({ kind: "progress", program, what }),
    debug: (text) => say({ kind: "debug", text }),
    onBegun: (names) => say({ kind: "begun", names }),
  };
}

/** A signal is passed on: what the second does is broken off, as it would be here. */
async function watchSecond(
  act: Act,
  { tell, onProgress, debug }: ActPorts,
  screen: Screen,
): Promise<ExitCode> {
  const words = process.argv.slice(2);
  // One that comes while it is being started is passed on right after.
  let passedOn: NodeJS.Signals | undefined;
  const passOn = (signal: NodeJS.Signals): void => {
    passedOn = signal;
    second.kill(signal);
  };
  const off = onSignals(passOn);
  const second = startOwn(words, ["ignore", "ignore", "pipe", "ipc"], { [MARK]: "1" });
  let code: ExitCode = ExitCode.ok;
  let isSomeLeft = false;
  let isBegun = false;
  let complaints = "";
  second.stderr?.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  try {
    return await new Promise<ExitCode>((resolve) => {
      second.on("message", (word: Word) => {
        switch (word.kind) {
          case "news":
            code = codeWith(code, word.news);
            isSomeLeft ||= word.news.kind === "result" && word.news.result.result === "waiting";
            return tell(word.news);
          case "progress":
            return onProgress(word.program, word.what);
          case "debug":
            return debug(word.text);
          case "begun":
            // It had begun when the signal came: it is broken off, which it tells nobody any more.
            isBegun = true;
            if (passedOn !== undefined) return;
            screen.complain(describeSecond(act, word.names, isSomeLeft, second.pid));
            resolve(code);
        }
      });
      second.once("error", ({ message }) => {
        screen.complain(`nothing was done: no usrsvc could be started for it: ${message}`);
        resolve(ExitCode.failure);
      });
      second.once("close", (ended, signal) => {
        if (complaints !== "") screen.complain(complaints.trimEnd());
        if (signal !== null) {
          const who = `the usrsvc that did it, pid ${second.pid}, was ended by ${signal}`;
          screen.complain(`${who}; usrsvc status shows what it left`);
        } else if (isBegun && passedOn !== undefined) {
          screen.complain(`broken off, by ${passedOn}; usrsvc status shows what it left`);
        }
        resolve(signal === null ? (ended as ExitCode) : ExitCode.failure);
      });
    });
  } finally {
    off();
    second.stderr?.destroy();
    second.unref();
    if (second.connected) second.disconnect();
  }
}

/** The code of all, once this is known as well. */
function codeWith(code: ExitCode, news: News): ExitCode {
  if (news.kind === "unknown") return ExitCode.undefinedProgram;
  return code === ExitCode.ok && news.kind === "result" ? news.result.code : code;
}

/** Names that a hint has room for. */
const MOST_NAMES = 5;

function describeSecond(
  { action, config }: Act,
  names: readonly string[],
  isSomeLeft: boolean,
  pid: number | undefined,
): string {
  const shown = names.length > MOST_NAMES ? "NAME…" : names.map(shellWord).join(" ");
  const goal = action === "stop" ? " --for stopped" : "";
  const usrsvc = config === undefined ? "usrsvc" : `usrsvc -c ${shellWord(config)}`;
  const wait = `${usrsvc} wait ${shown}${goal}`;
  // The process that is still to be restarted is ready.
  const waits =
    action === "restart" && isSomeLeft
      ? `until that has ended, ${wait} takes what is not restarted yet for ready`
      : `${wait} waits for it`;
  return (
    `note: usrsvc, pid ${pid}, goes on with it in the background; ${waits}, ` +
    `${usrsvc} events ${shown} shows how it ended`
  );
}
