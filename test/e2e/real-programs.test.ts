import assert from "node:assert/strict";
import { test } from "node:test";
import { Home, isAlive, waitFor } from "./home.ts";
import { answers, childrenOf, freePort, installed, nginx, nginxCommand, redis } from "./servers.ts";

async function restartedAfterKill(home: Home, name: string): Promise<void> {
  const pid = Number((await home.statusOf(name))["pid"]);
  process.kill(pid, "SIGKILL");
  await waitFor(`${name} to run again`, async () => {
    const status = await home.statusOf(name);
    return status["state"] === "running" && status["pid"] !== pid;
  });
}

test(
  "redis-server, which sets its title, is supervised, taken up again and stopped cleanly",
  { skip: redis === undefined && "redis-server is not installed" },
  async (t) => {
    const home = new Home(t);
    const port = await freePort();
    home.program("redis", {
      command: `${redis} --port ${port} --bind 127.0.0.1 --save "" --dir ${home.path}`,
      proctitle_re: `redis-server 127\\.0\\.0\\.1:${port}`,
      success_seconds: "0.5",
    });
    await home.usrsvcd();
    const pid = await home.running("redis");
    await waitFor("its start", () => home.log().some((line) => line.event === "program.started"));
    await home.usrsvcd("restart");
    await waitFor("it to be taken up", () =>
      home.log().some((line) => line.event === "program.adopted"),
    );
    assert.equal((await home.statusOf("redis"))["pid"], pid);
    await restartedAfterKill(home, "redis");
    const { out } = await home.usrsvc("stop", "redis");
    assert.match(out, /terminated in .*\(exited with code 0\)/);
  },
);

test(
  "nginx, which forks away, sets titles and writes its own pidfile",
  { skip: nginx === undefined && "nginx is not installed" },
  async (t) => {
    const home = new Home(t);
    const port = await freePort();
    home.program("nginx", {
      command: nginxCommand(home, String(nginx), port),
      autopid: "False",
      proctitle_re: `nginx: master process .*${home.file("nginx.conf")}`,
      success_seconds: "1",
    });
    await home.usrsvcd();
    await waitFor("its start", () => home.log().some((line) => line.event === "program.started"));
    assert.ok(await answers(port));
    const status = await home.statusOf("nginx");
    assert.equal(status["pid"], home.pid("nginx"), "its own pidfile is followed");
    assert.match(String(status["command"]), /^nginx: master process/);
    assert.equal(status["otherPids"], undefined, "workers are no others");
    await home.usrsvcd("restart");
    await waitFor("it to be taken up", () =>
      home.log().some((line) => line.event === "program.adopted"),
    );
    assert.equal((await home.statusOf("nginx"))["pid"], status["pid"]);
    const workers = childrenOf(Number(status["pid"]));
    assert.equal(workers.length, 2);
    assert.equal((await home.usrsvc("restart", "nginx")).code, 0);
    assert.ok(await answers(port));
    assert.equal((await home.usrsvc("stop", "nginx")).code, 0);
    assert.ok(workers.every((pid) => !isAlive(pid)));
    assert.ok(!(await answers(port)));
  },
);

const python = installed("/usr/bin/python3", "/usr/local/bin/python3");

test(
  "a Python web server is started, answers, is killed and answers again",
  { skip: python === undefined && "python3 is not installed" },
  async (t) => {
    const home = new Home(t);
    const port = await freePort();
    home.program("py", {
      command: `${python} -m http.server ${port} --bind 127.0.0.1`,
      directory: home.path,
      success_seconds: "0.5",
    });
    await home.usrsvcd();
    await waitFor("it to answer", async () => await answers(port));
    await waitFor("its start", () => home.log().some((line) => line.event === "program.started"));
    await restartedAfterKill(home, "py");
    await waitFor("it to answer again", async () => await answers(port));
  },
);
