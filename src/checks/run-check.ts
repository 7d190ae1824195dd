import { stat } from "node:fs/promises";
import { connect } from "node:net";
import type { Check } from "../config/settings.ts";
import type { LogCheck } from "./log-check.ts";

/** Whether a condition holds, or why not, in a few words. */
export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** What a check needs to know of the program that it is about. */
export interface CheckContext {
  /** Of the program, for `exec:`. */
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Of the program, for `log:`; it remembers how far it has read. */
  readonly log: LogCheck;
}

/** Looks once whether a condition holds: within `timeoutMs`, and until `signal` is aborted. Never rejects. */
export async function runCheck(
  check: Check,
  context: CheckContext,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<CheckResult> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    const either = AbortSignal.any([signal, late.signal]);
    const problem = await Promise.race([problemOf(check, context, either), aborted(either)]);
    return problem === undefined ? { ok: true } : { ok: false, reason: problem };
  } catch (error) {
    if (signal.aborted) return { ok: false, reason: "was broken off" };
    const reason = late.signal.aborted
      ? `no answer from ${targetOf(check)} within ${timeoutMs / 1000} s`
      : describe(error as NodeJS.ErrnoException, check);
    return { ok: false, reason };
  } finally {
    clearTimeout(timer);
  }
}

/** Undefined where it holds. */
async function problemOf(
  check: Check,
  context: CheckContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (check.kind) {
    case "tcp":
      return await connects({ host: check.host, port: check.port }, signal);
    case "unix":
      return await connects({ path: check.path }, signal);
    case "file":
      return await exists(check);
    case "http":
      return await (await import("./http-check.ts")).answers(check.url, signal);
    case "exec":
      return await (await import("./exec-check.ts")).succeeds(check.words, context, signal);
    case "log":
      return context.log.has(check) ? undefined : "no such line in its output yet";
  }
}

/** Rejects when the signal is aborted: a file of a dead server can be asked for for ever. */
async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    const giveUp = (): void => reject(new Error("aborted"));
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

/** Files that were asked for, without an answer yet: each such question keeps a thread. */
const hanging = new WeakSet<Check>();

async function exists(
  check: Check & { readonly kind: "unix" | "file" },
): Promise<string | undefined> {
  if (hanging.has(check)) return `no answer about ${check.path} since an earlier look`;
  hanging.add(check);
  try {
    await stat(check.path);
    return undefined;
  } finally {
    hanging.delete(check);
  }
}

type Address = { readonly host: string; readonly port: number } | { readonly path: string };

async function connects(address: Address, signal: AbortSignal): Promise<undefined> {
  return await new Promise((resolve, reject) => {
    const socket = connect(address);
    const giveUp = (): void => {
      socket.destroy();
      reject(new Error("aborted"));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("connect", () => resolve(undefined));
    socket.once("error", reject);
    socket.once("connect", () => socket.destroy());
    socket.once("close", () => signal.removeEventListener("abort", giveUp));
  });
}

/** What it asks, for people. */
function targetOf(check: Check): string {
  switch (check.kind) {
    case "tcp":
      return check.host.includes(":")
        ? `[${check.host}]:${check.port}`
        : `${check.host}:${check.port}`;
    case "unix":
    case "file":
      return check.path;
    case "http":
      return check.url;
    case "exec":
      return check.words.join(" ");
    case "log":
      return "its output";
  }
}

function describe({ code, message }: NodeJS.ErrnoException, check: Check): string {
  const target = targetOf(check);
  switch (code) {
    case "ECONNREFUSED":
      return `connection refused by ${check.kind === "http" ? new URL(check.url).host : target}`;
    case "ENOENT":
      return check.kind === "exec"
        ? `no such command: ${check.words[0]}`
        : `no such file: ${target}`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host of ${target} cannot be looked up (${code})`;
    case "EACCES":
      return `no permission for ${target}`;
    case "ECONNRESET":
      return `connection closed by ${target}`;
    case undefined:
    default:
      return `${target}: ${message || code || "failed"}`;
  }
}
