import assert from "node:assert/strict";
import { test } from "node:test";
import { Lab, whyNoLab } from "../systemd/lab.ts";
import { lines, waitFor } from "./home.ts";

/** Tells of itself at its start, and when it is asked to end, which takes it a moment. */
const app = `#!/bin/sh
# app.sh ACCOUNT NAME
{ ulimit -S -n; grep -E 'Sig(Ign|Blk)' /proc/self/status; env; } >"/out/$1.$2.start"
trap 'echo "asked $2" >>"/out/$1.order"; sleep 0.2; echo "ended $2" >>"/out/$1.order"; exit 0' TERM
while :; do sleep 0.05; done
`;

const unit = "usrsvcd@alice";
const usrsvcd = "/opt/usrsvc/dist/usrsvcd.cjs";
const asAlice = "setpriv --reuid=alice --regid=alice --init-groups";

function configuration(user: string, ...names: readonly string[]): string {
  const programs = names.map(
    (name) => `[Program:${name}]
command = /opt/app.sh ${user} ${name}
pidfile = /home/${user}/${name}.pid
stdout = /home/${user}/${name}.log
success_seconds = 0.3
`,
  );
  return `[Main]\n${programs.join("\n")}`;
}

test("usrsvcd under systemd", { skip: whyNoLab() }, async (t) => {
  const lab = await Lab.boot(t);
  await lab.write("/opt/app.sh", app);
  await lab.write("/home/alice/usrsvc.cfg", configuration("alice", "one", "two", "three"));
  await lab.write("/home/bob/usrsvc.cfg", configuration("bob", "one", "two"));
  await lab.print("chown bob: /home/bob/usrsvc.cfg; chown alice: /home/alice/usrsvc.cfg");
  const pids = async (): Promise<string> =>
    (await lab.print("cd /home/alice && cat one.pid two.pid three.pid")).trim();
  const parentOf = async (pid: string): Promise<string | undefined> =>
    /^PPid:\t(\d+)$/m.exec(await lab.print(`cat /proc/${pid}/status`))?.[1];
  const mainPid = async (): Promise<string> => await lab.show(unit, "MainPID");

  await t.test("the template unit starts, and is ready when usrsvcd says so", async () => {
    const refused = await lab.root(`HOME=/home/alice ${asAlice} ${usrsvcd} install-unit --system`);
    assert.equal(refused.code, 136);
    assert.match(refused.err, /--system is for root: sudo usrsvcd install-unit --system/);
    const said = await lab.print(`${usrsvcd} install-unit`);
    assert.match(
      said,
      /^\/etc\/systemd\/system\/usrsvcd@\.service written, .*\n[^]*enable --now usrsvcd@/,
    );
    const verified = await lab.root(`systemd-analyze verify /etc/systemd/system/usrsvcd@.service`);
    assert.equal(verified.out + verified.err, "");
    await lab.write(
      "/etc/systemd/system/usrsvcd@.service.d/short.conf",
      "[Service]\nWatchdogSec=2\nRestartSec=100ms\n",
    );
    await lab.print(`systemctl daemon-reload && systemctl enable --now ${unit}`);
    assert.equal(await lab.show(unit, "ActiveState"), "active");
    assert.equal(await lab.show(unit, "Type"), "notify");
    await hasStatus(lab, unit, "3 running");
    assert.match(await lab.print(`systemctl status ${unit}`), /Status: "3 running"/);
    const [, uid] =
      /^Uid:\t(\d+)/m.exec(await lab.print(`cat /proc/${await mainPid()}/status`)) ?? [];
    assert.equal(uid, "2001");
  });

  await t.test(
    "programs are children of usrsvcd, and have nothing of what is its own but their mark",
    async () => {
      const limit = (await lab.print("systemctl show -p DefaultLimitNOFILESoft --value")).trim();
      assert.equal(limit, "1024");
      const daemon = await mainPid();
      for (const pid of (await pids()).split("\n")) assert.equal(await parentOf(pid), daemon);
      const [soft, ...rest] = lab.said("alice.one.start").split("\n");
      assert.equal(soft, limit);
      const text = rest.join("\n");
      assert.match(text, /^SigBlk:\t0{16}\nSigIgn:\t0{16}$/m);
      assert.match(text, /^HOME=\/home\/alice$/m);
      const ours =
        /^(NOTIFY_|WATCHDOG_|LISTEN_|INVOCATION_|JOURNAL_|SYSTEMD_EXEC|USRSVC_|NODE_|MAINPID).*$/gm;
      assert.deepEqual(
        text
          .match(ours)
          ?.map((line) => line.replace(/=.*/, ""))
          .toSorted(),
        ["USRSVC_LAUNCH", "USRSVC_PROGRAM"],
      );
    },
  );

  await t.test("journalctl -t usrsvcd -o cat is JSON for jq, as documented", async () => {
    const line = `journalctl --sync; journalctl -q -u ${unit} -t usrsvcd -o cat`;
    const filter = `jq -r 'select(.event == "program.started") | .program'`;
    const started = (await lab.print(`${line} | ${filter}`)).trim().split("\n");
    assert.deepEqual(started.toSorted(), ["one", "three", "two"]);
    const mixed = await lab.root(`journalctl -q -u ${unit} -o cat | jq .`);
    assert.notEqual(mixed.code, 0, "without -t, systemd's own lines are among them");
    const readable = await lab.print(`/opt/usrsvc/contrib/usrsvc-log -u ${unit}`);
    assert.match(readable, /^no program was restarted\n3 programs in the log/);
  });

  /** What ends usrsvcd, so that a new one runs afterwards. */
  const endings: Readonly<Record<string, (pid: string) => Promise<unknown>>> = {
    restart: async () => await lab.print(`systemctl restart ${unit}`),
    "stop and start": async () => {
      await lab.print(`systemctl stop ${unit}`);
      assert.equal(await lab.show(unit, "ActiveState"), "inactive");
      await lab.print(`systemctl start ${unit}`);
    },
    "kill -9": async (pid) => await lab.print(`kill -9 ${pid}`),
    "the watchdog's end": async (pid) => await lab.print(`kill -STOP ${pid}`),
  };
  for (const [what, end] of Object.entries(endings)) {
    await t.test(`${what} of usrsvcd leaves programs running, and taken up`, async () => {
      const programs = await pids();
      const before = await mainPid();
      const lost = (await lab.log(unit)).length;
      await end(before);
      await waitFor("another usrsvcd", async () => {
        const now = await mainPid();
        return now !== before && now !== "0" && (await lab.show(unit, "ActiveState")) === "active";
      });
      await hasStatus(lab, unit, "3 running");
      assert.equal(await pids(), programs);
      for (const pid of programs.split("\n")) assert.equal(await parentOf(pid), "1");
      const taken = (await lab.log(unit))
        .slice(lost)
        .filter(({ event }) => event.startsWith("program."));
      assert.deepEqual(
        taken.map(({ event, program }) => `${event} ${program}`).toSorted(),
        ["one", "three", "two"].map((name) => `program.adopted ${name}`),
      );
      const status = lines(await lab.printAs("alice", "/opt/usrsvc/dist/usrsvc.cjs status --json"));
      assert.deepEqual(status.map(({ pid }) => pid).join("\n"), programs);
      assert.equal(lab.said("alice.order"), "", "none was asked to end");
    });
  }

  await t.test("reload reads the configuration, and is done when that is", async () => {
    const before = await mainPid();
    await lab.write(
      "/home/alice/usrsvc.cfg",
      configuration("alice", "one", "two", "three", "four"),
    );
    await lab.print(`systemctl reload ${unit}`);
    await hasStatus(lab, unit, "4 running");
    await waitFor("the end of the reload", async () => {
      return (await lab.show(unit, "ActiveState")) === "active";
    });
    assert.equal(await mainPid(), before);
    assert.ok((await lab.log(unit)).some(({ event }) => event === "config.reread"));
    await lab.write("/home/alice/usrsvc.cfg", "[Main]\nnonsense\n");
    await lab.print(`systemctl reload ${unit}`);
    await waitFor("the refusal", async () =>
      (await lab.log(unit)).some(({ event }) => event === "config.rejected"),
    );
    await waitFor("the end of the reload", async () => {
      return (await lab.show(unit, "ActiveState")) === "active";
    });
    assert.equal(await lab.show(unit, "StatusText"), "4 running");
  });

  await t.test("what another try cannot mend is not tried again, and Status says why", async () => {
    const programs = await pids();
    const state = "/home/alice/.local/state/usrsvc";
    const good = configuration("alice", "one", "two", "three", "four");
    const failed = async (status: RegExp): Promise<void> => {
      assert.equal((await lab.root(`systemctl restart ${unit}`)).code, 1);
      assert.equal(await lab.show(unit, "ActiveState"), "failed");
      assert.equal(await lab.show(unit, "NRestarts"), "0");
      assert.match(await lab.show(unit, "StatusText"), status);
    };
    await failed(
      /^waits to be restarted by hand: \/home\/alice\/usrsvc\.cfg:2: the line is not a \[section\]/,
    );
    assert.match(
      (await lab.root(`systemctl status ${unit}`)).out,
      /Status: "waits .*the line is not a \[section\]/,
    );
    await lab.write("/home/alice/usrsvc.cfg", good);
    await lab.print(`chmod o+w ${state}`);
    await failed(/^waits .*: state_dir .* can be written by everybody: chmod go-w/);
    await lab.print(`chmod o-w ${state}`);
    await lab.printAs("alice", usrsvcd);
    await failed(/^waits .*: usrsvcd is already running for .*, pid \d+/);
    await lab.printAs("alice", `${usrsvcd} stop`);
    await lab.print(`systemctl start ${unit}`);
    await hasStatus(lab, unit, "4 running");
    assert.equal(await pids(), programs);
  });

  await t.test("programs that are set aside are in the Status by their names", async () => {
    await lab.write(
      "/home/alice/usrsvc.cfg",
      `${configuration("alice", "one", "two", "three", "four")}[Program:bad]\ncommand = x\nstartsecs = 1\n`,
    );
    await lab.print(`systemctl restart ${unit}`);
    await hasStatus(lab, unit, "4 running; set aside: bad");
    assert.match(await lab.printAs("alice", `${usrsvcd} status`), /\nignored: bad\n/);
  });

  await t.test(
    "the user unit: its restart leaves programs to the user's systemd, whose end is in order",
    async () => {
      // As after npm install -g --prefix ~/.local
      await lab.printAs("bob", `mkdir -p .local/bin && ln -s ${usrsvcd} .local/bin/usrsvcd`);
      const said = await lab.printAs("bob", ".local/bin/usrsvcd install-unit");
      assert.match(
        said,
        /\/home\/bob\/\.config\/systemd\/user\/usrsvcd\.service written, for \/usr\/local\/bin\/node \/home\/bob\/\.local\/bin\/usrsvcd\n/,
      );
      await lab.printAs("bob", "systemctl --user daemon-reload");
      await lab.printAs("bob", "systemctl --user enable --now usrsvcd");
      const show = async (property: string): Promise<string> =>
        (await lab.printAs("bob", `systemctl --user show -p ${property} --value usrsvcd`)).trim();
      await waitFor("2 running", async () => (await show("StatusText")) === "2 running");
      const programs = await lab.print("cat /home/bob/one.pid /home/bob/two.pid");
      const [first = ""] = programs.split("\n");
      assert.equal(await parentOf(first), await show("MainPID"));
      assert.doesNotMatch(lab.said("bob.one.start"), /NOTIFY_SOCKET|MANAGERPID|INVOCATION_ID/);
      await lab.printAs("bob", "systemctl --user restart usrsvcd");
      await waitFor("2 running", async () => (await show("StatusText")) === "2 running");
      assert.equal(await lab.print("cat /home/bob/one.pid /home/bob/two.pid"), programs);
      assert.equal(await parentOf(first), await lab.show("user@2002", "MainPID"));
      await lab.print("systemctl stop user@2002");
      assert.deepEqual(lab.said("bob.order").split("\n").slice(0, -1), [
        "asked two",
        "ended two",
        "asked one",
        "ended one",
      ]);
    },
  );

  await t.test("at shutdown programs are asked to end, the last configured first", async () => {
    await lab.root("systemctl poweroff");
    await lab.off();
    const names = ["four", "three", "two", "one"];
    assert.deepEqual(
      lab.said("alice.order").split("\n").slice(0, -1),
      names.flatMap((name) => [`asked ${name}`, `ended ${name}`]),
    );
    assert.match(lab.journal(), /"event":"daemon\.stopping".*the machine shuts down/);
  });
});

