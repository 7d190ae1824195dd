import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { hostname, userInfo } from "node:os";
import { callAt, monotonicMs, within } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import { maskKnown } from "../lib/secrets.ts";
import { findSendmail } from "../lib/sendmail.ts";
import type { Message, Sender } from "./message.ts";

/** Sends one mail; rejects with the reason when it could not be handed over, or was broken off. */
export type Transport = (
  message: Message,
  to: readonly string[],
  signal?: AbortSignal,
) => Promise<void>;

/** How mail leaves this machine; undefined: it cannot. */
export interface TransportSettings {
  readonly sendmailPath: string | undefined;
  readonly smtpUrl: string | undefined;
}

/** A server or sendmail that does not answer is given up after, in ms. */
const PATIENCE_MS = 60_000;
/** Time after its end for which a failed sendmail may complain, in ms, and the length of what it says. */
const LAST_WORDS_MS = 1000;
const LONGEST_COMPLAINT = 500;

/** Who we are, for the subject and the sender's address. An account need not have a name. */
export function sender(): Sender {
  return { host: hostname(), user: userName() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env["USER"] ?? `uid${process.getuid?.() ?? ""}`;
  }
}

/**
 * The transport that is configured, or found; undefined when there is none. A server or sendmail
 * that does not answer is given up after `patienceMs`.
 */
export function findTransport(
  { sendmailPath, smtpUrl }: TransportSettings,
  patienceMs = PATIENCE_MS,
): Transport | undefined {
  if (smtpUrl !== undefined) return bySmtp(smtpUrl, patienceMs);
  const path = sendmailPath ?? findSendmail(process.env);
  return path === undefined ? undefined : bySendmail(path, patienceMs);
}

function bySmtp(url: string, patienceMs: number): Transport {
  const send: Transport = async (message, to, signal) => {
    const { createTransport } = await import("nodemailer"); // only when there is a mail to send
    const transport = createTransport({
      url,
      ...(mustEncrypt(url) ? { requireTLS: true } : {}),
      dnsTimeout: patienceMs / 4,
      connectionTimeout: patienceMs / 4,
      greetingTimeout: patienceMs / 4,
      socketTimeout: patienceMs / 2,
    });
    try {
      // The times above are those of silence; a server may also drip.
      const sent = await within(transport.sendMail(mail(message, to)), 2 * patienceMs, signal);
      if (sent === undefined) throw new Error("the mail server takes too long");
    } finally {
      transport.close();
    }
  };
  return async (...mail) => {
    try {
      await send(...mail);
    } catch (error) {
      const { message } = error instanceof Error ? error : new Error(String(error));
      const isRefused = mustEncrypt(url) && /\bSTARTTLS\b/.test(message);
      const told = isRefused ? `${UNENCRYPTED}: ${message}` : message;
      // Without its cause, which may hold the URL, or what was said to the server.
      // oxlint-disable-next-line preserve-caught-error
      throw new Error(maskKnown(told, secretsOf(url)));
    }
  };
}

const UNENCRYPTED =
  "the mail server does not encrypt (STARTTLS), so the password was not sent; write smtps:// if it does that " +
  "instead, or let smtp_url end in /?requireTLS=false if all on the way may read the password";

/** Settings of nodemailer, for the end of the URL, by which somebody has asked for them explicitly. */
const SAYS_SO = ["requireTLS", "ignoreTLS", "opportunisticTLS"];

/** Whether a password would go over a network as it is: by itself nodemailer asks for encryption only where it is offered. */
function mustEncrypt(smtpUrl: string): boolean {
  const { protocol, hostname: host, password, searchParams } = new URL(smtpUrl);
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(host);
  const isSaid = SAYS_SO.some((key) => searchParams.has(key));
  return protocol === "smtp:" && password !== "" && !isLocal && !isSaid;
}

/** The password, as it is written and in each form that is sent to a server, which may repeat it. */
function secretsOf(url: string): readonly string[] {
  const { username, password, searchParams } = new URL(url);
  const asked = [...searchParams].filter(([key]) => /pass|token|secret|key/i.test(key));
  const further = asked.map(([, value]) => value);
  const [name, secret] = [username, password].map((text) => decodeURIComponent(text));
  if (secret === undefined || secret === "") return further;
  const encoded = [secret, `\0${name}\0${secret}`].map((text) =>
    Buffer.from(text).toString("base64"),
  );
  const bare = encoded.map((text) => text.replace(/=+$/, ""));
  return [url, password, secret, ...encoded, ...bare, ...further];
}

/** nodemailer writes the mail; the program is run here, so that one that hangs can be ended. */
function bySendmail(path: string, patienceMs: number): Transport {
  return async (message, to, signal) => {
    const { createTransport } = await import("nodemailer");
    const composer = createTransport({ streamTransport: true, buffer: true, newline: "unix" });
    const composed = await composer.sendMail(mail(message, to));
    const args = ["-i", "-f", composed.envelope.from || "", "--", ...to];
    await runSendmail(path, args, composed.message as Buffer, patienceMs, signal);
  };
}

function mail(message: Message, to: readonly string[]): object {
  const { host, user } = sender();
  return {
    from: { name: `usrsvcd of ${user} on ${host}`, address: `${user}@${host}` },
    to: [...to],
    subject: message.subject,
    text: message.body,
    headers: { "Auto-Submitted": "auto-generated", Precedence: "bulk" },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Addresses were checked by the configuration, and "--" ends the options. */
async function runSendmail(
  path: string,
  args: readonly string[],
  text: Buffer,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = spawn(path, args, {
    stdio: ["pipe", "ignore", "pipe"],
    env: withoutOurs(process.env),
    killSignal: "SIGKILL",
    ...(signal === undefined ? {} : { signal }),
  });
  // Node's own `timeout` goes on for one that could not be made, and keeps the process from its end.
  const takeBack = callAt(monotonicMs() + patienceMs, () => child.kill("SIGKILL"));
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (complaint.length < LONGEST_COMPLAINT) complaint += chunk.toString();
  });
  child.stdin.on("error", () => {}); // it left without reading: its exit code tells
  child.stdin.end(text);
  const closed = once(child, "close");
  closed.catch(() => {}); // told by the next
  let end: readonly unknown[];
  try {
    end = await once(child, "exit");
  } catch (cause) {
    release(child);
    throw new Error(`${path}: ${(cause as Error).message}`, { cause });
  } finally {
    takeBack();
  }
  const [code, killedBy] = end;
  if (code === 0) return release(child);
  // What it left behind may keep the pipe open.
  await within(closed, LAST_WORDS_MS);
  release(child);
  if (killedBy === "SIGKILL") {
    throw new Error(`${path} did not end within ${formatDuration(patienceMs)}, and was killed`);
  }
  const how = typeof killedBy === "string" ? killedBy : `code ${String(code)}`;
  throw new Error(`${path} ended with ${how}: ${complaint.slice(0, LONGEST_COMPLAINT).trim()}`);
}

/** It may have gone to the background with our pipe. */
function release(child: ChildProcess): void {
  child.stdin?.destroy();
  child.stderr?.destroy();
}

/** What systemd told us is not for sendmail, which could speak in our name. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = new Set(["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.has(name)));
}
