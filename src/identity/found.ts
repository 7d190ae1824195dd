import type { ProcessRef } from "../../proc/pid.ts";
import type { Pidfile } from "../state/pidfile.ts";
import type { ProgramRecord, Via } from "../state/record.ts";

/** Which process a program is, or that it is none. */
export type Found =
  | {
      readonly kind: "running";
      /** The program is up for as long as this one lives. */
      readonly process: ProcessRef;
      /**
       * Where a shell is the program: the process that does its work by now, which the pidfile names
       * and which is told to stop. Undefined: `process` itself, or nobody has looked.
       */
      readonly main: ProcessRef | undefined;
      readonly via: Via;
      readonly pidfile: Pidfile;
      /** Other processes that match as well and are none of its workers. */
      readonly others: readonly ProcessRef[];
      /** The launch that has made it, which is on record no more. */
      readonly launch?: string;
      /** It stems from no launch of the program: somebody else has started it, and others beside it. */
      readonly isFree?: true;
    }
  | {
      readonly kind: "absent";
      readonly pidfile: Pidfile;
      /** What matches, and is another program's. */
      readonly taken?: readonly ProcessRef[];
    };

/** It runs, and no other process matches as well. */
export function running(
  process: ProcessRef,
  main: ProcessRef | undefined,
  via: Via,
  pidfile: Pidfile,
): Found & { readonly kind: "running" } {
  return { kind: "running", process, main, via, pidfile, others: [] };
}

/** True where nothing is on record any more: what was launched is known by its mark alone. */
export function isByMark(launch: string | undefined, record: ProgramRecord | undefined): boolean {
  return launch !== undefined && record?.process === undefined;
}
