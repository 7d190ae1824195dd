import type { ProgramSettings } from "../config/settings.ts";
import type { Emitter, EventOfOne } from "../events/event.ts";
import type { Host } from "../host/host.ts";
import { recordStore } from "../identity/foreign.ts";
import { lostRecord } from "../identity/mark.ts";
import { strangersRecord } from "../identity/other-config.ts";
import { completeLaunch } from "../identity/unfinished-launch.ts";
import { tellingLine, withWords } from "../lifecycle/last-words.ts";
import type { Lock } from "../state/lock.ts";
import { emptyRecord, type ProgramRecord } from "../state/record.ts";
import type { RecordStore } from "../state/record-store.ts";
import { exitNoted, explained, keptDown, signed, withoutProcess } from "../state/record-facts.ts";
import { ProgramEvents } from "./program-events.ts";

/** Last lines of a program's output, read only when there is somebody to be told. */
export type Output = () => readonly string[];

const nothing: readonly string[] = [];

/**
 * What is written of one program: its record; and what is told of it. Records are only written by
 * who holds the program's lock; the caller sees to that.
 */
export class Ledger {
  /** Of the program. */
  readonly name: string;
  readonly host: Host;
  readonly store: RecordStore;
  readonly #events: ProgramEvents;
  /** Of the process that ended last, as long as nobody has read them. */
  #words: Output | undefined;
  #said = nothing;

  constructor(name: string, host: Host, events: Emitter) {
    this.name = name;
    this.host = host;
    this.store = recordStore(name, host);
    this.#events = new ProgramEvents(name, events);
  }

  get record(): ProgramRecord | undefined {
    return this.store.record;
  }

  /** The record, or an empty one, as ours to write. */
  base(): ProgramRecord {
    this.#noteWords();
    const record = this.record ?? emptyRecord(this.name, this.host.proc.bootId());
    return signed(record, this.host);
  }

  /** True when the file is not as we know it. */
  isOutdated(): boolean {
    return this.store.isOutdated();
  }

  /** The file is gone, was damaged or names a wrong process, and what it is to say is known here: to be written anew. */
  get isLost(): boolean {
    return this.store.trouble.isLost;
  }

  /**
   * Reads the file. True when somebody else has written it.
   *
   * @throws when it cannot be read just now (no descriptor left): then nothing may be decided
   */
  read(): boolean {
    if (!this.store.read()) return false;
    this.disown();
    return true;
  }

  /** What another configuration file's program, which does not run, has left there says nothing of this one. */
  disown(): void {
    if (this.record === undefined || strangersRecord(this.record, this.host) === undefined) return;
    this.keep(emptyRecord(this.name, this.host.proc.bootId(), this.host.by));
  }

  /** Only while the lock is held: puts a damaged record aside; writes anew what is still known. */
  mend({ note }: Pick<Lock, "note">): void {
    // Whether an operator has stopped it is noted at the lock as well.
    const noted = lostRecord(this.name, note, this.host.proc.bootId());
    const isDown = noted.desired === "down";
    this.store.mend(({ isLost, isDamaged, misnamed, problem }) => {
      if (isLost) {
        const named = misnamed === undefined ? "was deleted" : `named ${misnamed}`;
        const how = isDamaged ? `was damaged (set aside as .damaged): ${problem}` : named;
        this.emit({ kind: "program.warning", what: "record-lost", reason: how });
        const known = this.base(); // as it was before an operator's last act, perhaps
        this.write(isDown ? keptDown(known, noted.stopLasts) : known);
      } else if (isDamaged) {
        const reason = problem ?? "unknown";
        this.emit({ kind: "program.warning", what: "record-damaged", reason });
      }
    });
    if (this.record === undefined && isDown) this.keep(keptDown(this.base(), noted.stopLasts));
  }

  /** Another has what is on record: two records named one process. Which one this program has is to be found. */
  forgetProcess(): void {
    if (this.record !== undefined) this.keep(withoutProcess(this.record));
  }

  /**
   * Only while the lock is held: whoever launched the program was killed before its pid was known, or the
   * record is lost. True where more is known of it now.
   */
  async completeLaunch(lock: Lock, program: ProgramSettings): Promise<boolean> {
    const before = this.base();
    const after = await completeLaunch(before, lock, program, this.host);
    if (after !== before) this.keep(after);
    return after !== before;
  }

  /** Known here, and not on disk: what follows is written at once after, or a start has written it itself. */
  keep(record: ProgramRecord): void {
    this.store.keep(record);
  }

  /** Only while the lock is held. */
  write(record: ProgramRecord): void {
    this.store.write(record);
  }

  /** The same for who comes next, should we be killed: what is known here stays as it is. */
  writeMeanwhile(record: ProgramRecord): void {
    this.store.writeMeanwhile(record);
  }

  /** What a process that has ended wrote last: read when the record is next needed. */
  expectWords(words: Output): void {
    this.#words = words;
  }

  /** What the process that ended last wrote, for who is told next. */
  takeWords(): readonly string[] {
    const said = this.#said;
    this.#said = nothing;
    return said;
  }

  /** What a process wrote last goes on record with how it ended. */
  #noteWords(): void {
    if (this.#words === undefined) return;
    const lines = this.#words();
    this.#words = undefined;
    this.#said = lines;
    const { lastExit, reason } = this.record ?? {};
    if (lines.length === 0 || lastExit === undefined || this.record === undefined) return;
    const told = exitNoted(this.record, { ...lastExit, wrote: tellingLine(lines) });
    this.keep(explained(told, reason === undefined ? undefined : withWords(reason, lines)));
  }

  /** Something happened to this program. */
  emit(event: EventOfOne): void {
    this.#events.emit(() => event);
  }

  /** The same, where it takes a while to be known: asked when it is told. */
  emitLater(make: () => EventOfOne): void {
    this.#events.emit(make);
  }

  /** From now on events wait for `flush`, a moment: an act that hurries comes first. */
  defer(): void {
    this.#events.defer();
  }

  /** Tells of what waits. */
  flush(): void {
    this.#events.flush();
  }
}
