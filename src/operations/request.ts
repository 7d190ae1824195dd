import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { readFileHead } from "../read-file.ts";
import { fileStem, type StateDir } from "../program/state-dir.ts";
import { naming } from "../name-file.ts";
import type { ActionResult } from "./operation.ts";

/*
 * A start that a person asks for is made by usrsvcd where one runs, so that it gives the same
 * environment, limits and cgroup by day and by night, and tells how the program ends.
 *
 * The request is a file in the folder that usrsvcd watches. It is taken when the file is gone, and the
 * answer is another file. So it needs no lock, and outlives who asks: a program may ask for its own
 * restart.
 */

/** What usrsvcd is asked to do. */
export interface Request {
  /** Tells it from other requests; part of its file's name. */
  readonly id: string;
  readonly program: string;
  readonly action: "start" | "restart";
  /** ISO time. */
  readonly at: string;
  /** The `usrsvc` that waits for the answer. */
  readonly asker: ProcessRef;
  /** The program's settings as the asker read them (settingsFingerprint). */
  readonly fingerprint: string;
}

/** What came of a request. */
export type Answer =
  | { readonly kind: "done"; readonly result: ActionResult }
  /** usrsvcd has no such program, or has other settings of it: the asker acts himself. */
  | { readonly kind: "declined"; readonly why: "unknown" | "older" };

const REQUEST = ".request";
const ANSWER = ".answer";
/** A request that nobody took for so long is void, in ms. */
const VOID_MS = 60_000;
/** None is larger. */
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

/** What only its asker reads or writes; his pid is the first part of the id. */
const ASKERS_FILE = /\.([1-9]\d*)-\d+-[0-9a-z]+\.(?:answer(?:\.new)?|request\.new)$/;

/** Removes what is left of those who were killed before they could read their answer. */
export function removeOldAnswers(dir: StateDir, proc: Pick<ProcReader, "alive">): void {
  let files: readonly string[] = [];
  try {
    files = readdirSync(dir.programs);
  } catch {
    // no folder, no answers
  }
  for (const file of files) {
    const pid = Number(ASKERS_FILE.exec(file)?.[1] ?? Number.NaN) as Pid;
    if (Number.isNaN(pid) || proc.alive(pid) !== undefined) continue;
    try {
      rmSync(join(dir.programs, file), { force: true });
    } catch {
      // a folder: none of ours
    }
  }
}

/** Puts a request where usrsvcd sees it. */
export function writeRequest(dir: StateDir, request: Request): void {
  replace(requestPath(dir, request), request);
}

/** Puts the answer where the asker sees it. */
export function writeAnswer(dir: StateDir, request: Request, answer: Answer): void {
  replace(answerPath(dir, request), answer);
}

/** Whole, or not at all. */
function replace(path: string, content: object): void {
  const temporary = `${path}.new`;
  try {
    naming(temporary, () =>
      writeFileSync(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600 }),
    );
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Takes a request: whoever removes the file has it. Undefined when it is gone, void or none.
 *
 * @param file its name, without folder
 */
export function takeRequest(dir: StateDir, file: string): Request | undefined {
  const path = join(dir.programs, file);
  let text: string;
  try {
    ({ text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" }));
    rmSync(path);
  } catch {
    return undefined; // withdrawn
  }
  const request = parseRequest(text);
  const isVoid = request === undefined || Math.abs(Date.now() - Date.parse(request.at)) > VOID_MS;
  return isVoid ? undefined : request;
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
    const answer = JSON.parse(text) as Answer;
    rmSync(path, { force: true });
    return answer;
  } catch {
    return undefined;
  }
}
