import { type AlertEvent, alertEvents } from "./alert-events.ts";
import { type CareEvent, careEvents } from "./care-events.ts";
import { type ConfigEvent, configEvents } from "./config-events.ts";
import { type DaemonEvent, daemonEvents } from "./daemon-events.ts";
import { type EndEvent, endEvents } from "./end-events.ts";
import { type FailureEvent, failureEvents } from "./failure-events.ts";
import { type HoldEvent, holdEvents } from "./hold-events.ts";
import { type JobEvent, jobEvents } from "./job-events.ts";
import { type StartEvent, startEvents } from "./start-events.ts";
import { type TroubleEvent, troubleEvents } from "./trouble-events.ts";

/** Of one program. */
export type EventOfProgram =
  StartEvent | EndEvent | FailureEvent | JobEvent | CareEvent | TroubleEvent | HoldEvent;

/** One thing that happened. Whoever makes it happen emits it, once. */
export type UsrsvcEvent = DaemonEvent | AlertEvent | ConfigEvent | EventOfProgram;

/** All that is said of each kind of event, in the order of the manual. */
export const rows = {
  ...daemonEvents,
  ...alertEvents,
  ...configEvents,
  ...startEvents,
  ...endEvents,
  ...failureEvents,
  ...jobEvents,
  ...careEvents,
  ...troubleEvents,
  ...holdEvents,
};

/** The name of what happened: `event` of a line of the log. */
export type Kind = UsrsvcEvent["kind"];

/** The events of some kinds. */
export type EventOf<K extends Kind> = Extract<UsrsvcEvent, { readonly kind: K }>;

type Nameless<E> = E extends unknown ? Omit<E, "program"> : never;

/** The same as `EventOfProgram`, from whoever tells of one program only. */
export type EventOfOne = Nameless<EventOfProgram>;

/** Takes events: whoever tells of them, or all of those. */
export interface Emitter {
  emit(event: UsrsvcEvent): void;
}

/** The kinds that people are mailed about. */
export type MailedKind = {
  [K in Kind]: (typeof rows)[K] extends { readonly mailed: true } ? K : never;
}[Kind];

/** An event that people are mailed about. */
export type MailedEvent = EventOf<MailedKind>;

/** True for an event that people are mailed about. */
export function isMailed(event: UsrsvcEvent): event is MailedEvent {
  return "mailed" in rows[event.kind];
}
