import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";
import { endAfter, kill, pids, settled, stays, titledPid, told, up } from "./looks.ts";

/*
 * Sections that get another name, or are taken out, while their programs are down: what their last start has left,
 * and what an operator has ordered, is known under the new name.
 */

interface Stage {
  readonly home: Home;
  readonly command: string;
  readonly isWorker: RegExp;
  readonly worker: number;
  readonly master: number;
}

/** A master with a worker, which outlives it. */
async function stage(t: TestContext, withDaemon: boolean): Promise<Stage> {
  const home = new Home(t);
  const [own, work] = [sleeper(), sleeper()];
  const command = home.script("master.sh", `#!/bin/sh\n${work} &\nexec ${own}\n`);
  const isWorker = new RegExp(`^${work}$`);
  endAfter(t, home, isWorker);
  home.program("web", { command });
  if (withDaemon) {
    await home.usrsvcd();
    await up(home, "web");
  } else {
    await home.usrsvc("start", "web");
  }
  const worker = await titledPid(home, isWorker);
  const master = await titledPid(home, new RegExp(`^${own}$`));
  return { home, command, isWorker, worker, master };
}

const rename = ({ home, command }: Stage): Home => home.without("web").program("www", { command });

describe("a section that is renamed while what its program left lives", () => {
  test("while usrsvcd is away: that is ended before the new one starts", async (t) => {
    const scene = await stage(t, true);
    const { home, isWorker, worker, master } = scene;
    await home.usrsvcd("stop");
    await kill(master);
    rename(scene);
    await home.usrsvcd();
    await up(home, "www");
    assert.notEqual(await titledPid(home, isWorker), worker);
    const [line] = told(home, "program.renamed", "www");
    assert.match(line?.msg ?? "", /www was web before .*; processes of its last start live/);
  });

  test("by usrsvc alone", async (t) => {
    const scene = await stage(t, false);
    await kill(scene.master);
    rename(scene);
    const { out, err } = await scene.home.usrsvc("start", "www");
    assert.match(out, /www: .*started, pid/);
    assert.match(err, /note: www was web before/);
    assert.notEqual(await titledPid(scene.home, scene.isWorker), scene.worker);
  });

  test("is shown under its old name where it is only taken out, and is ended by a stop", async (t) => {
    const { home, isWorker, worker, master } = await stage(t, false);
    await kill(master);
    home.without("web").program("other", { command: sleeper() });
    assert.match((await home.usrsvc("status")).out, new RegExp(`^web .*[^]*${worker}`, "m"));
    await home.usrsvc("stop", "web");
    await waitFor("its end", () => pids(home, isWorker).length === 0);
    assert.doesNotMatch((await home.usrsvc("status")).out, /^web /m);
  });
});

test("who was stopped stays so under a new name, and what is new under an old record does not", async (t) => {
  const home = new Home(t);
  const [x, y] = [sleeper(), sleeper()];
  home.program("web", { command: x }).program("other", { command: y });
  await home.usrsvcd();
  await up(home, "web", "other");
  await home.usrsvc("stop", "web");
  home.without("web").program("www", { command: x });
  assert.match((await home.usrsvcd("reread")).out, /www was web before .*, and stays stopped/);
  await stays("it is down", () => pids(home, new RegExp(`^${x}$`)).length === 0, 500);
  assert.match((await home.usrsvc("status")).out, /www +stopped[^]*stopped by usrsvc/);
  await home.usrsvc("start", "www");
  await settled(home, "www");
  await home.usrsvc("stop", "www");
  // Taken out, and later something like it put in: that was not renamed.
  home.without("www");
  await home.usrsvcd("reread");
  home.program("third", { command: x });
  await home.usrsvcd("reread");
  await up(home, "third");
});
