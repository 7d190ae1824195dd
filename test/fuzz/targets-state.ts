import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { AlertQueue } from "../../src/alerts/queue.ts";
import { mailTrouble } from "../../src/alerts/trouble.ts";
import { type DaemonInfo, readDaemonInfo } from "../../src/state/daemon-info.ts";
import { type KeptSettings, readKept } from "../../src/state/kept-settings.ts";
import { compareSettings } from "../../src/operations/changes/settings-difference.ts";
import {
  answerPath,
  type Request,
  takeAnswer,
  takeRequest,
} from "../../src/operations/requests/request.ts";
import { programLock } from "../../src/state/lock.ts";
import { lockHolder, lockNote } from "../../src/state/lock-text.ts";
import { launchNote, lostRecord, newLaunchId, unfinishedLaunch } from "../../src/identity/mark.ts";
import { describeCaller } from "../../src/lib/caller.ts";
import { describeHold } from "../../src/state/hold.ts";
import { heldName, readHold, readHoldFile } from "../../src/state/hold-file.ts";
import {
  changeRemembered,
  readRemembered,
  type Remembered,
  rememberedPath,
} from "../../src/state/remembered.ts";
import { readPidfile } from "../../src/state/pidfile.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { readRecord, recordPath } from "../../src/state/record-file.ts";
import { fileStem, makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { requestedAct } from "../../src/state/stop-request.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { anyText, assertCount, spoilt, spoiltJson, type Target, target } from "./target.ts";

const boot = "4f028393-e274-41da-881e-1b9ee92d3333";
const pieces = [
  ...'{}[]":,\n\0 .-0159'.split(""),
  "null",
  "true",
  "1e999",
  "-0",
  "__proto__",
  boot,
  "../",
];

function stateOf(folder: string): StateDir {
  const state = stateDir(join(folder, "state"));
  makeStateDir(state);
  return state;
}

/** JSON that is nearly right, its text spoilt once more; or anything. */
function jsonTexts(...values: readonly object[]): fc.Arbitrary<string> {
  const texts = values.map((value) => JSON.stringify(value));
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.oneof(...values.map(spoiltJson)).map((value) => JSON.stringify(value)),
    },
    { weight: 2, arbitrary: spoilt(texts, pieces) },
    { weight: 1, arbitrary: anyText },
  );
}

const record = {
  ...emptyRecord("web", boot),
  desired: "up",
  state: "running",
  process: { pid: 4711, startTime: 123_456 },
  launched: { pid: 4711, startTime: 123_456 },
  session: 4711,
  image: 1234,
  title: ["nginx: master process"],
  config: "/home/me/usrsvc.cfg",
  pidfile: "/home/me/run/web.pid",
  launch: "5dec0659-4spem-2q9-ypxd7o2j",
  via: "launch",
  launcher: "usrsvcd",
  digest: "d",
  parts: { command: "0a1b", "Env.PORT": "ffff" },
  run: "r",
  lastExit: { at: "2026-01-01T00:00:00.000Z", pid: 12, exit: { kind: "code", code: 1 }, by: "x" },
  ended: { process: { pid: 4711, startTime: 5 }, by: "usrsvc stop" },
  reason: "because",
  nextTryAt: "2026-01-01T00:00:00.000Z",
};

const isText = (value: unknown): boolean => value === undefined || typeof value === "string";

function checkRecord(text: string, folder: string): void {
  const state = stateOf(folder);
  writeFileSync(recordPath(state, "web"), text);
  const { record: read, problem } = readRecord(state, "web", boot);
  if (read === undefined) {
    assert.match(problem ?? "", /web\.json: ./, "what is wrong is told, and the file named");
    return;
  }
  assert.equal(problem, undefined);
  assert.equal(read.name, "web");
  for (const ref of [read.process, read.launched, read.ended?.process]) {
    if (ref === undefined) continue;
    assertCount(ref.pid, "pid", 2);
    assert.ok(Number.isSafeInteger(ref.startTime));
  }
  assertCount(read.restarts, "restarts");
  assertCount(read.failures, "failures");
  const { config, pidfile, launch, digest, run, reason, at, ended, lastExit } = read;
  const nextTryAt = read.state === "backoff" ? read.nextTryAt : undefined;
  const texts = [
    config,
    pidfile,
    launch,
    digest,
    run,
    reason,
    nextTryAt,
    at,
    ended?.by,
    lastExit?.by,
  ];
  assert.ok(texts.every(isText));
  assert.ok(Object.values(read.parts ?? {}).every(isText));
}

