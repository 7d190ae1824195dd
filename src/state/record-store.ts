import type { ProcReader } from "../../proc/reader.ts";
import { textHash } from "../lib/text-hash.ts";
import type { ProgramRecord } from "./record.ts";
import { readRecord, recordText, setDamagedAside, writeRecord } from "./record-file.ts";
import type { StateDir } from "./state-dir.ts";
import { withoutProcess } from "./record-facts.ts";

/** What is wrong with the file of a record, or with what it says. */
export interface RecordTrouble {
  readonly isDamaged: boolean;
  /** Why, with the path. */
  readonly problem: string | undefined;
  /** What process of another account it names, in words. */
  readonly misnamed: string | undefined;
  /** It is gone, damaged or misnamed, and what it is to say is known here: to be written anew. */
  readonly isLost: boolean;
}

/** What a store asks of its host. */
export interface RecordPorts {
  readonly state: StateDir;
  readonly proc: Pick<ProcReader, "bootId" | "uid" | "uids" | "alive" | "stat">;
}

/** What process that cannot be the program's a record names, in words. */
type Misnamed = (
  record: ProgramRecord | undefined,
  proc: RecordPorts["proc"],
) => string | undefined;

const SOUND: RecordTrouble = {
  isDamaged: false,
  problem: undefined,
  misnamed: undefined,
  isLost: false,
};

/**
 * The record of one program: the file, and what is known here of what it is to say. Written only by who holds the
 * program's lock; the caller sees to that.
 */
export class RecordStore {
  readonly name: string;
  readonly #host: RecordPorts;
  readonly #misnamed: Misnamed;
  #record: ProgramRecord | undefined;
  /** Of the text as we wrote or read it last, which takes half a kB: our own work is no news. */
  #mark: string | undefined;
  #trouble = SOUND;

  constructor(name: string, host: RecordPorts, misnamed: Misnamed) {
    this.name = name;
    this.#host = host;
    this.#misnamed = misnamed;
  }

  /** What is known here; undefined while that is nothing. */
  get record(): ProgramRecord | undefined {
    return this.#record;
  }

  get trouble(): RecordTrouble {
    return this.#trouble;
  }

  /** True when the file is not as we know it. */
  isOutdated(): boolean {
    return markOf(recordText(this.#host.state, this.name)) !== this.#mark;
  }

  /**
   * Reads the file. True when somebody else has written it, and it counts.
   *
   * @throws when it cannot be read just now (no descriptor left): then nothing may be decided
   */
  read(): boolean {
    const { state, proc } = this.#host;
    const isKnown = (text: string): boolean => textHash(text) === this.#mark;
    const file = readRecord(state, this.name, proc.bootId(), isKnown);
    if (file === undefined) return false;
    const { problem, isDamaged } = file;
    if (problem !== undefined && !isDamaged) throw new Error(problem);
    const mark = markOf(file.text);
    if (mark === undefined && this.#mark === undefined && this.#record === undefined) {
      const known = this.#trouble;
      const isNews = problem !== known.problem || isDamaged !== known.isDamaged;
      if (isNews) this.#trouble = { ...known, problem, isDamaged };
      return false;
    }
    const misnamed = this.#misnamed(file.record, proc);
    const isGood = file.record !== undefined && misnamed === undefined;
    const counts = isGood || this.#record === undefined;
    this.#mark = mark;
    this.#trouble = { problem, isDamaged, misnamed, isLost: !counts || misnamed !== undefined };
    if (!counts) return false; // what is known here does
    const isWrong = file.record !== undefined && misnamed !== undefined;
    this.#record = isWrong ? withoutProcess(file.record) : file.record;
    return true;
  }

  /**
   * Only while the lock is held: puts a damaged file aside. `mend` is told of what was wrong, and may write anew
   * what is known; where it fails, all of that is to be done still.
   */
  mend(mend: (trouble: RecordTrouble) => void): void {
    if (this.#trouble.isDamaged) setDamagedAside(this.#host.state, this.name);
    mend(this.#trouble);
    this.#trouble = SOUND;
  }

  /** Known here, and not on disk: what follows is written at once after. */
  keep(record: ProgramRecord): void {
    this.#record = record;
  }

  /** Only while the lock is held. */
  write(record: ProgramRecord): void {
    this.writeMeanwhile(record);
    this.#record = record;
  }

  /** The same for who comes next, should we be killed: what is known here stays as it is. */
  writeMeanwhile(record: ProgramRecord): void {
    this.#mark = textHash(writeRecord(this.#host.state, record));
  }
}

function markOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : textHash(text);
}
