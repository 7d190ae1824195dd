import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join, relative } from "node:path";
import { hostname, userInfo } from "node:os";
import { test, type TestContext } from "node:test";
import { SMTPServer } from "smtp-server";
import { Home, isAlive, type LogLine, sleeper, waitFor } from "./home.ts";
import { daemonPid } from "./looks.ts";
import { cleanUp } from "../support/clean-up.ts";

const PASSWORD = "s3cret-of-this-test";
const me = `[${userInfo().username}@${hostname()}]`;

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  /** Headers, unfolded, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function parseMail(from: string, to: readonly string[], raw: string): Mail {
  const text = raw.replaceAll("\r\n", "\n");
  const end = text.indexOf("\n\n");
  const lines = text
    .slice(0, end)
    .replaceAll(/\n[ \t]+/g, " ")
    .split("\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim()));
  }
  const encoding = headers.get("content-transfer-encoding");
  const body = text.slice(end + 2);
  return {
    from,
    to,
    text,
    headers,
    body: encoding === "quoted-printable" ? decodeQuoted(body) : body,
  };
}

/** RFC 2047, as nodemailer writes it. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?= +=\?/g, "?==?")
    .replaceAll(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === "B"
        ? Buffer.from(word, "base64").toString("utf8")
        : decodeQuoted(word.replaceAll("_", " ")),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text
    .replaceAll("=\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** A mail server that wants a password; `url` is for `smtp_url`. */
class MailServer {
  readonly mails: Mail[] = [];
  readonly logins: string[] = [];
  readonly #server: SMTPServer;
  port = 0;

  constructor(t: TestContext) {
    this.#server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      disableReverseLookup: true,
      onAuth: ({ username, password }, _session, done) => {
        this.logins.push(`${username}:${password}`);
        if (password === PASSWORD) done(null, { user: username });
        else done(new Error("wrong password"));
      },
      onData: (stream, { envelope }, done) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
          const to = envelope.rcptTo.map(({ address }) => address);
          this.mails.push(parseMail(from, to, Buffer.concat(chunks).toString("utf8")));
          done();
        });
      },
    });
    this.#server.on("error", () => {}); // a client that was killed
    cleanUp(t, () => this.#server.close());
  }

  /** Begins to serve; `port` 0: any. */
  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.port = (this.#server.server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `smtp_url = "smtp://alice:${PASSWORD}@127.0.0.1:${this.port}"`;
  }

  /** The first mail whose subject matches. */
  async mail(subject: RegExp): Promise<Mail> {
    return await waitFor(`a mail ${subject}`, () =>
      this.mails.find(({ headers }) => subject.test(headers.get("subject") ?? "")),
    );
  }
}

function linesOf(home: Home, event: string): readonly LogLine[] {
  return home.log().filter((line) => line.event === event);
}

async function logged(home: Home, event: string, program?: string): Promise<LogLine> {
  return await waitFor(`${event} in the log`, () =>
    linesOf(home, event).find((line) => program === undefined || line.program === program),
  );
}

/** A mail may take a minute: half of that is waited for by nobody. */
const HALF_A_TRY_MS = 30_000;

const email_alerts = "alice@example.com, bob@example.com";

test("each event is mailed to all addresses through an SMTP server with a password", async (t) => {
  const server = await new MailServer(t).listen();
  const home = new Home(t, `${server.url}\nalert_interval = 0`);
  const stale = home.file("stale");
  writeFileSync(stale, "");
  home
    .program("web", { command: sleeper(), email_alerts })
    .program("quiet", { command: sleeper() })
    .program("bad", {
      command: "/bin/sh -c 'echo no database; exit 3'",
      email_alerts,
      maxrestarts: "2",
    })
    .program(
      "idle",
      { command: sleeper(), email_alerts },
      `[[Monitor]]\nactivityfile = ${stale}\nactivityfile_limit = 1s\nmonitor_after = 1s\n`,
    );
  await home.usrsvcd();
  const started = await server.mail(/web was found not running, and was started/);
  const pid = await home.running("web");
  assert.deepEqual(started.to, ["alice@example.com", "bob@example.com"]);
  assert.equal(started.from, `${userInfo().username}@${hostname()}`);
  assert.equal(
    started.headers.get("subject"),
    `${me} web was found not running, and was started: it was not running`,
  );
  assert.match(started.body, new RegExp(`Process: +${pid}`));
  process.kill(pid, "SIGKILL");
  const restarted = await server.mail(/web was restarted: killed by SIGKILL/);
  assert.match(restarted.body, /Exit: +SIGKILL/);
  assert.match(restarted.body, /Next: +usrsvcd watches it/);
  const failed = await server.mail(/bad failed to start: exited with code 3/);
  assert.match(failed.body, /Exit: +code 3\n(.|\n)*Next: .*failure 1 of 2(.|\n)*\| no database/);
  const gaveUp = await server.mail(/bad is down: usrsvcd gave up/);
  assert.match(gaveUp.body, /Why: +exited with code 3/);
  assert.match(gaveUp.body, /Next: +nothing, until you fix it and run usrsvc start bad/);
  assert.match(gaveUp.body, /\| no database/);
  const exceeded = await server.mail(/idle exceeded a limit, and was restarted/);
  assert.match(exceeded.body, /stale has not been touched for .* \(activityfile_limit 1 s\)/);
  for (const mail of server.mails) {
    assert.match(mail.body, new RegExp(`of user ${userInfo().username} on ${hostname()}`));
    assert.match(mail.body, /When: +\d{4}-/);
  }
  assert.ok(!server.mails.some(({ text }) => text.includes("quiet")));
  await waitFor("its lines", () => linesOf(home, "alert.sent").length >= 5);
});

