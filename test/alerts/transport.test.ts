import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { findTransport, sender, type Transport } from "../../src/alerts/transport.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir, writeScript } from "../support/temp-dir.ts";
import { inTime, waitFor } from "../support/wait.ts";

const message = { subject: "[alice@box] web was restarted: ä", body: "first\n.\nFrom x\nlast" };
const to = ["bob@example.com", "carol@example.com"];

/** A sendmail of this test. */
function sendmail(t: TestContext, ...lines: readonly string[]): { dir: string; path: string } {
  const dir = tempDir(t);
  const path = writeScript(dir, "sendmail", ["#!/bin/sh", `cd ${dir}`, ...lines, ""].join("\n"));
  return { dir, path };
}

function transportOf(sendmailPath: string, patienceMs?: number): Transport {
  const found = findTransport({ sendmailPath, smtpUrl: undefined }, patienceMs);
  assert.ok(found);
  return found;
}

/** False for a zombie, too. */
function isRunning(pid: string): boolean {
  return procReader().alive(Number(pid) as Pid) !== undefined;
}

/** A server that says nothing but what the test makes it say. */
async function server(t: TestContext, greet: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const made = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    greet(socket);
  });
  cleanUp(t, () => {
    for (const socket of sockets) socket.destroy();
    made.close();
  });
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return `smtp://alice:s3cret@127.0.0.1:${(made.address() as AddressInfo).port}`;
}

describe("a mail through sendmail", () => {
  test("has its sender and addresses as arguments, and the whole text as input", async (t) => {
    const { dir, path } = sendmail(t, `printf '%s\\n' "$@" >args`, "cat >mail");
    await transportOf(path)(message, to);
    const { host, user } = sender();
    assert.equal(
      readFileSync(join(dir, "args"), "utf8"),
      ["-i", "-f", `${user}@${host}`, "--", ...to, ""].join("\n"),
    );
    const mail = readFileSync(join(dir, "mail"), "utf8");
    const [head = "", body = ""] = mail.split("\n\n");
    assert.match(head, /^From: .*usrsvcd of /m);
    assert.match(head, /^To: bob@example\.com, carol@example\.com$/m);
    assert.match(head, /^Subject: =\?UTF-8\?/m);
    assert.match(head, /^Auto-Submitted: auto-generated$/m);
    assert.match(head, /^Date: /m);
    assert.match(head, /^Message-ID: /im);
    assert.ok(!mail.includes("\r"));
    assert.equal(body.trimEnd(), message.body);
  });

  test("fails with what sendmail complained of, and its exit code", async (t) => {
    const { path } = sendmail(t, "cat >/dev/null", "echo no such account >&2", "exit 78");
    await assert.rejects(transportOf(path)(message, to), {
      message: `${path} ended with code 78: no such account`,
    });
  });

  test("fails when sendmail is killed", async (t) => {
    const { path } = sendmail(t, "kill -SEGV $$");
    await assert.rejects(transportOf(path)(message, to), /ended with SIGSEGV/);
  });

  test("fails when there is no such program, or none that can be run", async (t) => {
    const { path } = sendmail(t, "");
    await assert.rejects(transportOf(`${path}.none`)(message, to), /sendmail\.none: .*ENOENT/);
    await assert.rejects(transportOf("/etc/passwd")(message, to), /\/etc\/passwd: .*EACCES/);
  });

  test("fails when sendmail does not end, which is ended then", async (t) => {
    const { dir, path } = sendmail(t, "echo $$ >pid", "exec sleep 600");
    await assert.rejects(transportOf(path, 300)(message, to), /did not end within 300 ms/);
    const pid = readFileSync(join(dir, "pid"), "utf8").trim();
    await waitFor(() => !isRunning(pid), "its end");
  });

  test("is broken off when that is wanted, and sendmail is ended", async (t) => {
    const { dir, path } = sendmail(t, "echo $$ >pid.new; mv pid.new pid", "exec sleep 600");
    const controller = new AbortController();
    const sending = transportOf(path)(message, to, controller.signal);
    const pid = await waitFor(
      () => existsSync(join(dir, "pid")) && readFileSync(join(dir, "pid"), "utf8").trim(),
      "sendmail",
    );
    controller.abort();
    await assert.rejects(sending, /abort/);
    await waitFor(() => !isRunning(pid), "its end");
  });

  test("a sendmail that leaves without reading decides by its exit code", async (t) => {
    const long = { ...message, body: "x\n".repeat(500_000) };
    await transportOf(sendmail(t, "exit 0").path)(long, to);
    await assert.rejects(transportOf(sendmail(t, "exit 1").path)(long, to), /code 1/);
  });

  test("a sendmail that goes on in the background, with our pipe, has taken the mail", async (t) => {
    const { dir, path } = sendmail(t, "cat >mail", "sleep 600 & echo $! >pid");
    await inTime(transportOf(path)(message, to), "sendmail");
    process.kill(Number(readFileSync(join(dir, "pid"), "utf8")), "SIGKILL");
  });

  test("one that goes on in the background and fails is told as failed", async (t) => {
    const { dir, path } = sendmail(t, "sleep 600 & echo $! >pid", "echo full >&2", "exit 75");
    await assert.rejects(transportOf(path)(message, to), /code 75: full/);
    process.kill(Number(readFileSync(join(dir, "pid"), "utf8")), "SIGKILL");
  });

  test("a complaint without end is cut", async (t) => {
    const { path } = sendmail(
      t,
      "cat >/dev/null",
      "head -c 1000000 /dev/zero | tr '\\0' x >&2",
      "exit 1",
    );
    await assert.rejects(transportOf(path)(message, to), (error: Error) => {
      assert.ok(error.message.length < 1000, String(error.message.length));
      return true;
    });
  });

  test("sendmail is not told what systemd tells us", async (t) => {
    process.env["NOTIFY_SOCKET"] = "/run/none";
    cleanUp(t, () => delete process.env["NOTIFY_SOCKET"]);
    const { dir, path } = sendmail(t, "cat >/dev/null", "env >env");
    await transportOf(path)(message, to);
    assert.doesNotMatch(readFileSync(join(dir, "env"), "utf8"), /NOTIFY_SOCKET/);
  });
});

