import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localSecond } from "../../src/lib/format.ts";
import { describe, test, type TestContext } from "node:test";
import type { Kind, UsrsvcEvent } from "../../src/events/event.ts";
import { Alerter, DROPPED_AFTER_MS } from "../../src/alerts/alerter.ts";
import type { Message } from "../../src/alerts/message.ts";
import { AlertQueue } from "../../src/alerts/queue.ts";
import type { Transport } from "../../src/alerts/transport.ts";
import { fileStem } from "../../src/state/state-dir.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";
import { FakeTime, later, settled } from "../monitors/fake-time.ts";

const to = ["alice@example.com"];
const MINUTE = 60_000;

/** An alerter, its clock, and a mail server that a test can break. */
class Scene {
  readonly time: FakeTime;
  readonly folder: string;
  readonly mails: (Message & { readonly to: readonly string[]; readonly at: number })[] = [];
  readonly news: UsrsvcEvent[] = [];
  /** When a mail was tried, in minutes since the beginning. */
  readonly tries: number[] = [];
  /** What a mail meets; undefined: it is taken. */
  obstacle: ((message: Message, signal?: AbortSignal) => Promise<void>) | undefined;
  intervalMs = MINUTE;
  to: readonly string[] = to;
  hasTransport = true;
  alerter: Alerter;
  queue: AlertQueue;
  readonly #begin: number;

  constructor(t: TestContext) {
    this.time = new FakeTime(t);
    this.#begin = this.time.now;
    this.folder = join(tempDir(t), "mail");
    this.queue = new AlertQueue(this.folder, fileStem);
    this.alerter = this.open();
    cleanUp(t, () => this.alerter[Symbol.dispose]());
  }

