import { chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Pid, ProcessRef, Ticks } from "../../../proc/pid.ts";
import { readFileHead } from "../../lib/read-file.ts";
import { checkStateDir, fileStem, type StateDir } from "../../state/state-dir.ts";
import { naming } from "../../lib/name-file.ts";
import type { ActionResult } from "../operation.ts";

/*
 * A start that a person asks for is carried out by usrsvcd if one is running, so that it always gives the
 * same environment, limits and cgroup, and usrsvcd learns how the program ends.
 *
 * The request is a file in the folder that usrsvcd watches. It is taken when the file is gone, and the
 * answer is another file. So it needs no lock, and outlives whoever asks: a program can ask for its own
 * restart.
 */

/** What usrsvcd is asked to do. */
export interface Request {
  /** Distinguishes it from other requests; part of its file's name. */
  readonly id: string;
  readonly program: string;
  readonly action: "start" | "restart";
  /** ISO time. */
  readonly at: string;
  /** The `usrsvc` that waits for the answer. */
  readonly asker: ProcessRef;
  /** The program's settings as the asker read them (settingsFingerprint). */
  readonly fingerprint: string;
  /** Of a restart: nothing is to be done where its process was born since. */
  readonly unlessBornSince?: Ticks | undefined;
}

/** The outcome of a request. */
export type Answer =
  | { readonly kind: "done"; readonly result: ActionResult }
  /** usrsvcd has no such program, or has other settings of it: the asker has to act. */
  | { readonly kind: "declined"; readonly why: "unknown" | "older" };

const REQUEST = ".request";
const ANSWER = ".answer";
/** Age after which a request that nobody took is void, in ms. */
const VOID_MS = 60_000;
/** Maximum size of a request or answer, in bytes. */
const MOST_BYTES = 1024 * 1024;

/** True for the name of a file with a request. */
export function isRequestFile(file: string): boolean {
  return file.endsWith(REQUEST);
}

/** The file of a request. */
export function requestPath(
  dir: StateDir,
  { program, id }: Pick<Request, "program" | "id">,
): string {
  return join(dir.programs, `${fileStem(program)}.${id}${REQUEST}`);
}

/** The file of its answer. */
export function answerPath(
  dir: StateDir,
  { program, id }: Pick<Request, "program" | "id">,
): string {
  return join(dir.programs, `${fileStem(program)}.${id}${ANSWER}`);
}

/**
 * The asker, if this is the name of an answer, or of a file that was not finished. Nobody waits for
 * it once the asker is gone; an unfinished request is not a request.
 */
export function askerOf(file: string): number | undefined {
  const pid = /\.(\d{1,10})-\d+-[\da-z]+\.(answer|answer\.new|request\.new)$/.exec(file)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Writes a request where usrsvcd sees it. */
export function writeRequest(dir: StateDir, request: Request): void {
  replace(requestPath(dir, request), request);
}

/** Writes the answer where the asker sees it. */
export function writeAnswer(dir: StateDir, request: Request, answer: Answer): void {
  checkStateDir(dir);
  replace(answerPath(dir, request), answer);
}

/** Writes it completely, or not at all. */
function replace(path: string, content: object): void {
  const temporary = `${path}.new`;
  try {
    naming(temporary, () =>
      writeFileSync(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600 }),
    );
    chmodSync(temporary, 0o600); // a caller's umask
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Takes a request: whoever removes the file has it. Undefined if it is gone, void or not a request.
 *
 * @param file its name, without folder
 */
export function takeRequest(dir: StateDir, file: string): Request | undefined {
  const path = join(dir.programs, file);
  let text: string;
  try {
    checkStateDir(dir);
    ({ text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" }));
    rmSync(path);
  } catch {
    return undefined; // withdrawn, or others can change what is there
  }
  const request = parseRequest(text);
  if (request === undefined || basename(requestPath(dir, request)) !== file) return undefined;
  const ageMs = Math.abs(Date.now() - Date.parse(request.at));
  return ageMs <= VOID_MS ? request : undefined;
}

function parseRequest(text: string): Request | undefined {
  try {
    const raw = JSON.parse(text) as Partial<Request>;
    const { id, program, action, at, fingerprint, asker } = raw;
    const texts = [id, program, at, fingerprint];
    if (!texts.every((one) => typeof one === "string")) return undefined;
    if (action !== "start" && action !== "restart") return undefined;
    const pid = Number(asker?.pid) as Pid;
    const startTime = Number(asker?.startTime) as Ticks;
    const { unlessBornSince: since } = raw;
    if (since !== undefined && typeof since !== "number") return undefined;
    return { ...(raw as Request), asker: { pid, startTime } };
  } catch {
    return undefined;
  }
}

/** Takes an answer; undefined when there is none yet. */
export function takeAnswer(dir: StateDir, request: Request): Answer | undefined {
  const path = answerPath(dir, request);
  try {
    const { text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" });
    rmSync(path, { force: true });
    return parseAnswer(text, request);
  } catch {
    return undefined;
  }
}

/** What cannot be understood is not an answer: the asker finds out the outcome by looking. */
function parseAnswer(text: string, { program, action }: Request): Answer | undefined {
  const raw = JSON.parse(text) as Partial<Answer> | null;
  if (raw?.kind === "declined") {
    return raw.why === "unknown" || raw.why === "older" ? (raw as Answer) : undefined;
  }
  if (raw?.kind !== "done" || typeof raw.result !== "object") return undefined;
  const { result: word, message, code, details = [] } = raw.result as Partial<ActionResult>;
  const isResult = typeof word === "string" && typeof message === "string";
  const isCode = Number.isSafeInteger(code) && Number(code) >= 0 && Number(code) < 256;
  if (!isResult || !isCode || !Array.isArray(details)) return undefined;
  if (!details.every((one) => typeof one === "string")) return undefined;
  return { kind: "done", result: { ...raw.result, program, action } };
}