test(
  "out of memory, one program is killed, and no other",
  { skip: whyNoLab("memory") },
  async (t) => {
    const lab = await Lab.boot(t, "memory");
    const accounted =
      "[ -d /sys/fs/cgroup/memory ] || grep -w memory /sys/fs/cgroup/cgroup.controllers";
    if ((await lab.root(accounted)).code !== 0)
      return t.skip("no memory controller is left for us");
    await lab.write("/opt/app.sh", app);
    await lab.write(
      "/opt/hog.js",
      "const all = []; setTimeout(() => setInterval(() => all.length < 50 && all.push(Buffer.alloc(1 << 24, 1)), 5), 1000);\n",
    );
    const hog = `[Program:hog]
command = /usr/local/bin/node /opt/hog.js
pidfile = /home/alice/hog.pid
stdout = /home/alice/hog.log
success_seconds = 0.1
autorestart = no
`;
    await lab.write("/home/alice/usrsvc.cfg", configuration("alice", "one") + hog);
    await lab.print("/opt/usrsvc/systemd/install.sh --node /usr/local/bin/node");
    await lab.write(
      "/etc/systemd/system/usrsvcd@.service.d/small.conf",
      "[Service]\nMemoryMax=400M\nMemorySwapMax=0\n",
    );
    await lab.print(`systemctl daemon-reload && systemctl start ${unit}`);
    await hasStatus(lab, unit, "2 running");
    const mainPid = await lab.show(unit, "MainPID");
    const one = await lab.print("cat /home/alice/one.pid");
    const exited = await waitFor("the end of the hog", async () =>
      (await lab.log(unit)).find(
        ({ event, program }) => event === "program.exited" && program === "hog",
      ),
    );
    assert.deepEqual(exited["exit"], { signal: "SIGKILL" });
    const group = await lab.show(unit, "ControlGroup");
    const events = `/sys/fs/cgroup${group}/memory.events /sys/fs/cgroup/memory${group}/memory.oom_control`;
    assert.match((await lab.root(`cat ${events}`)).out, /^oom_kill 1$/m);
    assert.equal(await lab.show(unit, "MainPID"), mainPid, "usrsvcd runs on");
    assert.equal(await lab.show(unit, "ActiveState"), "active");
    assert.equal(await lab.print("cat /home/alice/one.pid"), one);
    await hasStatus(lab, unit, "1 running, 1 stopped");
  },
);

async function hasStatus(lab: Lab, name: string, text: string): Promise<void> {
  await waitFor(`the status "${text}"`, async () => (await lab.show(name, "StatusText")) === text);
}
