import type { ConfigIssue } from "../../config/issue.ts";
import type { ExitCode } from "../../exit-code.ts";
import type { UnknownProgram } from "../choose.ts";
import type { DaemonResult } from "../daemon/result.ts";
import type { HoldWords } from "../one-program/hold-program.ts";
import type { Sending } from "../one-program/signal-program.ts";
import type { ActionResult, Operation } from "../operation.ts";

/** An action on programs. */
export interface Act {
  readonly action: ActionResult["action"];
  /** Of a signal: which, and to whom. */
  readonly sending?: Sending | undefined;
  /** Empty: all. */
  readonly names: readonly string[];
  /** All at once. */
  readonly parallel: boolean;
  /** One after the other, and no further than to the first that fails. */
  readonly isRolling: boolean;
  /** Of a start: from this shell, with its environment, even where usrsvcd runs. */
  readonly isHere: boolean;
  /** Of a restart: of those that run with older settings than the files have, and of no others. */
  readonly isOutdated?: boolean;
  /** Of a start, stop or restart: nobody waits for the end (`--no-wait`). */
  readonly isDetached?: boolean;
  /** Of a start, stop or restart: only say what would be done. */
  readonly isDryRun?: boolean;
  /** Have usrsvcd read the configuration again first. */
  readonly isReread: boolean;
  /** Only on those that are named, and at once: no matter who needs them, or what they start after. */
  readonly isAlone: boolean;
  /** Of a stop: what ran is remembered; of a start: what was remembered is meant. */
  readonly isRemembered?: boolean;
  /** Of a hold: how long, and why. */
  readonly hold?: HoldWords | undefined;
  /** The configuration file; undefined: the one of this account. */
  readonly config: string | undefined;
}

/** What is reported while it is done, in this order. */
export type News =
  /** A process got the new name of its section; `text` says so. */
  | { readonly kind: "renamed"; readonly text: string }
  /** Errors in the configuration of these programs. */
  | { readonly kind: "issues"; readonly issues: readonly ConfigIssue[] }
  | ({ readonly kind: "unknown" } & UnknownProgram)
  /** Nothing can be done until something else is done; `text` says what. */
  | { readonly kind: "waiting"; readonly text: string }
  /** What nobody has named is acted on as well, because of the order; `text` says why. */
  | { readonly kind: "also"; readonly text: string }
  /** What is remembered by now; `text` says so. */
  | { readonly kind: "remembered"; readonly text: string }
  /** The rest is left alone, after one that has failed; `text` says what. */
  | { readonly kind: "broken-off"; readonly text: string }
  /** Nothing needs what was asked for; `text` says so. */
  | { readonly kind: "nothing-to-do"; readonly text: string }
  /** Nothing was done at all; `text` says why. */
  | { readonly kind: "nothing-done"; readonly text: string }
  /** The outcome of the reread by usrsvcd; if it failed, nothing else was done. */
  | { readonly kind: "reread"; readonly result: DaemonResult }
  /** The result for one program. */
  | { readonly kind: "result"; readonly result: ActionResult };

/** The ports of an action. */
export interface ActPorts {
  readonly tell: (news: News) => void;
  /** Runs what must not be interrupted in the middle: its signal asks it to end in good order. */
  readonly guard: (act: (signal: AbortSignal) => Promise<ExitCode>) => Promise<ExitCode>;
  readonly onProgress: Operation["onProgress"];
  readonly debug: Operation["debug"];
  /** Of what nobody waits for: all that can begin has begun; `names` have no result yet, but for what was told instead. */
  readonly onBegun?: (names: readonly string[]) => void;
}
