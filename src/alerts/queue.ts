import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder } from "../lib/private-file.ts";
import { readFileHead } from "../lib/read-file.ts";
import { maskAll } from "../lib/secrets.ts";
import { writeByRename } from "../lib/write-file.ts";
import { type Alert, alertKinds } from "./alert.ts";

/** What waits to be mailed about one program. */
export interface Pending {
  readonly program: string;
  readonly to: readonly string[];
  /** The latest events; older ones of a storm are only counted. */
  readonly alerts: readonly Alert[];
  /** How many events the next mail stands for. */
  readonly total: number;
  /** Unsuccessful tries of the next mail. */
  readonly attempts: number;
  /** Wall-clock times in ms: they must make sense to the next usrsvcd. */
  readonly lastSentAt: number;
  readonly retryAt: number;
  /** Why the last try of a mail failed; undefined once one went out. */
  readonly failure?: Failure | undefined;
}

/** A try that failed. */
export interface Failure {
  /** ISO time. */
  readonly at: string;
  /** In one line, without secrets. */
  readonly reason: string;
}

/** Number of events that are kept with all details. */
const KEPT = 20;
/** No file is larger: an event has some lines of output. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The mails that are not sent yet, one file a program: they survive usrsvcd. */
export class AlertQueue {
  readonly #folder: string;
  readonly #pending = new Map<string, Pending>();
  /** Programs whose file is not as it should be. */
  readonly #unsaved = new Set<string>();
  readonly #stem: (program: string) => string;
  readonly #check: () => void;

  /** `stem`: a program's name as a file name; `check` throws while nothing may be written there. */
  constructor(folder: string, stem: (program: string) => string, check = (): void => {}) {
    this.#folder = folder;
    this.#stem = stem;
    this.#check = check;
  }

  /** Reads what an earlier usrsvcd left. Names of files that cannot be understood are returned. */
  load(): readonly string[] {
    const damaged: string[] = [];
    for (const file of this.#files()) {
      const path = join(this.#folder, file);
      const pending = parsePending(readText(path));
      // In a file of another name it would be mailed again and again.
      if (pending === undefined || file !== this.#file(pending.program)) {
        setAside(path);
        damaged.push(path);
      } else {
        this.#pending.set(pending.program, pending);
      }
    }
    return damaged;
  }

  all(): readonly Pending[] {
    return [...this.#pending.values()];
  }

  get(program: string): Pending | undefined {
    return this.#pending.get(program);
  }

  add(alert: Alert, to: readonly string[]): void {
    const before = this.#pending.get(alert.program);
    this.put({
      program: alert.program,
      to,
      alerts: [...(before?.alerts ?? []), maskAll(alert)].slice(-KEPT),
      total: (before?.total ?? 0) + 1,
      attempts: before?.attempts ?? 0,
      lastSentAt: before?.lastSentAt ?? 0,
      retryAt: before?.retryAt ?? 0,
      failure: before?.failure,
    });
  }

  /**
   * Replaces what waits for a program. With no event left, only the time of the last mail is kept.
   *
   * @throws when the file cannot be written; it waits in memory then
   */
  put(pending: Pending): void {
    const { program } = pending;
    this.#pending.set(program, pending);
    this.#unsaved.add(program);
    const path = join(this.#folder, this.#file(program));
    this.#check();
    if (pending.total === 0) rmSync(path, { force: true });
    else {
      makePrivateFolder(this.#folder);
      writeByRename(path, JSON.stringify(pending));
    }
    this.#unsaved.delete(program);
  }

  /** Tries to write what could not be; false while something waits in memory only. */
  save(): boolean {
    try {
      for (const program of this.#unsaved) {
        const pending = this.#pending.get(program);
        if (pending !== undefined) this.put(pending);
      }
      return true;
    } catch {
      return false; // told already
    }
  }

  #file(program: string): string {
    return `${this.#stem(program)}.json`;
  }

  #files(): readonly string[] {
    try {
      return readdirSync(this.#folder).filter((file) => file.endsWith(".json"));
    } catch {
      return []; // never a mail yet
    }
  }
}

function setAside(path: string): void {
  try {
    renameSync(path, `${path}.damaged`);
  } catch {
    // it is a folder, or the disk is read-only: told again by the next usrsvcd
  }
}

function readText(path: string): string {
  try {
    return readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" }).text;
  } catch {
    return "";
  }
}

function parsePending(text: string): Pending | undefined {
  try {
    const raw = JSON.parse(text) as Partial<Pending>;
    const { program, to, alerts, total, attempts, lastSentAt, retryAt, failure } = raw;
    if (typeof program !== "string" || !isTexts(to) || !Array.isArray(alerts)) return undefined;
    if (!alerts.every(isAlert) || alerts.length === 0 || to.length === 0) return undefined;
    return {
      program,
      to,
      alerts: alerts.slice(-KEPT),
      total: Math.max(count(total), Math.min(alerts.length, KEPT)),
      attempts: count(attempts),
      lastSentAt: count(lastSentAt),
      retryAt: count(retryAt),
      failure: isFailure(failure) ? failure : undefined,
    };
  } catch {
    return undefined;
  }
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, value as number) : 0;
}

function isFailure(value: unknown): value is Failure {
  if (typeof value !== "object" || value === null) return false;
  const { at, reason } = value as Partial<Failure>;
  return typeof at === "string" && !Number.isNaN(Date.parse(at)) && typeof reason === "string";
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isAlert(value: unknown): value is Alert {
  if (typeof value !== "object" || value === null) return false;
  const { kind, program, at, reason, next, output, exit, pid } = value as Partial<Alert>;
  return (
    typeof kind === "string" &&
    Object.hasOwn(alertKinds, kind) &&
    [program, reason, next].every((text) => typeof text === "string") &&
    typeof at === "string" &&
    !Number.isNaN(Date.parse(at)) &&
    ["undefined", "number"].includes(typeof pid) &&
    (exit === undefined || (typeof exit === "object" && exit !== null)) &&
    isTexts(output)
  );
}