const settings = {
  version: 1,
  process: { pid: 4711, startTime: 99 },
  at: "2026-01-01T00:00:00.000Z",
  number: 1,
  salt: "grain",
  main: { pidfile: "/home/me/u.pid", smtp_url: { shown: "smtp://***@x", hash: "0a1b" } },
  programs: [
    ["web", { run: "r", digest: "d", keys: { umask: "0022" }, monitor: { rss_limit: 5 }, env: [] }],
    [
      "db",
      { run: "r", digest: "d", keys: {}, monitor: {}, env: [["A", { shown: "***", hash: "0" }]] },
    ],
  ],
};

function checkSettings(text: string, folder: string): void {
  const state = stateOf(folder);
  writeFileSync(state.settingsFile, text);
  const daemon = { process: settings.process, version: "1", settings: 1 } as unknown as DaemonInfo;
  const read = readKept(state, daemon);
  if ("unknown" in read) return assert.match(read.unknown, /settings\.json/);
  const { kept } = read;
  assert.ok([kept.at, kept.salt].every(isText));
  compareSettings(kept, kept);
  const none: KeptSettings = { ...kept, main: {}, programs: new Map() };
  for (const [one, other] of [[kept, none] as const, [none, kept] as const]) {
    const { main, programs } = compareSettings(one, other);
    assert.equal(programs.length, kept.programs.size);
    assert.ok(main.every(({ old, new: now }) => old !== undefined && now !== undefined));
  }
}

const pidTexts = fc.oneof(
  spoilt(
    ["4711\n", " 17 \nmore\n", "2147483648\n"],
    [..."0159 \n\r\t\0-+.e".split(""), "\ufeff", "０"],
  ),
  anyText,
);

function checkPidfile(text: string, folder: string): void {
  const path = join(folder, "pid");
  writeFileSync(path, text);
  const found = readPidfile(path);
  const [line = ""] = text.split("\n");
  if (found.kind === "pid") {
    assert.equal(String(found.pid), line.trim(), "no other number than the one in the first line");
    assertCount(found.pid, "pid", 1);
  } else {
    assert.equal(found.kind, "garbage");
    assert.doesNotMatch(line.length < 200 ? line.trim() : "", /^[1-9]\d{0,8}$/);
  }
}

const alert = {
  kind: "gave-up",
  program: "web",
  at: "2026-01-01T00:00:00.000Z",
  reason: "it ended",
  next: "stays down",
  output: ["a line"],
  exit: { kind: "code", code: 1 },
  pid: 4711,
};
const mail = {
  program: "web",
  to: ["me@example.org"],
  alerts: [alert],
  total: 1,
  attempts: 0,
  lastSentAt: 0,
  retryAt: 0,
  failure: { at: "2026-01-01T00:00:00.000Z", reason: "ECONNREFUSED" },
};
const mails = fc.oneof(
  jsonTexts(mail),
  spoiltJson(alert).map((one) => JSON.stringify({ ...mail, alerts: [one] })),
);

function checkMail(text: string, folder: string): void {
  const queueFolder = join(folder, "mail");
  mkdirSync(queueFolder, { recursive: true });
  const path = join(queueFolder, "web.json");
  writeFileSync(path, text);
  const queue = new AlertQueue(queueFolder, fileStem);
  const damaged = queue.load();
  const pending = queue.get("web");
  assert.deepEqual(damaged, pending === undefined ? [path] : []);
  if (pending === undefined) return;
  mailTrouble(queue.all(), ({ retryAt }) => retryAt);
  assert.ok(pending.to.length > 0 && pending.alerts.length > 0);
  assertCount(pending.total, "total", 1);
  assertCount(pending.attempts, "attempts");
  for (const { at, output } of pending.alerts) {
    assert.ok(!Number.isNaN(Date.parse(at)));
    assert.ok(output.every((line) => typeof line === "string"));
  }
}

const info = {
  process: { pid: 4711, startTime: 99 },
  boot,
  since: "2026-01-01T00:00:00.000Z",
  version: "2.0.0",
  config: "/home/me/usrsvc.cfg",
  pidfile: "/home/me/.usrsvcd.pid",
  log: "stdout",
  unit: "user",
  endsPrograms: false,
  rereads: 1,
  lastReread: { at: "2026", ok: true, added: ["a"], removed: [], changed: [], problems: [] },
  setAside: ["web"],
  programs: ["web"],
};
const infos = fc.oneof(
  jsonTexts(info),
  spoiltJson(info.lastReread).map((lastReread) => JSON.stringify({ ...info, lastReread })),
);

