import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { actionView } from "../../../src/cli/hosts/action-view.ts";
import { eventsView } from "../../../src/cli/hosts/events-view.ts";
import { statusView } from "../../../src/cli/hosts/status-view.ts";
import { textView } from "../../../src/cli/hosts/text-view.ts";
import type { ViewContext } from "../../../src/cli/hosts/view.ts";
import { displayWidth } from "../../../src/cli/terminal/width.ts";
import type { HostTarget } from "../../../src/config/hosts.ts";
import type { HostProblem } from "../../../src/operations/hosts/ssh-failure.ts";
import { type FakeScreen, fakeScreen } from "../../support/fake-screen.ts";

function host(name: string): HostTarget {
  return {
    name,
    destination: { host: name, user: undefined, port: undefined },
    command: undefined,
  };
}

const [one, other] = [host("web1"), host("db")];
const silent: HostProblem = { result: "silent", message: "no answer within 10 s", next: "wait" };

/** The same on a terminal of so many columns. */
function onTerminal(
  command: string,
  columns: number,
  targets: readonly HostTarget[],
): ViewContext & { readonly screen: FakeScreen } {
  const screen = { ...fakeScreen(), display: { columns, colours: 0 as const } };
  return { json: false, command, targets, isEndless: false, screen };
}

/** Lines that were said, all of which must fit. */
function fitting({ said }: FakeScreen, columns: number): readonly string[] {
  const lines = said.flatMap(([, text]) => text.split("\n"));
  for (const line of lines) assert.ok(displayWidth(line) <= columns, line);
  return lines;
}

const wide = host("注文処理サーバー-customer-notification.europe-west.example.com");

function context(
  command: string,
  more: Partial<ViewContext> = {},
): ViewContext & { readonly screen: FakeScreen } {
  const screen = fakeScreen();
  const targets = [one, other];
  return { json: false, command, targets, isEndless: false, ...more, screen };
}

describe("the table of hosts", () => {
  test("is in their order, whoever answers first, with notes once", () => {
    const given = context("status");
    const view = statusView(given);
    const up = { program: "shop", state: "running", pid: 7, restarts: 0, notes: ["n"] };
    assert.ok(view.show(other, { ...up, program: "pg" }));
    assert.ok(view.show(one, up));
    assert.equal(view.show(one, { message: "m" }), false);
    view.tellProblem(other, silent, 1);
    view.finish();
    assert.deepEqual(given.screen.said, [
      [
        "page",
        [
          "HOST  PROGRAM  STATE    PID  UPTIME  MEMORY  CPU  RESTARTS  LAST EXIT",
          "web1  shop     running  7    -       -       -    0         -",
          "db    pg       running  7    -       -       -    0         -",
          "db    -        silent   -    -       -       -    -         -",
          "    why: no answer within 10 s",
          "    next: wait",
        ].join("\n"),
      ],
      ["result", "note: web1, db: n"],
    ]);
  });

  test("is a stream of objects for a script, a host without an answer among them", () => {
    const given = context("status", { json: true });
    const view = statusView(given);
    view.show(other, { program: "pg", host: "forged", extra: 1 });
    view.tellProblem(one, silent, 1);
    view.finish();
    assert.deepEqual(
      given.screen.said.map(([, text]) => JSON.parse(text) as unknown),
      [
        { host: "web1", action: "status", exitCode: 1, ...silent },
        { host: "db", program: "pg", extra: 1 },
      ],
    );
  });
});