describe("a mail through a server", () => {
  async function fails(smtpUrl: string, wanted: RegExp, withinMs = 4000): Promise<void> {
    const transport = findTransport({ sendmailPath: undefined, smtpUrl }, withinMs);
    assert.ok(transport);
    await inTime(
      assert.rejects(transport(message, to), (error: Error) => {
        assert.match(error.message, wanted);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      }),
      "the failure",
    );
  }

  test("fails soon where nobody listens", async () => {
    await fails("smtp://alice:s3cret@127.0.0.1:1", /ECONNREFUSED/, 40_000);
  });

  test("fails soon when the server takes the connection and says nothing", async (t) => {
    await fails(await server(t, () => {}), /[Gg]reeting/);
  });

  test("fails soon when the server says nothing after its greeting", async (t) => {
    await fails(await server(t, (socket) => socket.write("220 box\r\n")), /Timeout/);
  });

  test("fails when the server drips without end", async (t) => {
    const drip = (socket: Socket): void => {
      socket.write("220 box\r\n");
      const timer = setInterval(() => socket.write("250-more\r\n"), 50);
      socket.on("close", () => clearInterval(timer));
      cleanUp(t, () => clearInterval(timer));
    };
    await fails(await server(t, drip), /too long|Timeout/); // the latter where the machine is at other work
  });

  test("fails when the server speaks something else", async (t) => {
    await fails(await server(t, (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")), /./);
  });
});

describe("findTransport", () => {
  test("prefers the server to sendmail", async (t) => {
    const { dir, path } = sendmail(t, "cat >mail");
    const transport = findTransport({ sendmailPath: path, smtpUrl: "smtp://127.0.0.1:1" });
    await assert.rejects(transport?.(message, to) ?? Promise.resolve(), /ECONNREFUSED/);
    assert.ok(!existsSync(join(dir, "mail")));
  });

  test("looks where machines have their sendmail", () => {
    const isThere = ["/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/sendmail"].some(
      existsSync,
    );
    const found = findTransport({ sendmailPath: undefined, smtpUrl: undefined });
    if (isThere) assert.ok(found);
    else assert.equal(typeof found, "undefined");
  });
});

test("sender() is this account on this machine", () => {
  assert.deepEqual(sender(), { host: hostname(), user: userInfo().username });
});

describe("what a mail server says of a login", () => {
  /** A server that repeats what it was told, as some do. */
  const echoing = (socket: Socket): void => {
    socket.write("220 box\r\n");
    let word = "EHLO";
    socket.on("data", (chunk: Buffer) => {
      const line = chunk.toString().trim();
      if (line.startsWith("EHLO")) socket.write("250-box\r\n250 AUTH PLAIN LOGIN\r\n");
      else if (line === "AUTH LOGIN") socket.write("334 VXNlcm5hbWU6\r\n");
      else if (word === "AUTH LOGIN") socket.write("334 UGFzc3dvcmQ6\r\n");
      else socket.write(`535 no: ${line}, ${Buffer.from(line, "base64").toString()} s3cret\r\n`);
      word = line;
    });
  };

  for (const query of ["", "?authMethod=LOGIN"]) {
    test(`is told without the password${query && ", one that asks for LOGIN"}`, async (t) => {
      const url = await server(t, echoing);
      const transport = findTransport({ sendmailPath: undefined, smtpUrl: `${url}/${query}` });
      assert.ok(transport);
      await assert.rejects(transport(message, to), (error: Error) => {
        const all = `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`;
        assert.match(all, /Invalid login: 535 no: .*\*\*\*/s);
        for (const form of [
          "s3cret",
          "czNjcmV0",
          Buffer.from("\0alice\0s3cret").toString("base64"),
        ])
          assert.ok(!all.includes(form), `${form} in ${all}`);
        return true;
      });
    });
  }
});

describe("a password for a mail server that does not encrypt", () => {
  /** Notes what it is told, and takes any mail. */
  async function plain(t: TestContext): Promise<{ port: string; heard: string[] }> {
    const heard: string[] = [];
    const url = await server(t, (socket) => {
      socket.write("220 box\r\n");
      let isMail = false;
      socket.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().trimEnd().split("\r\n")) {
          if (isMail && line !== ".") continue;
          heard.push(line);
          isMail = line === "DATA";
          if (line.startsWith("EHLO")) socket.write("250-box\r\n250 AUTH PLAIN\r\n");
          else if (line === "STARTTLS") socket.write("502 no such command\r\n");
          else if (line.startsWith("AUTH")) socket.write("235 welcome\r\n");
          else socket.write(isMail ? "354 go on\r\n" : "250 ok\r\n");
          if (line.startsWith("AUTH")) heard.push("password");
        }
      });
    });
    return { port: new URL(url).port, heard };
  }

  /** The same machine, under an address that does not say so. */
  const elsewhere = "[::ffff:127.0.0.1]";

  for (const [what, url, isSent] of [
    ["is not sent over a network", `smtp://alice:s3cret@${elsewhere}`, false],
    [
      "is not, whatever else the URL says",
      `smtp://alice:s3cret@${elsewhere}?authMethod=PLAIN`,
      false,
    ],
    ["is sent if the URL says so", `smtp://alice:s3cret@${elsewhere}/?requireTLS=false`, true],
    [
      "is sent where no encryption is wanted",
      `smtp://alice:s3cret@${elsewhere}?ignoreTLS=true`,
      true,
    ],
    ["is sent to this machine", "smtp://alice:s3cret@127.0.0.1", true],
  ] as const) {
    test(what, async (t) => {
      const { port, heard } = await plain(t);
      const smtpUrl = url.replace(/(?<=@[^/?]*)(?=[/?]|$)/, `:${port}`);
      const transport = findTransport({ sendmailPath: undefined, smtpUrl }, 4000);
      const came = await transport?.(message, to).then(
        () => "sent",
        (error: Error) => error.message,
      );
      assert.equal(heard.includes("password"), isSent, came);
      if (isSent) assert.equal(came, "sent");
      else {
        assert.match(
          came ?? "",
          /^the mail server does not encrypt .*requireTLS=false .*: .*502 no such/,
        );
      }
    });
  }

  test("keeps nobody without one from such a server", async (t) => {
    const { port, heard } = await plain(t);
    const smtpUrl = `smtp://${elsewhere}:${port}`;
    await findTransport({ sendmailPath: undefined, smtpUrl }, 4000)?.(message, to);
    assert.ok(heard.includes("DATA") && !heard.includes("STARTTLS"));
  });
});
