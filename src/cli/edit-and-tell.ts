import { ExitCode } from "../exit-code.ts";
import { jsonLine } from "../lib/tame.ts";
import { daemonInCharge } from "../state/daemon-alive.ts";
import { type Checked, check } from "../operations/configuration.ts";
import { type Editor, editorWords, findEditor, runEditor } from "../operations/edit/editor.ts";
import { locate, type Location } from "../operations/edit/locate.ts";
import { type Changes, review } from "../operations/edit/review.ts";
import { CannotEdit, WorkingCopy } from "../operations/edit/working-copy.ts";
import { commandWords } from "../operations/own-command.ts";
import { reread } from "../operations/daemon/reread.ts";
import { daemonSite } from "../operations/site.ts";
import { ask, canAsk } from "./question.ts";
import { untilSignalled } from "./run.ts";
import type { Screen } from "./screen.ts";

/** What `usrsvc edit` works with. */
export interface Edited {
  /** Undefined: the main file. */
  readonly name: string | undefined;
  readonly config: string | undefined;
  readonly json: boolean;
  readonly screen: Screen;
}

/** The outcome, for scripts and people. */
interface Outcome {
  readonly result: "unchanged" | "saved" | "discarded" | "failed" | "refused";
  readonly code: ExitCode;
  readonly message: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Opens the file in an editor, checks what comes of it, asks what is to be asked, and reports. */
export async function editAndTell(edited: Edited): Promise<ExitCode> {
  const { name, config, json, screen } = edited;
  const place = locate(name, config);
  const outcome: Outcome =
    "message" in place
      ? { result: "refused", ...place }
      : await editFile(place, edited).catch((error: unknown) => {
          if (!(error instanceof CannotEdit)) throw error;
          const { isDenied, message } = error;
          const code = isDenied ? ExitCode.permission : ExitCode.failure;
          return { result: "refused", code, message } satisfies Outcome;
        });
  const { result, code, message, facts = {} } = outcome;
  const where = "message" in place ? {} : place;
  if (json) {
    screen.page(jsonLine({ action: "edit", result, exitCode: code, message, ...where, ...facts }));
  } else if (code === ExitCode.ok) screen.result(message);
  else screen.complain(message);
  return code;
}

async function editFile(
  { file, line }: Location,
  { config, json, screen }: Edited,
): Promise<Outcome> {
  const editor = findEditor(process.env);
  if (typeof editor === "string" || (!canAsk() && !editor.source.startsWith("$"))) {
    const why =
      typeof editor === "string"
        ? editor
        : "there is no terminal, and neither $VISUAL nor $EDITOR names an editor";
    return {
      result: "refused",
      code: ExitCode.failure,
      message: `${why}; the place is ${file}:${line}`,
    };
  }
  using copy = new WorkingCopy(file);
  const before = check(config);
  let at = line;
  for (;;) {
    const failed = await openEditor(editor, copy, at);
    if (failed !== undefined) return failed;
    if (!copy.isChanged)
      return { result: "unchanged", code: ExitCode.ok, message: `${file} is unchanged` };
    const judged = judge(copy, before, config);
    for (const text of judged.complaints) screen.complain(text);
    if (judged.kind === "fine") return await finish(copy, judged, { config, json, screen });
    const next = await whatNow(judged.text !== undefined);
    if (next === "save" && judged.text !== undefined) {
      copy.acceptLoss();
      return await finish(
        copy,
        { text: judged.text, changes: judged.changes, isFaulty: judged.kind === "faulty" },
        { config, json, screen },
      );
    }
    if (next === "discard") {
      return {
        result: "discarded",
        code: ExitCode.failure,
        message: `${file} is unchanged: the edited text was discarded`,
      };
    }
    if (next === "nobody") {
      copy.keep();
      const code = judged.kind === "faulty" ? ExitCode.invalidConfig : ExitCode.tryAgain;
      return {
        result: "refused",
        code,
        message: `${file} is unchanged; the edited text is in ${copy.path}`,
      };
    }
    at = judged.line ?? at;
  }
}

async function openEditor(
  editor: Editor,
  copy: WorkingCopy,
  line: number,
): Promise<Outcome | undefined> {
  const words = editorWords(editor, copy.path, line, process.env["PATH"]);
  const end = await runEditor(words);
  if (end.kind === "ended" && end.code === 0) return undefined;
  const from = editor.source.startsWith("$") ? ` (${editor.source})` : "";
  const what = `${words[0] ?? ""}${from}`;
  if (end.kind === "failed") {
    const message = `the editor ${what} cannot be started: ${end.message}; set EDITOR to another`;
    return { result: "failed", code: ExitCode.failure, message };
  }
  const how = end.signal === null ? `exited with code ${end.code}` : `was ended by ${end.signal}`;
  if (!copy.isChanged)
    return {
      result: "failed",
      code: ExitCode.failure,
      message: `${copy.file} is unchanged: the editor ${what} ${how}`,
    };
  copy.keep();
  const message = `${copy.file} is unchanged: the editor ${what} ${how}; the edited text is in ${copy.path}`;
  return { result: "failed", code: ExitCode.failure, message };
}

interface Judged {
  /** `outdated`: somebody else has changed the file. */
  readonly kind: "fine" | "faulty" | "outdated";
  /** Undefined: it cannot be saved at all. */
  readonly text: string | undefined;
  readonly changes: Changes;
  readonly complaints: readonly string[];
  /** Where to go on. */
  readonly line: number | undefined;
}

const NO_CHANGES: Changes = { added: [], removed: [], changed: [], atRestart: [] };

function judge(copy: WorkingCopy, before: Checked, config: string | undefined): Judged {
  const { file } = copy;
  const text = copy.text();
  if (typeof text === "number") {
    const complaint = `${file}:${text}: the file must be UTF-8 text, and this line is not; save it as UTF-8`;
    return {
      kind: "faulty",
      text: undefined,
      changes: NO_CHANGES,
      complaints: [complaint],
      line: text,
    };
  }
  const { errors, warnings, changes } = review(before, file, text, config);
  const base = { text, changes, line: lineIn(errors[0], file) };
  const complaints = [...errors, ...warnings];
  if (copy.isOutdated) {
    const outdated = `${file} was changed by somebody else while it was edited; the edited text, for a comparison, is ${copy.path}`;
    return { ...base, kind: "outdated", complaints: [...complaints, outdated] };
  }
  return { ...base, kind: errors.length > 0 ? "faulty" : "fine", complaints };
}

function lineIn(error: string | undefined, file: string): number | undefined {
  const rest = error?.startsWith(`${file}:`) === true ? error.slice(file.length + 1) : "";
  return Number(/^(\d+):/.exec(rest)?.[1]) || undefined;
}

/** As visudo asks. */
async function whatNow(canSave: boolean): Promise<"edit" | "discard" | "save" | "nobody"> {
  if (!canAsk()) return "nobody";
  const save = canSave ? ", (Q)uit and save it all the same" : "";
  for (;;) {
    const answer = await ask(`What now? (e)dit again, e(x)it without saving${save}: `);
    if (answer === "e" || answer === "") return "edit";
    if (answer === "x" || answer === undefined) return "discard";
    if (answer === "Q" && canSave) return "save";
  }
}

/** Saves a text, and has it read if that is wanted. */
async function finish(
  copy: WorkingCopy,
  {
    text,
    changes,
    isFaulty = false,
  }: { readonly text: string | undefined; readonly changes: Changes; readonly isFaulty?: boolean },
  { config, json, screen }: Pick<Edited, "config" | "json" | "screen">,
): Promise<Outcome> {
  copy.save(text ?? "");
  const { stateDir } = check(config);
  using site = daemonSite(stateDir, config);
  const saved = `${copy.file} saved: ${describe(changes)}`;
  const facts = { ...changes };
  const command = commandWords("usrsvcd", "reread", config);
  if (daemonInCharge(site.host) === undefined) {
    const message = `${saved}; usrsvcd is not running, and reads it when it starts`;
    return {
      result: "saved",
      code: isFaulty ? ExitCode.invalidConfig : ExitCode.ok,
      message,
      facts,
    };
  }
  if (isFaulty) {
    const message = `${saved}; usrsvcd keeps what it has until the errors are fixed and ${command} is run`;
    return { result: "saved", code: ExitCode.invalidConfig, message, facts };
  }
  if (!json) screen.result(saved);
  const answer = canAsk() ? await ask("Have usrsvcd read it now? [Y/n] ") : "n";
  if (answer === undefined || /^n/i.test(answer)) {
    const later = `usrsvcd does not know of it yet; ${command} has it read`;
    return {
      result: "saved",
      code: ExitCode.ok,
      message: json ? `${saved}; ${later}` : later,
      facts,
    };
  }
  const {
    code,
    message,
    details = [],
  } = await untilSignalled((signal) => reread(site.host, signal));
  const restart = commandWords("usrsvc", `restart ${changes.atRestart.join(" ")}`, config);
  const next =
    code === ExitCode.ok && changes.atRestart.length > 0 ? [`to apply them: ${restart}`] : [];
  const said = [`usrsvcd: ${message}`, ...details, ...next].join("\n");
  return {
    result: "saved",
    code,
    message: json ? `${saved}; ${said}` : said,
    facts: { ...facts, reread: code === ExitCode.ok },
  };
}

function describe({ added, removed, changed, atRestart }: Changes): string {
  const parts = [
    ...list("added", added),
    ...list("removed", removed),
    ...list("changed", changed),
    ...list("applies only at a restart of", atRestart),
  ];
  return parts.length === 0 ? "no program is changed by it" : parts.join("; ");
}

function list(word: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${word} ${names.join(", ")}`];
}