  /** As the next usrsvcd does. */
  open(): Alerter {
    this.queue = new AlertQueue(this.folder, fileStem);
    this.queue.load();
    this.alerter = new Alerter({
      queue: this.queue,
      transport: () => (this.hasTransport ? this.#transport : undefined),
      sender: { host: "box", user: "alice" },
      intervalMs: () => this.intervalMs,
      recipients: () => this.to,
      events: { emit: (event) => void this.news.push(event) },
    });
    return this.alerter;
  }

  alert(reason = "why", program = "web"): void {
    this.alerter.emit({
      kind: "program.started",
      program,
      pid: 4711,
      via: "launch",
      livedMs: 1000,
      cause: "restarted",
      reason,
      last: { exit: { kind: "code", code: 3 }, pid: 4710, output: ["last line"] },
    });
  }

  get minutes(): number {
    return (this.time.now - this.#begin) / MINUTE;
  }

  get subjects(): readonly string[] {
    return this.mails.map(({ subject }) => subject.replace(/^\[alice@box\] /, ""));
  }

  newsOf(kind: Kind): readonly UsrsvcEvent[] {
    return this.news.filter((one) => one.kind === kind);
  }

  readonly #transport: Transport = async (message, addresses, signal) => {
    this.tries.push(this.minutes);
    await this.obstacle?.(message, signal);
    this.mails.push({ ...message, to: addresses, at: this.minutes });
  };
}

const down = async (): Promise<void> => await Promise.reject(new Error("ECONNREFUSED"));

describe("Alerter", () => {
  test("tells what keeps mails back, also the next one, until they went out", async (t) => {
    const scene = new Scene(t);
    scene.obstacle = down;
    scene.alert();
    await settled();
    assert.match(scene.alerter.trouble()?.text ?? "", /^1 mail waits .*: ECONNREFUSED; next try /);
    scene.alerter[Symbol.dispose]();
    scene.open();
    assert.match(scene.alerter.trouble()?.text ?? "", /^1 mail waits .*: ECONNREFUSED; next try /);
    scene.obstacle = undefined;
    scene.alerter.retry();
    await settled();
    assert.deepEqual(scene.subjects, ["web was restarted: why"]);
    assert.equal(scene.alerter.trouble(), undefined);
  });

  test("tells when it is tried next, as it will be", async (t) => {
    const scene = new Scene(t);
    const text = (): string => scene.alerter.trouble()?.text ?? "";
    const inMinutes = (count: number): string =>
      `next try ${localSecond(new Date(scene.time.wall + count * MINUTE).toISOString())}; `;
    scene.obstacle = down;
    scene.alert();
    await settled();
    assert.ok(text().includes(inMinutes(1)), text());
    scene.obstacle = async () => await later<void>().promise;
    scene.alerter.retry();
    await settled();
    assert.match(text(), /ECONNREFUSED; the next is under way; check /);
    assert.deepEqual(scene.tries, [0, 0]);
  });

  test("tells also of a mail whose next try is at no date that there is", async (t) => {
    const scene = new Scene(t);
    scene.obstacle = down;
    scene.alert();
    await settled();
    const file = join(scene.folder, "web.json");
    const pending = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...pending, retryAt: Number.MAX_SAFE_INTEGER }));
    scene.alerter[Symbol.dispose]();
    scene.open();
    assert.match(scene.alerter.trouble()?.text ?? "", /^1 mail waits .*: ECONNREFUSED; /);
  });

  test("mails the first event at once, to whom it may concern", async (t) => {
    const scene = new Scene(t);
    scene.alert();
    await settled();
    assert.deepEqual(scene.subjects, ["web was restarted: why"]);
    assert.deepEqual(scene.mails[0]?.to, to);
    assert.deepEqual(scene.news, [{ kind: "alert.sent", program: "web", events: 1 }]);
  });

  test("mails nothing of a program that nobody wants mail of", async (t) => {
    const scene = new Scene(t);
    scene.to = [];
    scene.alert();
    await scene.time.advance(MINUTE);
    assert.equal(scene.mails.length, 0);
  });

  test("mails nothing of what is no news to people", async (t) => {
    const scene = new Scene(t);
    const stuck = { kind: "program.stuck", program: "web", pid: 1, state: "D" } as const;
    scene.alerter.emit({ ...stuck, reason: undefined, isKnown: true });
    scene.alerter.emit({ kind: "program.stopped", program: "web", why: "disabled" });
    scene.alerter.emit({ kind: "daemon.ready", programs: 1 });
    await scene.time.advance(MINUTE);
    assert.deepEqual(scene.subjects, []);
    scene.alerter.emit({ ...stuck, reason: undefined, isKnown: false });
    await scene.time.advance(MINUTE);
    assert.match(scene.subjects.join(), /^web cannot be ended: pid 1 outlives SIGKILL/);
  });

  test("makes one mail an interval of a storm, each saying how many events it stands for", async (t) => {
    const scene = new Scene(t);
    for (let second = 0; second < 180; second += 1) {
      scene.alert(`event ${second}.`);
      await scene.time.advance(1000);
    }
    assert.deepEqual(scene.subjects, [
      "web was restarted: event 0.",
      "web was restarted (59 events): event 59.",
      "web was restarted (60 events): event 119.",
      "web was restarted (60 events): event 179.",
    ]);
    assert.deepEqual(
      scene.mails.map(({ at }) => at),
      [0, 1, 2, 3],
    );
    const told = scene.news.map((news) => (news.kind === "alert.sent" ? news.events : 0));
    assert.equal(
      told.reduce((sum, count) => sum + count),
      180,
    );
  });

  test("mails each program on its own", async (t) => {
    const scene = new Scene(t);
    for (let index = 0; index < 30; index += 1) scene.alert("why", `p${index}`);
    await settled();
    assert.equal(scene.mails.length, 30);
  });

  test("mails at once again when the interval has passed", async (t) => {
    const scene = new Scene(t);
    scene.alert("one");
    await scene.time.advance(MINUTE);
    scene.alert("two");
    await settled();
    assert.equal(scene.mails.length, 2);
    assert.equal(scene.time.timers, 0);
  });

  test("follows an interval that is changed by a reread", async (t) => {
    const scene = new Scene(t);
    scene.alert("one");
    await scene.time.advance(1000);
    scene.intervalMs = 0;
    scene.alert("two");
    await settled();
    assert.equal(scene.mails.length, 2);
  });

  test("tries again after 1, 2, 4 … minutes, at most an hour", async (t) => {
    const scene = new Scene(t);
    scene.obstacle = down;
    scene.alert();
    await scene.time.advance(300 * MINUTE);
    assert.deepEqual(scene.tries, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    assert.deepEqual(scene.news[0], {
      kind: "alert.failed",
      program: "web",
      reason: "ECONNREFUSED",
      attempts: 1,
      retryMs: MINUTE,
    });
    scene.obstacle = undefined;
    await scene.time.advance(60 * MINUTE);
    assert.equal(scene.mails.length, 1);
    await scene.time.advance(1000 * MINUTE);
    assert.equal(scene.mails.length, 1, "and never again");
  });

  test("new events do not hurry a mail that waits, and go with it", async (t) => {
    const scene = new Scene(t);
    scene.obstacle = down;
    scene.alert();
    for (let second = 0; second < 170; second += 10) {
      await scene.time.advance(10_000);
      scene.alert();
    }
    assert.deepEqual(scene.tries, [0, 1]);
    scene.obstacle = undefined;
    await scene.time.advance(MINUTE);
    assert.deepEqual(scene.subjects, ["web was restarted (18 events): why"]);
  });

  test("after a success a failure begins with a minute again", async (t) => {
    const scene = new Scene(t);
    scene.obstacle = down;
    scene.alert();
    await scene.time.advance(4 * MINUTE);
    scene.obstacle = undefined;
    await scene.time.advance(4 * MINUTE);
    scene.obstacle = down;
    scene.alert();
    await settled();
    assert.equal(scene.news.at(-1)?.kind, "alert.failed");
    assert.equal((scene.news.at(-1) as { attempts: number }).attempts, 1);
  });

  test("drops a mail after three days, and says so", async (t) => {
    const scene = new Scene(t);
    scene.obstacle = down;
    scene.alert();
    scene.alert();
    await scene.time.advance(DROPPED_AFTER_MS);
    assert.deepEqual(scene.newsOf("alert.dropped"), []);
    await scene.time.advance(60 * MINUTE);
    assert.deepEqual(scene.newsOf("alert.dropped"), [
      {
        kind: "alert.dropped",
        program: "web",
        events: 2,
        reason: "not sent for 3 d: ECONNREFUSED",
      },
    ]);
    const tries = scene.tries.length;
    await scene.time.advance(DROPPED_AFTER_MS);
    assert.equal(scene.tries.length, tries);
    scene.obstacle = undefined;
    scene.alert("news");
    await settled();
    assert.deepEqual(scene.subjects, ["web was restarted: news"]);
  });

  test("waits for a sendmail to be installed", async (t) => {
    const scene = new Scene(t);
    scene.hasTransport = false;
    scene.alert();
    await settled();
    assert.match((scene.news[0] as { reason: string }).reason, /no sendmail .* no smtp_url/);
    scene.hasTransport = true;
    await scene.time.advance(MINUTE);
    assert.equal(scene.mails.length, 1);
  });

  test("a mail that hangs delays no other program", async (t) => {
    const scene = new Scene(t);
    const hanging = later<void>();
    scene.obstacle = async ({ subject }) => {
      if (subject.includes("slow")) await hanging.promise;
    };
    for (const program of ["slow1", "slow2", "slow3", "web"]) scene.alert("why", program);
    scene.alert("two", "slow1");
    await scene.time.advance(10 * MINUTE);
    assert.deepEqual(scene.subjects, ["web was restarted: why"]);
    assert.equal(scene.tries.length, 4, "and is not sent twice");
    hanging.resolve();
    await scene.time.advance(MINUTE);
    assert.equal(scene.mails.length, 5);
  });

  test("events that come while a mail is on its way are kept for the next", async (t) => {
    const scene = new Scene(t);
    const sending = later<void>();
    scene.obstacle = async () => await sending.promise;
    scene.alert("one");
    for (let count = 0; count < 30; count += 1) scene.alert(`later ${count}.`);
    sending.resolve();
    await scene.time.advance(MINUTE);
    assert.deepEqual(scene.subjects, [
      "web was restarted: one",
      "web was restarted (30 events): later 29.",
    ]);
    assert.ok(!scene.mails[1]?.body.includes("one\n"));
  });

  test("what a usrsvcd could not mail, the next one does, as a whole", async (t) => {
    const scene = new Scene(t);
    scene.obstacle = down;
    scene.alert("one");
    scene.alert("two");
    await settled();
    scene.alerter[Symbol.dispose]();
    scene.obstacle = undefined;
    scene.open();
    await scene.time.advance(MINUTE);
    assert.deepEqual(scene.subjects, ["web was restarted (2 events): two"]);
    scene.alerter[Symbol.dispose]();
    scene.open();
    await scene.time.advance(MINUTE);
    assert.equal(scene.mails.length, 1);
  });

  test("a usrsvcd that leaves breaks off the mail on its way, which the next one sends", async (t) => {
    const scene = new Scene(t);
    const leaving = later<void>();
    scene.obstacle = async (_message, signal) => {
      signal?.addEventListener("abort", () => leaving.reject(new Error("broken off")));
      await leaving.promise;
    };
    scene.alert();
    await settled();
    scene.alerter[Symbol.dispose]();
    await settled();
    assert.deepEqual(scene.news, [], "that is no failure");
    scene.obstacle = undefined;
    scene.open();
    await settled();
    assert.equal(scene.mails.length, 1);
  });

  for (const [name, jump] of [
    ["back by a year", -365 * 24 * 60 * MINUTE],
    ["back by two hours", -120 * MINUTE],
    ["ahead by a day", 24 * 60 * MINUTE],
  ] as const) {
    test(`a clock that is set ${name} holds no mail`, async (t) => {
      const scene = new Scene(t);
      scene.alert("one");
      await settled();
      scene.alert("two");
      scene.time.wallOffset += jump;
      await scene.time.advance(MINUTE);
      assert.equal(scene.mails.length, 2);
      scene.obstacle = down;
      await scene.time.advance(2 * MINUTE);
      scene.alert("three");
      await settled();
      scene.time.wallOffset += jump;
      scene.obstacle = undefined;
      await scene.time.advance(61 * MINUTE);
      assert.equal(scene.mails.length, 3);
    });
  }

  test("a disk that takes nothing is told, and keeps no mail back", async (t) => {
    const scene = new Scene(t);
    mkdirSync(join(scene.folder, ".."), { recursive: true });
    writeFileSync(scene.folder, "a file in the place of the folder");
    scene.alert();
    await settled();
    const kinds = (): readonly string[] => scene.news.map(({ kind }) => kind);
    assert.deepEqual(kinds(), ["alert.unsaved", "alert.sent"]);
    assert.equal(scene.mails.length, 1);
    await scene.time.advance(60 * MINUTE);
    assert.equal(scene.mails.length, 1);
    scene.obstacle = down;
    scene.alert("two");
    scene.alerter.check();
    assert.ok(!kinds().includes("alert.saved"), "told once, and not over");
    rmSync(scene.folder);
    scene.alerter.check();
    assert.equal(kinds().filter((kind) => kind === "alert.unsaved").length, 1);
    assert.equal(kinds().filter((kind) => kind === "alert.saved").length, 1);
    assert.equal(readdirSync(scene.folder).length, 1, "what waits is on disk");
  });

  test("mails nothing any more when it is ended", async (t) => {
    const scene = new Scene(t);
    scene.alert("one");
    await settled();
    scene.alert("two");
    scene.alerter[Symbol.dispose]();
    await scene.time.advance(60 * MINUTE);
    assert.equal(scene.mails.length, 1);
    assert.equal(scene.time.timers, 0);
  });
});
