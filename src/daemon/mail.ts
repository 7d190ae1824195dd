import { Alerter } from "../alerts/alerter.ts";
import { AlertQueue } from "../alerts/queue.ts";
import { findTransport, sender } from "../alerts/transport.ts";
import type { Settings } from "../config/settings.ts";
import type { Emitter } from "../events/event.ts";
import { checkStateDir, fileStem, type StateDir } from "../state/state-dir.ts";

/** What mailing asks for. */
export interface MailPorts {
  readonly state: StateDir;
  /** As they are now: a reread changes them. */
  readonly settings: () => Settings;
  readonly events: Emitter;
  /** Called when a mail went out, or did not. */
  readonly onNews: () => void;
}

/** Goes on with the mails that an earlier usrsvcd left, and takes new ones. */
export function openMail({ state, settings, events, onNews }: MailPorts): Alerter {
  const queue = new AlertQueue(state.mails, fileStem, () => checkStateDir(state));
  for (const file of queue.load()) events.emit({ kind: "alert.dropped", file });
  return new Alerter({
    queue,
    transport: () => findTransport(settings().main),
    sender: sender(),
    intervalMs: () => settings().main.alertIntervalMs,
    recipients: (program) => settings().programs.get(program)?.emailAlerts ?? [],
    events: {
      emit: (event) => {
        events.emit(event);
        onNews();
      },
    },
  });
}
