import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pending } from "../../src/alerts/queue.ts";
import { failureOf, mailTrouble } from "../../src/alerts/trouble.ts";
import { anAlert } from "./an-alert.ts";

const failure = { at: "2026-01-02T04:00:00.000Z", reason: "ECONNREFUSED" };
const dueAt = ({ retryAt }: Pending): number => retryAt;

function pending(program: string, change: Partial<Pending> = {}): Pending {
  const alerts = [anAlert({ program })];
  const base = { program, to: ["a@example.com"], alerts, total: 1, attempts: 0 };
  return { ...base, lastSentAt: 0, retryAt: 0, ...change };
}

describe("mailTrouble()", () => {
  test("tells nothing of what only waits for its time", () => {
    assert.equal(mailTrouble([], dueAt), undefined);
    assert.equal(mailTrouble([pending("web")], dueAt), undefined);
  });

  test("tells how many wait, since when, why, when they are tried, and what to do", () => {
    const older = { at: "2026-01-02T03:00:00.000Z", reason: "an older one" };
    const retryAt = Date.parse("2999-01-02T05:00:00.000Z");
    const trouble = mailTrouble(
      [
        pending("web", { total: 3, failure, retryAt }),
        pending("api", { alerts: [anAlert({ at: "2026-01-01T00:00:00.000Z" })] }),
        pending("db", { failure: older, retryAt: retryAt + 1 }),
        pending("last"),
      ],
      dueAt,
    );
    assert.equal(trouble?.since, "2026-01-01T00:00:00.000Z");
    assert.match(
      trouble.text,
      /^4 mails wait to be sent \(web, api, db, 1 more; 6 events\); the last try failed: ECONNREFUSED; next try 2999-01-0[123] \d\d:\d\d:00; check smtp_url and sendmail_path in \[Main\], or the mail server: usrsvcd reread tries at once$/,
    );
  });

  test("names no time of a try that is due: it is under way", () => {
    const text = mailTrouble([pending("web", { failure, retryAt: 0 })], dueAt)?.text ?? "";
    assert.match(text, /; the last try failed: ECONNREFUSED; the next is under way; check /);
  });

  test("tells of a mail that was given up, until one goes out", () => {
    const trouble = mailTrouble([pending("web", { alerts: [], total: 0, failure })], dueAt);
    assert.equal(trouble?.since, failure.at);
    assert.match(trouble.text, /^a mail was given up: the last try failed: ECONNREFUSED; check /);
  });
});

test("failureOf() is one short line without secrets", () => {
  const { reason } = failureOf("no\r\n  smtp://alice:s3cret@box\n".padEnd(1000, "x"));
  assert.match(reason, /^no smtp:\/\/\S+@box x+…$/);
  assert.doesNotMatch(reason, /s3cret/);
});
