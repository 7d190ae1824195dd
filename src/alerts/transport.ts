import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import type { Message, Sender } from "./message.ts";

/** Sends one mail; rejects with the reason when it could not be handed over. */
export type Transport = (message: Message, to: readonly string[]) => Promise<void>;

/** How mail leaves this machine; undefined: it cannot. */
export interface TransportSettings {
  readonly sendmailPath: string | undefined;
  readonly smtpUrl: string | undefined;
}

/** Where machines have their sendmail. */
const sendmailPaths = [
  "/usr/sbin/sendmail",
  "/usr/lib/sendmail",
  "/usr/bin/sendmail",
  "/usr/local/sbin/sendmail",
  "/sbin/sendmail",
];
/** A server or sendmail that does not answer is given up after, in ms. */
const PATIENCE_MS = 60_000;

/** Who we are, for the subject and the sender's address. */
export function sender(): Sender {
  return { host: hostname(), user: userInfo().username };
}

/** The transport that is configured, or found; undefined when there is none. */
export function findTransport({ sendmailPath, smtpUrl }: TransportSettings): Transport | undefined {
  if (smtpUrl !== undefined) return bySmtp(smtpUrl);
  const path = sendmailPath ?? sendmailPaths.find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : bySendmail(path);
}

function bySmtp(url: string): Transport {
  return async (message, to) => {
    const { createTransport } = await import("nodemailer"); // only when there is a mail to send
    const transport = createTransport(url, {});
    Object.assign(transport.options, {
      connectionTimeout: PATIENCE_MS / 4,
      greetingTimeout: PATIENCE_MS / 4,
      socketTimeout: PATIENCE_MS / 2,
    });
    try {
      await transport.sendMail(mail(message, to));
    } finally {
      transport.close();
    }
  };
}

/** nodemailer writes the mail; the program is run here, so that one that hangs can be ended. */
function bySendmail(path: string): Transport {
  return async (message, to) => {
    const { createTransport } = await import("nodemailer");
    const composer = createTransport({ streamTransport: true, buffer: true, newline: "unix" });
    const composed = await composer.sendMail(mail(message, to));
    await runSendmail(path, composed.envelope.from || "", to, composed.message as Buffer);
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

async function runSendmail(
  path: string,
  from: string,
  to: readonly string[],
  text: Buffer,
): Promise<void> {
  // Addresses were checked by the configuration, and "--" ends the options.
  const child = spawn(path, ["-i", "-f", from, "--", ...to], {
    stdio: ["pipe", "ignore", "pipe"],
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (complaint.length < 500) complaint += chunk.toString();
  });
  child.stdin.on("error", () => {}); // it left without reading: its exit code tells
  child.stdin.end(text);
  await new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`${path}: ${cause.message}`, { cause })));
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else if (signal === "SIGKILL")
        reject(new Error(`${path} did not end within 60 s, and was killed`));
      else reject(new Error(`${path} ended with ${signal ?? `code ${code}`}: ${complaint.trim()}`));
    });
  });
}
