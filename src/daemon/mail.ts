import { type AlertNews, Alerter } from "../alerts/alerter.ts";
import { AlertQueue } from "../alerts/queue.ts";
import { findTransport, sender } from "../alerts/transport.ts";
import type { MainSettings } from "../config/settings.ts";
import { formatDuration } from "../lib/format.ts";
import type { Log } from "../events/log.ts";
import { checkStateDir, fileStem, type StateDir } from "../state/state-dir.ts";

/** What mailing asks for. */
export interface MailPorts {
  readonly state: StateDir;
  /** As they are now: a reread changes them. */
  readonly settings: () => MainSettings;
  readonly log: Log;
  /** Called when a mail went out, or did not. */
  readonly onNews: () => void;
}

/** Goes on with the mails that an earlier usrsvcd left, and takes new ones. */
export function openMail({ state, settings, log, onNews }: MailPorts): Alerter {
  const queue = new AlertQueue(state.mails, fileStem, () => checkStateDir(state));
  for (const file of queue.load()) {
    const msg = `${file}: no mail that can be understood; set aside as .damaged`;
    log.write("warn", "alert.dropped", { file }, msg);
  }
  return new Alerter({
    queue,
    transport: () => findTransport(settings()),
    sender: sender(),
    intervalMs: () => settings().alertIntervalMs,
    onNews: (news) => {
      tell(news, log);
      onNews();
    },
  });
}

function tell(news: AlertNews, log: Log): void {
  if (news.kind === "saved") {
    return log.write("info", "alert.saved", {}, "no mail waits in memory only any more");
  }
  const { program } = news;
  switch (news.kind) {
    case "sent": {
      const { events } = news;
      return log.write("info", "alert.sent", { program, events }, `${program}: mail sent`);
    }
    case "failed": {
      const { reason, attempts, retryMs } = news;
      const msg = `${program}: mail could not be sent: ${reason}; again in ${formatDuration(retryMs)}`;
      return log.write("warn", "alert.failed", { program, reason, attempts, retryMs }, msg);
    }
    case "unsaved": {
      const { reason } = news;
      const msg = `mails wait in memory only, and would be lost with usrsvcd: ${reason}; tried again`;
      return log.write("warn", "alert.unsaved", { program, reason }, msg);
    }
    case "dropped": {
      const { events, reason } = news;
      const msg = `${program}: a mail on ${events} events is dropped: ${reason}`;
      return log.write("error", "alert.dropped", { program, events, reason }, msg);
    }
  }
}