describe("on a terminal", () => {
  test("the table of hosts and what is below it fit", () => {
    const given = onTerminal("status", 80, [one, wide]);
    const view = statusView(given);
    const up = { program: "shop", state: "running", pid: 7, restarts: 0, notes: ["n ".repeat(60)] };
    view.show(one, { ...up, reason: "because ".repeat(20) });
    view.show(one, { ...up, state: "odd-".repeat(20) });
    view.tellProblem(wide, { ...silent, message: "why ".repeat(40) }, 1);
    view.finish();
    const lines = fitting(given.screen, 80);
    assert.match(lines[0] ?? "", /^HOST +PROGRAM +STATE +PID/);
    assert.match(lines.join("\n"), /^web1 .*\n {4}why: because/m);
    assert.match(lines.join("\n"), /^注文処理\S*…\S*\.com +- +silent/m);
    assert.match(lines.join("\n"), /^note: web1: n n/m);
  });

  test("lines of a host go on below its name, even a word that is as long as the line", () => {
    const given = onTerminal("logs", 60, [one, wide]);
    const view = textView(given);
    const forged = `${"x".repeat(54)}db: a line of another host ${"y".repeat(80)}`;
    assert.ok(view.showLine?.(one, forged));
    assert.ok(view.showLine?.(wide, "a word or two ".repeat(9)));
    const lines = fitting(given.screen, 60);
    for (const line of lines) assert.match(line, /^(?:web1: |注文\S*…\S*com: | {6,})/);
    assert.equal(lines.filter((line) => line.startsWith("web1: ")).length, 1);
  });

  test("events fit from 50 columns on", () => {
    for (const columns of [50, 80, 200]) {
      const given = onTerminal("events", columns, [one, wide]);
      const view = eventsView(given);
      const event = { time: "2030-01-31T04:10:00.000Z", level: "error", msg: "broke ".repeat(30) };
      view.show(one, { ...event, output: ["z".repeat(300)] });
      view.finish();
      const lines = fitting(given.screen, columns);
      assert.match(lines[0] ?? "", /^web1 +2030-/);
      const more = lines.slice(1).filter((line) => !/^(?:web1| )/.test(line));
      assert.deepEqual(more, []);
    }
  });
});

test("results of actions come with their host, failures where complaints go", () => {
  const given = context("stop");
  const view = actionView(given);
  assert.ok(view.show(one, { program: "a", message: "stopped", exitCode: 0, details: ["d"] }));
  assert.ok(view.show(one, { program: "b", message: "busy", exitCode: 11 }));
  assert.ok(view.show(one, { program: "c", message: "m", exitCode: 133, result: "undefined" }));
  view.tellProblem(other, silent, 1);
  assert.deepEqual(given.screen.said, [
    ["result", "web1: a: stopped\n    d"],
    ["complain", "web1: b: busy"],
    ["complain", "db: no answer within 10 s\n    wait"],
  ]);
});

describe("events of hosts", () => {
  const at = (minute: number): object => ({
    time: `2030-01-31T04:${minute}:00.000Z`,
    level: "info",
    event: "e",
    msg: `m${minute}`,
    output: ["$& $1"],
  });

  test("are sorted by time, and the latest of all are shown", () => {
    const given = context("events", { most: 2 });
    const view = eventsView(given);
    for (const minute of [10, 30]) view.show(one, { ...at(minute) });
    view.show(other, { ...at(20) });
    view.finish();
    const lines = given.screen.said.flatMap(([, text]) => text.split("\n"));
    assert.match(lines[0] ?? "", /^db {4}2030-.* {2}m20$/);
    assert.equal(lines[1], "db        | $& $1");
    assert.match(lines[2] ?? "", /^web1 {2}2030-.* {2}m30$/);
    assert.equal(lines.length, 4);
  });

  test("are shown as they come while they are followed", () => {
    const given = context("events", { isEndless: true });
    eventsView(given).show(one, { ...at(10) });
    assert.equal(given.screen.said.length, 1);
  });
});

test("lines of text come with their host in front", () => {
  const given = context("other");
  textView(given).showLine?.(one, "a line");
  assert.deepEqual(given.screen.said, [["page", "web1: a line"]]);
  const json = context("other", { json: true });
  const view = textView(json);
  assert.equal(view.showLine?.(one, "no object"), false);
  assert.equal(view.showLine?.(one, '{"a":1}'), true);
  assert.deepEqual(json.screen.said, [["page", '{"host":"web1","a":1}']]);
});
