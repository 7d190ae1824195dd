import {
  chownSync,
  constants,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { decodeUtf8 } from "../../config/utf8.ts";
import { nameOf, runAs } from "../../lib/accounts.ts";
import { accessFault, faultWords } from "../../lib/fault.ts";
import { writeByRename } from "../../lib/write-file.ts";

/** A file cannot be edited; the message says why, and what to do. */
export class CannotEdit extends Error {
  override readonly name = "CannotEdit";
  readonly isDenied: boolean;

  constructor(message: string, isDenied: boolean) {
    super(message);
    this.isDenied = isDenied;
  }
}

/**
 * A copy of a file for an editor, in a folder that nobody else can enter: usrsvcd, a reread or a check never see half of a
 * change. Disposing of it removes it, unless it is to be kept.
 */
export class WorkingCopy implements Disposable {
  /** The file as it is known. */
  readonly file: string;
  /** What the editor opens; called as the file is. */
  readonly path: string;
  readonly #folder: string;
  /** The file itself, where its name is a link. */
  readonly #real: string;
  #original: Buffer;
  #isKept = false;

  /** @throws {CannotEdit} */
  constructor(file: string) {
    this.file = file;
    this.#real = openable(file);
    this.#original = readFileSync(this.#real);
    this.#folder = mkdtempSync(join(tmpdir(), "usrsvc-edit-")); // mode 0700
    this.path = join(this.#folder, basename(file));
    writeFileSync(this.path, this.#original, { mode: 0o600 });
  }

  /** The text as the editor has left it; a number is that of a line which is no UTF-8. */
  text(): string | number {
    const decoded = decodeUtf8(this.#edited());
    return "text" in decoded ? decoded.text : decoded.badLine;
  }

  /** False where the editor has changed nothing. */
  get isChanged(): boolean {
    return !this.#edited().equals(this.#original);
  }

  /** @throws {CannotEdit} where the editor has left nothing to read */
  #edited(): Buffer {
    try {
      return readFileSync(this.path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === "ENOENT" ? "the editor has removed the copy that it was given" : message;
      throw new CannotEdit(`${this.file} is unchanged: ${why}`, false);
    }
  }

  /** True where somebody else has changed the file since it was copied, or since that was accepted. */
  get isOutdated(): boolean {
    try {
      return !readFileSync(this.#real).equals(this.#original);
    } catch {
      return true; // gone
    }
  }

  /** What somebody else has made of the file is to be overwritten. */
  acceptLoss(): void {
    try {
      this.#original = readFileSync(this.#real);
    } catch {
      this.#original = Buffer.alloc(0);
    }
  }

  /**
   * Puts the text into the file, with its owner and mode: by rename, unless that would make another file of one with several
   * names, or another's, or the folder cannot be written to.
   *
   * @throws {CannotEdit}
   */
  save(text: string): void {
    const stat = statSync(this.#real, { throwIfNoEntry: false });
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    const isPlain = stat === undefined || (stat.nlink === 1 && stat.uid === uid);
    const isOpen = accessFault(dirname(this.#real), constants.W_OK) === undefined;
    try {
      if (isPlain && isOpen) {
        writeByRename(this.#real, text, { mode: (stat?.mode ?? 0o600) & 0o777 });
        // A group of ours stays; another's cannot be given.
        if (stat !== undefined && stat.gid !== gid) keepGroup(this.#real, stat.uid, stat.gid);
      } else writeFileSync(this.#real, text);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      this.keep();
      const why = faultWords(code) ?? message;
      throw new CannotEdit(
        `${this.file} cannot be written: ${why}; the changed text is in ${this.path}`,
        false,
      );
    }
  }

  /** The copy outlives us: it holds somebody's work. */
  keep(): void {
    this.#isKept = true;
  }

  [Symbol.dispose](): void {
    if (!this.#isKept) rmSync(this.#folder, { recursive: true, force: true });
  }
}

function keepGroup(path: string, uid: number, gid: number): void {
  try {
    chownSync(path, uid, gid);
  } catch {
    // we are not in that group (any more)
  }
}

/** The file behind a name, if we can write to it. */
function openable(file: string): string {
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    throw new CannotEdit(`${file} does not exist; usrsvc init writes a first configuration`, false);
  }
  const stat = statSync(real);
  if (!stat.isFile()) throw new CannotEdit(`${file} is not a file`, false);
  const fault = accessFault(real, constants.R_OK | constants.W_OK);
  if (fault === undefined) return real;
  const isOther = stat.uid !== process.getuid?.();
  const whose = isOther ? `it belongs to ${nameOf(stat.uid)}` : "it is write-protected";
  const how = isOther
    ? `edit it as that account: ${runAs(stat.uid, "usrsvc edit …")}`
    : `make it yours to change: chmod u+rw ${real}`;
  throw new CannotEdit(
    `${file} cannot be changed: ${faultWords(fault) ?? `${whose}; ${how}`}`,
    true,
  );
}