const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

function checkInfo(text: string, folder: string): void {
  const path = join(folder, "usrsvcd.json");
  writeFileSync(path, text);
  const read = readDaemonInfo(path, boot);
  if (read === undefined) return;
  assert.ok(areTexts(read.setAside), "setAside");
  assert.ok(read.programs === undefined || areTexts(read.programs), "programs");
  assertCount(read.rereads, "rereads");
  const { lastReread: last } = read;
  if (last === undefined) return;
  assert.ok([last.added, last.removed, last.changed, last.problems].every(areTexts), "lastReread");
  assert.equal(typeof last.ok, "boolean");
}

/** A request is void after a minute, and a run takes longer. */
const NOW = "now";

const request: Request = {
  id: "4711-1-mwyao8ii",
  program: "web",
  action: "restart",
  at: NOW,
  asker: { pid: 4711, startTime: 99 } as unknown as Request["asker"],
  fingerprint: "f",
};

function checkRequest(text: string, folder: string): void {
  const state = stateOf(folder);
  const file = "web.4711-1-mwyao8ii.request";
  writeFileSync(
    join(state.programs, file),
    text.replace(`"${NOW}"`, `"${new Date().toISOString()}"`),
  );
  const taken = takeRequest(state, file);
  assert.ok(!readdirSync(state.programs).includes(file), "it is taken, whatever it is");
  if (taken === undefined) return;
  assert.equal(join(state.programs, basename(answerPath(state, taken))), answerPath(state, taken));
  assert.ok(["start", "restart"].includes(taken.action));
  assert.equal(file, `${fileStem(taken.program)}.${taken.id}.request`, "it is the one of its name");
}

const result = { program: "web", action: "start", result: "started", code: 0, message: "started" };
const answers = fc.oneof(
  jsonTexts({ kind: "done", result }, { kind: "declined", why: "older" }),
  spoiltJson(result).map((one) => JSON.stringify({ kind: "done", result: one })),
);

function checkAnswer(text: string, folder: string): void {
  const state = stateOf(folder);
  writeFileSync(answerPath(state, request), text);
  const taken = takeAnswer(state, request);
  if (taken === undefined) return;
  if (taken.kind === "declined") {
    assert.ok(["unknown", "older"].includes(taken.why), `why: ${taken.why}`);
    return;
  }
  assert.equal(taken.kind, "done");
  const { program, message, code, details } = taken.result;
  assert.equal(program, "web");
  assert.equal(typeof message, "string");
  assertCount(code, "code");
  assert.ok(code < 256);
  assert.ok(details === undefined || areTexts(details), "details");
}

const ref = { pid: 4711, startTime: 99 } as unknown as Request["asker"];
const id = newLaunchId("5dec0659", 1000);
const locks = fc.oneof(
  spoilt(
    [launchNote(id, boot), launchNote(id, boot, ref), `down ${boot}`].map(
      (note) => `${"usrsvcd, pid 4711".padEnd(39)}\n${note.padEnd(159)}\n`,
    ),
    pieces,
  ),
  anyText,
);

function checkLock(text: string, folder: string): void {
  const state = stateOf(folder);
  const path = programLock(state, "web");
  writeFileSync(path, text);
  assert.ok(isText(lockHolder(path)));
  const note = lockNote(path);
  assert.doesNotMatch(note, /\n/);
  const launch = unfinishedLaunch(note, undefined, {
    proc: { bootId: () => boot },
    home: "5dec0659",
  });
  if (launch?.launched !== undefined) {
    assertCount(launch.launched.pid, "pid", 1);
    assertCount(launch.launched.startTime, "start time");
  }
  const lost = lostRecord("web", note, boot);
  assert.equal(lost.desired, note === `down ${boot}` ? "down" : "none");
}

const proc = new FakeProc({ pid: 4711, startTime: 99 });
const stops = fc.oneof(
  spoilt([`4711 99 ${proc.bootId()} stop\n`, `4711 99 ${proc.bootId()} restart\n`], pieces),
  anyText,
);

function checkStopRequest(text: string, folder: string): void {
  const state = stateOf(folder);
  writeFileSync(join(state.programs, "web.stop"), text);
  const act = requestedAct(state, "web", proc);
  const names = text.includes("4711") && text.includes("99") && text.includes(proc.bootId());
  assert.ok(act === undefined || names, "who asks lives");
  assert.equal(readdirSync(state.programs).includes("web.stop"), act !== undefined);
}