test("the password of the mail server is in no log, status, check, record or command line", async (t) => {
  const server = await new MailServer(t).listen();
  const wrong = server.url.replace(PASSWORD, `${PASSWORD}-wrong`);
  const home = new Home(t, wrong).program("web", { command: sleeper(), email_alerts });
  await home.usrsvcd("start", "--debug");
  const failed = await logged(home, "alert.failed");
  assert.match(failed.msg, /mail could not be sent: .*wrong password/);
  assert.ok(server.logins.includes(`alice:${PASSWORD}-wrong`), "it was used");
  const daemon = await daemonPid(home);
  const program = await home.running("web");
  await waitFor("status to tell", async () =>
    (await home.usrsvc("status")).out.includes("wrong password") ? true : undefined,
  );
  const texts = [
    await home.usrsvcd("status"),
    await home.usrsvcd("status", "--json"),
    await home.usrsvcd("checkconfig"),
    await home.usrsvcd("checkconfig", "--json"),
    await home.usrsvc("status"),
    await home.usrsvc("status", "--json", "web"),
  ].map(({ out, err }) => out + err);
  for (const pid of [daemon, program]) {
    for (const file of ["cmdline", "environ"])
      texts.push(readFileSync(`/proc/${pid}/${file}`, "utf8"));
  }
  const all = execFileSync("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null || :"], {
    encoding: "utf8",
  });
  const state = readdirSync(home.file("state"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => home.read(relative(home.path, join(parentPath, name))));
  assert.ok(state.length > 3);
  for (const text of [...texts, all, ...state]) assert.ok(!text.includes(PASSWORD));
  home.text("faulty", "[Program:faulty]\n");
  const check = await home.usrsvcd("checkconfig", "--json");
  assert.ok(!(check.out + check.err).includes(PASSWORD));
});

test("a smtp_url that is none is complained of without being shown", async (t) => {
  const home = new Home(t, `smtp_url = "smpt://alice:${PASSWORD}@box"`);
  home.program("web", { command: sleeper(), email_alerts });
  for (const { code, out, err } of [await home.usrsvcd("checkconfig"), await home.usrsvcd()]) {
    assert.notEqual(code, 0);
    assert.match(out + err, /smtp_url/);
    assert.ok(!(out + err).includes(PASSWORD));
  }
});

const odd = [
  "evil, eve@x",
  "evil <eve@example.com>",
  "evil\u2028Bcc: eve@example.com",
  "evil\u0085Bcc: eve@example.com",
  "evil\tBcc: eve@example.com",
  "evil =?UTF-8?Q?=0D=0ABcc:_eve=40example.com?=",
  "ëvil ✓ 名",
];

