import { shortSignal, shortSignalNames, signalNamed } from "../../proc/signal.ts";
import { type CommandText, readCommandText } from "./command-text.ts";
import { didYouMean, nearest } from "./nearest.ts";
import type { Unit } from "./setting.ts";
import { type RawValue, type Reading, wrong } from "./values.ts";

/** How a program is told to read its configuration again. */
export type Reload =
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | ({ readonly kind: "command" } & CommandText);

/** A word in capitals is meant to be a signal. */
const CAPITALS = /^(SIG)?[A-Z][A-Z0-9]*$/;

/** A word that is the name of a signal is that signal; all else is a command. */
export function readReload(raw: RawValue): Reading<Reload | undefined> {
  const { text } = raw;
  if (text === "") return { value: undefined };
  const [word = "", ...more] = text.split(/[\s,]+/).filter((one) => one !== "");
  if (/^\d+$/.test(text)) return wrong(raw, "is a number; write the name of a signal, such as HUP");
  const signal = CAPITALS.test(word) || more.length === 0 ? signalNamed(word) : undefined;
  if (signal !== undefined) {
    if (more.length > 0) return wrong(raw, `is more than one signal; write ${word} alone`);
    return signal === "SIGKILL" || signal === "SIGSTOP"
      ? wrong(raw, "is a signal that no program can answer")
      : { value: { kind: "signal", signal } };
  }
  if (CAPITALS.test(text)) return wrong(raw, describeNoSignal(text));
  const command = readCommandText(raw);
  if ("problem" in command) return command;
  return { value: command.value && { kind: "command", ...command.value } };
}

/** The same, as a file has it. */
export function showReload(reload: Reload): string {
  return reload.kind === "signal" ? shortSignal(reload.signal) : reload.text;
}

function describeNoSignal(word: string): string {
  const near = nearest(word.replace(/^SIG/, ""), shortSignalNames);
  return `is no signal${didYouMean(near) || "; of a command with this name write the path"}`;
}

/** How a program is told to read its configuration again; undefined: not at all. */
export const reload: Unit<Reload | undefined> = {
  name: "",
  isPath: true,
  parse: readReload,
  print: (value) => (value === undefined ? null : showReload(value)),
};
