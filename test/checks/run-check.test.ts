import assert from "node:assert/strict";
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LogCheck } from "../../src/checks/log-check.ts";
import { type CheckContext, type CheckResult, runCheck } from "../../src/checks/run-check.ts";
import { parseCheck } from "../../src/config/check.ts";
import type { Check } from "../../src/config/settings.ts";
import { logEnds } from "../../src/launch/output.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";

function check(text: string): Check {
  const read = parseCheck(text);
  assert.ok(!("problem" in read));
  return read;
}

function contextIn(dir: string): CheckContext {
  const log = join(dir, "log");
  const logs = { stdout: log, stderr: log };
  const env = { PATH: process.env["PATH"] ?? "", WORD: "yes" };
  return { env, directory: dir, log: new LogCheck(logs, logEnds(logs)) };
}

async function run(text: string, dir: string, timeoutMs = 5000): Promise<CheckResult> {
  return await runCheck(check(text), contextIn(dir), new AbortController().signal, timeoutMs);
}

const ok = { ok: true };

async function listen(t: TestContext, server: Server | HttpServer, path?: string): Promise<number> {
  await new Promise<void>((resolve) =>
    path === undefined
      ? server.listen(0, "127.0.0.1", () => resolve())
      : server.listen(path, () => resolve()),
  );
  t.after(() => server.close());
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

test("tcp:// is true where a connection is accepted, and says who refuses it", async (t) => {
  const dir = tempDir(t);
  const server = createServer((socket) => socket.destroy());
  const port = await listen(t, server);
  assert.deepEqual(await run(`tcp://127.0.0.1:${port}`, dir), ok);
  await new Promise((resolve) => server.close(resolve));
  const reason = `connection refused by 127.0.0.1:${port}`;
  assert.deepEqual(await run(`tcp://127.0.0.1:${port}`, dir), { ok: false, reason });
  assert.deepEqual(await run(`http://127.0.0.1:${port}/health`, dir), { ok: false, reason });
});

test("unix:// is true where a connection is accepted", async (t) => {
  const dir = tempDir(t);
  const path = join(dir, "socket");
  const reason = `no such file: ${path}`;
  assert.deepEqual(await run(`unix://${path}`, dir), { ok: false, reason });
  await listen(t, createServer(), path);
  assert.deepEqual(await run(`unix://${path}`, dir), ok);
});

test("http:// is true for a status from 200 to 399", async (t) => {
  const dir = tempDir(t);
  const server = createHttpServer((request, response) => {
    response.writeHead(Number(request.url?.slice(1)));
    response.write("and so on, without an end");
  });
  const port = await listen(t, server);
  t.after(() => server.closeAllConnections());
  const url = `http://127.0.0.1:${port}`;
  for (const status of [200, 204, 302, 399]) {
    if (status !== 204) assert.deepEqual(await run(`${url}/${status}`, dir), ok);
  }
  for (const status of [400, 404, 503]) {
    const reason = `HTTP ${status} from ${url}/${status}`;
    assert.deepEqual(await run(`${url}/${status}`, dir), { ok: false, reason });
  }
});

test("http:// that does not answer is late", async (t) => {
  const dir = tempDir(t);
  const server = createServer(() => {});
  const port = await listen(t, server);
  const url = `http://127.0.0.1:${port}/`;
  const reason = `no answer from ${url} within 0.05 s`;
  assert.deepEqual(await run(url, dir, 50), { ok: false, reason });
});

test("file:// is true where it exists", async (t) => {
  const dir = tempDir(t);
  const path = join(dir, "ready");
  assert.deepEqual(await run(`file://${path}`, dir), {
    ok: false,
    reason: `no such file: ${path}`,
  });
  writeFileSync(path, "");
  assert.deepEqual(await run(`file://${path}`, dir), ok);
});

test("exec: is true for an exit with 0, in the environment and the directory of the program", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "here"), "");
  assert.deepEqual(await run("exec:sh -c 'test -e here && test $WORD = yes'", dir), ok);
  const failed = await run("exec:sh -c 'exit 3'", dir);
  assert.deepEqual(failed, { ok: false, reason: "sh exited with code 3" });
  const missing = await run("exec:no-such-command-at-all", dir);
  assert.deepEqual(missing, { ok: false, reason: "no such command: no-such-command-at-all" });
});

test("exec: that takes too long is ended with its group", async (t) => {
  const dir = tempDir(t);
  const command = "exec:sh -c 'sleep 600 & echo $! > pid; wait'";
  const { ok: isOk } = await run(command, dir, 500);
  assert.equal(isOk, false);
  const pid = readFileSync(join(dir, "pid"), "utf8").trim();
  await waitFor(() => {
    try {
      return /^\d+ \(sleep\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return true;
    }
  }, "its child is gone");
});

test("log: is true once the line was written since, in pieces or after a rotation", async (t) => {
  const dir = tempDir(t);
  const log = join(dir, "log");
  writeFileSync(log, "ready\n");
  const context = contextIn(dir);
  const line = check("log:^ready$");
  assert.ok(line.kind === "log");
  const look = async (): Promise<boolean> => {
    const { signal } = new AbortController();
    return (await runCheck(line, context, signal, 1000)).ok;
  };
  assert.equal(await look(), false, "what was there before does not count");
  appendFileSync(log, "not ready\nrea");
  assert.equal(await look(), false);
  appendFileSync(log, "dy\nnothing\n");
  assert.equal(await look(), true, "a line in pieces");
  const rotated = contextIn(dir);
  renameSync(log, `${log}.1`);
  writeFileSync(log, "ready\n");
  assert.ok(rotated.log.has(line), "all of another file is new");
});

test("what is broken off yields at once", async (t) => {
  const dir = tempDir(t);
  const abort = new AbortController();
  const running = runCheck(check("exec:sleep 600"), contextIn(dir), abort.signal, 60_000);
  abort.abort();
  assert.deepEqual(await running, { ok: false, reason: "was broken off" });
});