const by = { account: "ann", as: "web", terminal: "pts/3" };
const hold = {
  version: 1,
  name: "web",
  config: "/home/me/usrsvc.cfg",
  hold: { by, since: "2026-01-01T00:00:00.000Z", until: "2026-01-02T00:00:00.000Z", reason: "gdb" },
  released: { by, at: "2026-01-01T01:00:00.000Z" },
};
const holds = fc.oneof(
  jsonTexts(hold),
  spoiltJson(hold.hold).map((one) => JSON.stringify({ ...hold, hold: one })),
  spoiltJson(by).map((one) => JSON.stringify({ ...hold, hold: { ...hold.hold, by: one } })),
);

const isCaller = (one: Partial<Record<string, unknown>> | undefined): boolean =>
  typeof one?.["account"] === "string" && isText(one["as"]) && isText(one["terminal"]);

/** Whatever stands there, the program is held, and it can be told by whom and until when. */
function checkHold(text: string, folder: string): void {
  const state = stateOf(folder);
  writeFileSync(join(state.programs, "web.hold"), text);
  const read = readHoldFile(state, "web");
  assert.ok(read !== undefined, "what cannot be understood holds all the same");
  const { hold: found, config, released } = read;
  assert.ok(isText(config) && isText(found.reason));
  assert.ok(isCaller({ ...found.by }));
  for (const at of [found.since, found.until, released?.at]) {
    assert.ok(at === undefined || !Number.isNaN(Date.parse(at)));
  }
  assert.doesNotThrow(() => describeHold(found, Date.now()));
  assert.ok(isText(heldName(state, "web")));
  const place = { state, config: "/home/me/usrsvc.cfg" };
  const now = readHold(place, "web", Date.parse("2026-01-01T02:00:00.000Z"));
  assert.ok(now === undefined || released === undefined, "what was released holds nobody");
}

const remembered = {
  program: "web",
  config: "/home/me/usrsvc.cfg",
  at: "2026-01-01T00:00:00.000Z",
  by,
  wasHeld: true,
};
const memories = fc.oneof(
  jsonTexts({ version: 1, programs: [remembered, { ...remembered, program: "db" }] }),
  spoiltJson(remembered).map((one) => JSON.stringify({ version: 1, programs: [one] })),
  spoiltJson(by).map((one) => {
    return JSON.stringify({ version: 1, programs: [{ ...remembered, by: one }] });
  }),
);

/** It is read as a whole, or refused with the file's name and what to do, and never written over. */
async function checkRemembered(text: string, folder: string): Promise<void> {
  const state = stateOf(folder);
  const path = rememberedPath(state);
  writeFileSync(path, text);
  const { config } = remembered;
  let all: readonly Remembered[];
  try {
    all = readRemembered(state, config);
  } catch (error) {
    assert.match((error as Error).message, /remembered\.json cannot be understood; look/);
    await assert.rejects(changeRemembered(state, config, () => []));
    assert.equal(readFileSync(path, "utf8"), Buffer.from(text).toString());
    return;
  }
  for (const one of all) {
    assert.equal(typeof one.program, "string");
    assert.ok(!Number.isNaN(Date.parse(one.at)));
    assert.ok(isCaller({ ...one.by }));
    assert.notEqual(describeCaller(one.by), "");
  }
  const others = JSON.parse(text) as { readonly programs: readonly Remembered[] };
  const left = others.programs.filter((one) => one.config !== config);
  await changeRemembered(state, config, () => []);
  assert.deepEqual(readRemembered(state, config), []);
  const now = JSON.parse(readFileSync(path, "utf8")) as typeof others;
  if (all.length > 0) assert.deepEqual(now.programs, left, "those of other files stay");
}

/** Files that usrsvc writes, and that anything may have become of. */
export const stateTargets: readonly Target[] = [
  target("record", jsonTexts(record), checkRecord),
  target("usrsvcd.settings.json", jsonTexts(settings), checkSettings),
  target("pidfile", pidTexts, checkPidfile),
  target("mail", mails, checkMail),
  target("usrsvcd.json", infos, checkInfo),
  target("request", jsonTexts(request), checkRequest),
  target("answer", answers, checkAnswer),
  target("lock", locks, checkLock),
  target("stop request", stops, checkStopRequest),
  target("hold", holds, checkHold),
  target("remembered.json", memories, checkRemembered),
];
