import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Alert, type AlertKind, alertKinds } from "../../src/alerts/alert.ts";
import { composeMessage } from "../../src/alerts/message.ts";
import { anAlert } from "./an-alert.ts";

const sender = { host: "box", user: "alice" };

describe("composeMessage", () => {
  test("tells host, user, program, what and why in the subject", () => {
    const { subject } = composeMessage([anAlert()], 1, sender);
    assert.equal(subject, "[alice@box] web was restarted: exited with code 3");
  });

  test("tells all facts in the body", () => {
    const { body } = composeMessage([anAlert()], 1, sender);
    assert.equal(
      body,
      [
        "Program web of user alice on box:",
        "",
        "  When:     2026-01-02T03:04:05.678Z",
        "  What:     was restarted",
        "  Why:      exited with code 3",
        "  Exit:     code 3",
        "  Process:  4711",
        "  Next:     usrsvcd watches it",
        "  Last output:",
        "    | first line",
        "    | last line",
        "",
        "-- ",
        "usrsvcd",
      ].join("\n"),
    );
  });

  for (const [exit, text] of [
    [{ code: 0 }, "code 0"],
    [{ signal: "SIGKILL" }, "SIGKILL"],
    [{ signal: "SIGSEGV", coreDumped: true }, "SIGSEGV (core dumped)"],
    [{ unknown: true }, "unknown"],
  ] as const) {
    test(`tells an exit as ${text}`, () => {
      assert.match(
        composeMessage([anAlert({ exit })], 1, sender).body,
        new RegExp(`Exit: +${text.replace(/[()]/g, "\\$&")}\n`),
      );
    });
  }

  test("leaves out what is not known", () => {
    const alert = anAlert({ exit: undefined, pid: undefined, output: [] });
    assert.doesNotMatch(composeMessage([alert], 1, sender).body, /Exit|Process|output|undefined/);
  });

  test("has words for each kind", () => {
    const kinds = Object.keys(alertKinds) as readonly AlertKind[];
    const subjectOf = (kind: AlertKind): string =>
      composeMessage([anAlert({ kind })], 1, sender).subject;
    assert.equal(new Set(kinds.map(subjectOf)).size, kinds.length);
    assert.match(subjectOf("gave-up"), /gave up/);
  });

  test("of many events says how many, and tells the latest 10 in full", () => {
    const alerts = Array.from({ length: 20 }, (_, index) =>
      anAlert({ reason: `reason ${index}.` }),
    );
    const { subject, body } = composeMessage(alerts, 1234, sender);
    assert.equal(subject, "[alice@box] web was restarted (1234 events): reason 19.");
    assert.match(body, /^1234 events of program web of user alice on box, the latest 10 in full:/);
    assert.equal(body.match(/Why:/g)?.length, 10);
    assert.ok(body.includes("reason 10.") && body.includes("reason 19."));
    assert.ok(!body.includes("reason 9."));
  });

  test("of many of which one is kept tells that one", () => {
    const { body } = composeMessage([anAlert()], 7, sender);
    assert.match(body, /^7 events .* the latest one in full:/);
  });

  test("cuts a long subject, and no long body", () => {
    const { subject, body } = composeMessage([anAlert({ reason: "x".repeat(5000) })], 1, sender);
    assert.ok(subject.length <= 151, String(subject.length));
    assert.ok(body.includes("x".repeat(5000)));
  });

  for (const bad of [
    "\r\nBcc: eve@x",
    "\nBcc: eve@x",
    "\rBcc:",
    "\u0000",
    "\u001B[2J",
    "\u0085",
    "\u2028Bcc:",
    "\u2029",
  ]) {
    test(`lets no ${JSON.stringify(bad)} into the subject or break a line of the body`, () => {
      const alert = anAlert({
        program: `web${bad}`,
        reason: `why${bad}`,
        next: `next${bad}`,
        output: [`out${bad}`],
        at: `now${bad}`,
      });
      const { subject, body } = composeMessage([alert, alert], 2, sender);
      assert.doesNotMatch(subject, /[\p{Cc}\u2028\u2029]/u);
      assert.doesNotMatch(body, /[^\P{Cc}\n]|[\u2028\u2029]/u);
      assert.doesNotMatch(body, /^Bcc/m);
    });
  }

  test("of any names and reasons makes one line of subject", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (program, reason) => {
        const { subject, body } = composeMessage([anAlert({ program, reason })], 1, sender);
        assert.doesNotMatch(subject, /[\p{Cc}\u2028\u2029]/u);
        assert.equal(body.split("\n").length, 14);
      }),
    );
  });

  test("lets no encoded word of a name or reason be decoded", () => {
    const word = "=?UTF-8?Q?=0D=0ABcc:_eve=40x?=";
    const { subject } = composeMessage([anAlert({ program: word, reason: word })], 1, sender);
    assert.doesNotMatch(subject, /=\?/);
  });

  test("about nothing is a bug", () => {
    const nothing: readonly Alert[] = [];
    assert.throws(() => composeMessage(nothing, 0, sender), TypeError);
  });
});