test("no program name and no reason makes a header or an address", async (t) => {
  const server = await new MailServer(t).listen();
  const home = new Home(t, server.url);
  const names: string[] = [];
  for (const [index, name] of odd.entries()) {
    // What the configuration refuses is no program; the others shall be mailed.
    home.program(name, {
      command: `/bin/sh -c 'printf "x\\r\\nBcc: eve@example.com\\r\\n\\r\\n.\\r\\n"; exit 3' ${index}`,
      pidfile: home.file(`run/${index}.pid`),
      stdout: home.file(`log/${index}.log`),
      email_alerts: "alice@example.com",
      maxrestarts: "1",
    });
    const { code } = await home.usrsvcd("checkconfig");
    if (code === 0) names.push(name);
    else home.without(name);
  }
  assert.ok(names.length >= 3, `only ${names.join()}`);
  // What no configuration can hold, a damaged queue might.
  const at = new Date().toISOString();
  const bcc = "x\r\nBcc: eve@example.com\r\n\r\nbody";
  const alert = { kind: "gave-up", program: bcc, at, reason: bcc, next: bcc, output: [bcc] };
  const queued = { program: bcc, to: ["alice@example.com"], alerts: [alert], total: 1 };
  const folder = home.file("state/mail");
  execFileSync("mkdir", ["-p", "-m", "700", home.file("state"), folder]);
  writeFileSync(`${folder}/${encodeURIComponent(bcc)}.json`, JSON.stringify(queued));
  await home.usrsvcd();
  await waitFor("all mails", () => server.mails.length >= names.length + 1);
  const allowed = new Set(
    (
      "from to subject message-id date mime-version content-type content-transfer-encoding " +
      "auto-submitted precedence"
    ).split(" "),
  );
  for (const { headers, to } of server.mails) {
    assert.deepEqual(to, ["alice@example.com"]);
    assert.equal(headers.get("to"), "alice@example.com");
    assert.deepEqual(
      [...headers.keys()].filter((name) => !allowed.has(name)),
      [],
    );
    assert.doesNotMatch(headers.get("subject") ?? "", /[\r\n\u2028\u0085\0]/);
  }
  const subjects = server.mails.map(({ headers }) => headers.get("subject") ?? "");
  for (const name of names) {
    const shown = name.replaceAll(/[\p{Cc}\u2028]+/gu, " ").replaceAll("=?", "= ?");
    assert.ok(
      subjects.some((subject) => subject.includes(shown)),
      `a mail of ${JSON.stringify(name)} in ${subjects.join("; ")}`,
    );
  }
});

test("what could not be mailed before usrsvcd was killed, the next usrsvcd mails", async (t) => {
  const server = await new MailServer(t).listen();
  const { port } = server;
  const down = server.url.replace(String(port), "1");
  const home = new Home(t, down).program("web", { command: sleeper(), email_alerts });
  await home.usrsvcd();
  await logged(home, "alert.failed", "web");
  const daemon = await daemonPid(home);
  process.kill(daemon, "SIGKILL");
  await waitFor("its end", () => !isAlive(daemon));
  assert.equal(server.mails.length, 0);
  // The server is up again. The mail that failed waits for a minute: as if that had passed.
  writeFileSync(
    home.config,
    readFileSync(home.config, "utf8").replace('127.0.0.1:1"', `127.0.0.1:${port}"`),
  );
  const file = home.file("state/mail/web.json");
  const waiting = JSON.parse(readFileSync(file, "utf8")) as { retryAt: number };
  assert.ok(waiting.retryAt > Date.now() && waiting.retryAt <= Date.now() + 61_000);
  writeFileSync(file, JSON.stringify({ ...waiting, retryAt: 0 }));
  await home.usrsvcd();
  await server.mail(/web was found not running, and was started/);
  await waitFor("the queue to be empty", () => !existsSync(file));
  assert.equal(server.mails.length, 1);
});

test("a storm becomes a digest that says for how many events it stands", async (t) => {
  const server = await new MailServer(t).listen();
  const home = new Home(t, `${server.url}\nalert_interval = 10`);
  home.program("web", { command: sleeper(), email_alerts });
  await home.usrsvcd();
  await server.mail(/web was found not running/);
  let pid = await home.running("web");
  // The third death in a row is answered with a pause, of which one is told as well.
  for (let round = 0; round < 3; round += 1) {
    process.kill(pid, "SIGKILL");
    pid = await home.running("web", pid);
    await waitFor("a started line", () => linesOf(home, "program.started").length === round + 2);
  }
  const digest = await server.mail(/\(\d+ events\)/);
  const events = linesOf(home, "alert.sent").map((line) => Number(line["events"]));
  await waitFor("all to be mailed", () => {
    const sent = linesOf(home, "alert.sent").map((line) => Number(line["events"]));
    return sent.reduce((sum, count) => sum + count, 0) === 5;
  });
  assert.ok(events.length <= 3);
  const count = Number(/\((\d+) events\)/.exec(digest.headers.get("subject") ?? "")?.[1]);
  assert.ok(count >= 2 && count <= 4, String(count));
  assert.match(digest.body, new RegExp(`^${count} events of program web`));
});

/** A sendmail that stores what it is given. */
function storingSendmail(home: Home, ...lines: readonly string[]): string {
  return home.script(
    "sendmail",
    [
      "#!/bin/sh",
      `echo "$$ $*" >>${home.file("calls")}`,
      ...lines,
      `cat >>${home.file("mails")}`,
    ].join("\n"),
  );
}

test("mail goes through the sendmail that is configured", async (t) => {
  const home = new Home(t);
  const main = `sendmail_path = ${storingSendmail(home)}`;
  const other = new Home(t, main).program("web", { command: sleeper(), email_alerts });
  await other.usrsvcd();
  await logged(other, "alert.sent", "web");
  const mail = parseMail("", [], home.read("mails"));
  assert.match(mail.headers.get("subject") ?? "", /web was found not running, and was started/);
  assert.match(home.read("calls"), /-i -f \S+@\S+ -- alice@example\.com bob@example\.com/);
});

