import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { relation } from "../identity/lineage.ts";
import { bearsLaunch } from "../identity/offspring.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import type { LifecyclePorts } from "./ports.ts";
import type { OwnGroup, Target } from "./stop-plan.ts";

/** Number of generations that are looked at. */
const MOST_ANCESTORS = 100;

/**
 * What descends from a program and has left its sessions and groups. Looked at before the first signal: once its parent
 * is gone, only its mark tells whose it is, and some write a title over that. What belongs to another program, or is a
 * usrsvc, is none of it.
 */
export class Descendants {
  readonly #target: Target;
  readonly #groups: readonly OwnGroup[];
  readonly #host: LifecyclePorts;
  /** The program, and what was seen to descend from it, by pid. */
  readonly #known = new Map<number, ProcessRef>();

  constructor(target: Target, groups: readonly OwnGroup[], host: LifecyclePorts) {
    this.#target = target;
    this.#groups = groups;
    this.#host = host;
    for (const one of [target.process, target.main, target.launched]) {
      if (one !== undefined) this.#known.set(one.pid, one);
    }
    this.look();
  }

  /** Those that live, as it is now. */
  look(): readonly TableEntry[] {
    const { process, main, launched } = this.#target;
    const all = this.#host.table.scan({ thorough: true });
    const byPid = new Map(all.map((one) => [one.ref.pid as number, one]));
    const its = all.filter((one) => this.#isIts(one, byPid));
    for (const { ref } of its) this.#known.set(ref.pid, ref);
    return its
      .filter(({ ref }) => ![process, main, launched].some((one) => sameProcess(one, ref)))
      .filter((one) => !this.#groups.some((group) => isIn(one, group)));
  }

  #isIts(one: TableEntry, byPid: ReadonlyMap<number, TableEntry>): boolean {
    const { ref } = one;
    const { record } = this.#target;
    const isKin = this.#isBelow(one, byPid) || this.#isOfLaunch(ref);
    if (!isKin || record === undefined) return isKin;
    return this.#isKnown(ref) || relation(ref, record.name, this.#host) !== "other";
  }

  #isKnown(ref: ProcessRef): boolean {
    return sameProcess(this.#known.get(ref.pid), ref);
  }

  /** It, or one of its forebears, is known. */
  #isBelow(one: TableEntry, byPid: ReadonlyMap<number, TableEntry>): boolean {
    let at: TableEntry | undefined = one;
    for (let steps = 0; at !== undefined && steps < MOST_ANCESTORS; steps += 1) {
      if (this.#isKnown(at.ref)) return true;
      at = byPid.get(at.ppid);
    }
    return false;
  }

  /** By the mark of the launch that is on record. */
  #isOfLaunch(ref: ProcessRef): boolean {
    const { launched, record } = this.#target;
    if (launched === undefined || record?.launch === undefined) return false;
    return ref.startTime >= launched.startTime && bearsLaunch(ref, record, this.#host.proc);
  }
}

function isIn({ ref, pgrp, session }: TableEntry, { leader, isSession }: OwnGroup): boolean {
  return ref.pid === leader.pid || (isSession ? session : pgrp) === Number(leader.pid);
}
