import { readSync } from "node:fs";
import { parsePid, type Pid } from "../../proc/pid.ts";
import { readFileHead } from "../lib/read-file.ts";

/** Bytes of each of the two lines of the file: who took it last, and the note, both padded. */
export const SIGNATURE_BYTES = 40;
export const NOTE_BYTES = 160;

/** Who took the lock last, as it signed: `usrsvcd, pid 123`; undefined when it did not. */
export function lockHolder(path: string): string | undefined {
  try {
    return firstLine(readHead(path).slice(0, SIGNATURE_BYTES)) || undefined;
  } catch {
    return undefined;
  }
}

/** The process that a signature names; undefined where it names none. */
export function signerOf(signed: string | undefined): Pid | undefined {
  return parsePid(signed?.split(" ").at(-1) ?? "");
}

/** True for the signature of a usrsvcd: what it does is no person's deed. */
export function isDaemons(signed: string): boolean {
  return signed.startsWith("usrsvcd,");
}

/** What the last holder of a lock has noted; read without it, it may be changing. */
export function lockNote(path: string): string {
  try {
    return firstLine(readHead(path).slice(SIGNATURE_BYTES));
  } catch {
    return ""; // it was never taken
  }
}

function readHead(path: string): string {
  return readFileHead(path, {
    most: SIGNATURE_BYTES + NOTE_BYTES,
    followsLinks: false,
    owner: "us",
  }).text;
}

/** The note, from the open file. */
export function noteOf(fd: number): string {
  const bytes = Buffer.alloc(NOTE_BYTES);
  const length = readSync(fd, bytes, 0, NOTE_BYTES, SIGNATURE_BYTES);
  return firstLine(bytes.toString("latin1", 0, length));
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.trim() ?? "";
}

/** One of the two lines, padded: what stood there is gone. */
export function line(text: string, bytes: number): string {
  return `${text.padEnd(bytes - 1).slice(0, bytes - 1)}\n`;
}

/** Who takes a lock now, as its first line has it. */
export function signature(): string {
  const who = process.argv[1]?.includes("usrsvcd") === true ? "usrsvcd" : "usrsvc";
  return line(`${who}, pid ${process.pid}`, SIGNATURE_BYTES);
}