test("a sendmail that hangs delays no restart and no stop of usrsvcd", async (t) => {
  const home = new Home(t);
  const main = `sendmail_path = ${storingSendmail(home, "exec sleep 600")}`;
  const other = new Home(t, main).program("web", { command: sleeper(), email_alerts });
  await other.usrsvcd();
  await waitFor("sendmail to be called", () => home.read("calls") !== "");
  cleanUp(t, () => {
    const hanging = Number(home.read("calls").split(" ")[0]);
    if (isAlive(hanging)) process.kill(hanging, "SIGKILL");
  });
  const pid = await other.running("web");
  await logged(other, "program.started", "web");
  process.kill(pid, "SIGKILL");
  await other.running("web", pid);
  // It would be ended after a minute.
  assert.ok(isAlive(Number(home.read("calls").split(" ")[0])), "it hangs still");
  const stopping = performance.now();
  assert.equal((await other.usrsvcd("stop")).code, 0);
  const took = performance.now() - stopping;
  assert.ok(took < HALF_A_TRY_MS, `usrsvcd took ${Math.round(took)} ms to stop`);
  assert.ok(existsSync(other.file("state/mail/web.json")), "what was not sent waits");
});

test("a mail server that hangs delays no restart and no stop of usrsvcd", async (t) => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const home = new Home(t, `smtp_url = smtp://127.0.0.1:${port}`);
  home.program("web", { command: sleeper(), email_alerts });
  await home.usrsvcd();
  await waitFor("the server to be asked", () => sockets.length > 0);
  const pid = await home.running("web");
  process.kill(pid, "SIGKILL");
  await home.running("web", pid);
  const stopping = performance.now();
  const { code, out } = await home.usrsvcd("stop");
  const took = performance.now() - stopping;
  assert.equal(code, 0);
  assert.match(out, /usrsvcd stopped/);
  assert.ok(took < HALF_A_TRY_MS, `usrsvcd took ${Math.round(took)} ms to stop`);
  assert.ok(existsSync(home.file("state/mail/web.json")), "what was not sent waits");
});

const msmtp = "/usr/bin/msmtp";
const skip = existsSync(msmtp) ? false : "msmtp is not installed";

test("mail goes through msmtp as a sendmail", { skip }, async (t) => {
  const server = await new MailServer(t).listen();
  const settings = new Home(t).script(
    "msmtprc",
    `account default\nhost 127.0.0.1\nport ${server.port}\nauth plain\ntls off\nuser alice\npassword ${PASSWORD}\n`,
  );
  chmodSync(settings, 0o600);
  const sendmail = new Home(t).script("sendmail", `#!/bin/sh\nexec ${msmtp} -C ${settings} "$@"\n`);
  const home = new Home(t, `sendmail_path = ${sendmail}`);
  home.program("web", { command: sleeper(), email_alerts });
  await home.usrsvcd();
  const { to } = await server.mail(/web was found not running/);
  assert.deepEqual(to, ["alice@example.com", "bob@example.com"]);
});

test("mails that are refused are told of by status, with the reason, until they are sent", async (t) => {
  const home = new Home(t);
  const sendmail = home.script("sendmail", "#!/bin/sh\necho 'relay denied' >&2\nexit 75");
  const other = new Home(t, `sendmail_path = ${sendmail}\nalert_interval = 0`);
  other.program("web", { command: sleeper(), email_alerts });
  other.program("api", { command: sleeper(), email_alerts });
  const told = async (): Promise<readonly string[]> => [
    (await other.usrsvcd("status")).out,
    (await other.usrsvcd("status", "--json")).out,
    (await other.usrsvc("status")).out,
  ];
  await other.usrsvcd();
  const both =
    /since 2\S+ \S+: 2 mails wait to be sent \((web, api|api, web); 2 events\); the last try failed: \S+sendmail ended with code 75: relay denied; next try 2\S+ \S+; check /;
  await waitFor("both to be told", async () =>
    both.test((await other.usrsvcd("status")).out) ? true : undefined,
  );
  const [daemon = "", json = "", programs = ""] = await told();
  assert.match(daemon, both);
  assert.match(programs, new RegExp(`note: ${both.source}`));
  const { troubles } = JSON.parse(json) as { troubles: readonly { text: string }[] };
  assert.match(troubles[0]?.text ?? "", /^2 mails wait .*relay denied/);
  // The next usrsvcd knows it as well.
  await other.usrsvcd("restart");
  await waitFor("both to be told", async () => both.test((await other.usrsvcd("status")).out));
  storingSendmail(home);
  await other.usrsvcd("reread");
  await waitFor("all to be sent", () => linesOf(other, "alert.sent").length === 2);
  await waitFor("nothing to be told", async () =>
    (await told()).every((text) => !text.includes("sent")) ? true : undefined,
  );
});
