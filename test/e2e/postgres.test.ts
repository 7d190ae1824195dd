import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { Account } from "./account.ts";
import { Home, isAlive, waitFor } from "./home.ts";
import { endAfter, kill, pids, settled, titledPid, told } from "./looks.ts";

/*
 * PostgreSQL: its workers write titles, and outlive a killed master for a moment, in which no other can
 * have the data. pg_ctl leaves it in the background, with a pidfile of several lines. It refuses to be root.
 */

const bin = newest("/usr/lib/postgresql");

/** The folder of the newest version that Debian has installed. */
function newest(folder: string): string | undefined {
  try {
    const [version] = readdirSync(folder).toSorted((a, b) => Number(b) - Number(a));
    return version === undefined ? undefined : `${folder}/${version}/bin`;
  } catch {
    return undefined; // none
  }
}

/** initdb wants an account that has a name. */
const NOBODY = 65_534;
const MASTER = /^\S*\/postgres -D /;

describe("postgres", { skip: bin === undefined && "postgresql is not installed" }, () => {
  const kinds: readonly [how: string, server: (data: string, options: string) => Kind][] = [
    [
      "in the foreground",
      (data, options) => ({ command: `${bin}/postgres -D ${data} ${options}` }),
    ],
    [
      "put into the background by pg_ctl",
      (data, options) => ({
        command: `${bin}/pg_ctl -D ${data} -o "${options}" -w start`,
        autopid: "False",
        pidfile: `${data}/postmaster.pid`,
      }),
    ],
  ];
  for (const [how, server] of kinds) {
    test(`${how} is started, killed, restarted by hand, and stopped`, async (t) => {
      const home = new Home(t);
      const account = new Account(home, NOBODY);
      if (!account.canRun) return t.skip("another account cannot read the built commands here");
      const data = home.file("data");
      const options = `-k ${home.path} -p 7432 -h ''`;
      home.program("db", { ...server(data, options), success_seconds: "1.5" });
      prepare(t, home, account, data);

      account.usrsvcd();
      await settled(home, "db");
      const first = await titledPid(home, MASTER); // its children have its title for a moment
      assert.equal(account.statusOf("db")["pid"], first);
      assert.match(ask(account, home), /^42$/m);

      await kill(first);
      await settled(home, "db", 2);
      const second = await titledPid(home, MASTER);
      await waitFor("it to answer", () => /^42$/m.test(ask(account, home)));
      assert.equal(account.statusOf("db")["pid"], second);
      assert.equal(told(home, "program.start-failed", "db").length, 0);

      assert.match(account.usrsvc("stop", "db"), new RegExp(`: stopped, pid ${second}`));
      assert.deepEqual(pids(home, /postgres/), []);
      const log = home.file("hand.log"); // else it keeps ours open
      account.run(`${bin}/pg_ctl`, "-D", data, "-o", options, "-l", log, "-w", "start");
      const hand = await titledPid(home, MASTER);
      assert.match(account.usrsvc("start", "db"), new RegExp(`already running, pid ${hand}`));
      assert.match(account.usrsvc("stop", "db"), new RegExp(`: stopped, pid ${hand}`));
      assert.ok(!isAlive(hand));
    });
  }

  interface Kind {
    readonly [setting: string]: string;
  }

  function prepare(t: TestContext, home: Home, account: Account, data: string): void {
    account.take(t);
    endAfter(t, home, /postgres/);
    account.run(`${bin}/initdb`, "-D", data, "-A", "trust", "--no-sync");
  }

  function ask(account: Account, { path }: Home): string {
    return account.run(
      `${bin}/psql`,
      "-h",
      path,
      "-p",
      "7432",
      "-tA",
      "-c",
      "select 42",
      "postgres",
    );
  }
});
