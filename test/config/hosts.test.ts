import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfigobj } from "../../src/config/configobj/configobj.ts";
import { type HostsEntry, type HostsSettings, readHosts } from "../../src/config/hosts.ts";
import { formatIssue } from "../../src/config/issue.ts";

function read(...lines: readonly string[]): HostsSettings {
  const text = ["[Main]", "[Hosts]", ...lines].join("\n");
  return readHosts(parseConfigobj(text), "a.cfg", (name) => (name === "HOME" ? "/h" : undefined));
}

function target(name: string, host: string, more: object = {}): object {
  const { user, port, command } = more as Record<string, unknown>;
  return { name, destination: { host, user, port }, command };
}

function entries({ entries: all, issues }: HostsSettings): Readonly<Record<string, HostsEntry>> {
  assert.deepEqual(issues.map(formatIssue), []);
  return Object.fromEntries(all);
}

describe("readHosts()", () => {
  test("reads hosts, with what is run there", () => {
    const found = entries(
      read(
        "web1 = web@web1.example",
        "web2 = web@[fd00::2]:2222   /opt/node/bin/usrsvc -c  /srv/a.cfg # the new one",
        `db = db1 env "PATH=/opt/bin:$PATH" usrsvc`,
        `odd = "db2 usrsvc -c '/srv/a,b.cfg'"`,
        "home = db3 %(HOME)s/bin/usrsvc",
      ),
    );
    assert.deepEqual(found, {
      web1: { kind: "host", target: target("web1", "web1.example", { user: "web" }) },
      web2: {
        kind: "host",
        target: target("web2", "fd00::2", {
          user: "web",
          port: 2222,
          command: "/opt/node/bin/usrsvc -c  /srv/a.cfg",
        }),
      },
      db: {
        kind: "host",
        target: target("db", "db1", { command: `env "PATH=/opt/bin:$PATH" usrsvc` }),
      },
      odd: { kind: "host", target: target("odd", "db2", { command: "usrsvc -c '/srv/a,b.cfg'" }) },
      home: { kind: "host", target: target("home", "db3", { command: "/h/bin/usrsvc" }) },
    });
  });

  test("reads groups of hosts, of groups, and of hosts without a name", () => {
    const found = entries(
      read(
        "all-of-them = @web, db",
        "web = web1, web2",
        "web1 = web@web1.example",
        "web2 = web2.example",
        "db = db@10.0.0.7:2222, 10.0.0.8 /opt/usrsvc",
        "one = web1",
        "alone = 10.0.0.9,",
        "same = same",
      ),
    );
    assert.deepEqual(found["all-of-them"], { kind: "group", members: ["web", "db"] });
    assert.deepEqual(found["web"], { kind: "group", members: ["web1", "web2"] });
    assert.deepEqual(found["db"], {
      kind: "group",
      members: [
        target("db@10.0.0.7:2222", "10.0.0.7", { user: "db", port: 2222 }),
        target("10.0.0.8", "10.0.0.8", { command: "/opt/usrsvc" }),
      ],
    });
    assert.deepEqual(found["one"], { kind: "group", members: ["web1"] });
    assert.deepEqual(found["alone"], { kind: "group", members: [target("10.0.0.9", "10.0.0.9")] });
    assert.deepEqual(found["same"], { kind: "host", target: target("same", "same") });
  });

  test("reads nothing where there is no such section", () => {
    const none = readHosts(parseConfigobj("[Main]"), "a.cfg", () => undefined);
    assert.deepEqual([none.entries.size, none.issues], [0, []]);
  });

  const wrong: readonly (readonly [readonly string[], string])[] = [
    [
      ["web1 = -oProxyCommand=x"],
      'a.cfg:3: web1: "-oProxyCommand=x" begins with -, which ssh takes for an option; give it a name in [Hosts]',
    ],
    [
      ["web1 = web@x;y"],
      'a.cfg:3: web1: "web@x;y" is not a host; write web1, web@web1.example, web@10.0.0.7:2222 or web@[fd00::7]:2222',
    ],
    [
      ["web1 ="],
      "a.cfg:3: web1: is empty; write a host (web@web1.example) or a group (web1, web2)",
    ],
    [
      ["web = a,, b"],
      "a.cfg:3: web: is not a list; write a host (web@web1.example) or a group (web1, web2)",
    ],
    [
      ["-x = web1"],
      'a.cfg:3: "-x" is not a name for a host: letters, digits, dots, _ and -, and none of the last at its beginning',
    ],
    [
      ["a b = web1"],
      'a.cfg:3: "a b" is not a name for a host: letters, digits, dots, _ and -, and none of the last at its beginning',
    ],
    [
      ["web = web1, web2", "all = @wep"],
      'a.cfg:4: all: there is no group "wep" in [Hosts]; did you mean @web?',
    ],
    [
      ["web = me:secret@web1"],
      'a.cfg:3: web: "me:***@web1" has a password, which ssh takes from nowhere but a terminal; use a key',
    ],
    [["web1 = x", "    [[more]]"], "a.cfg:4: unknown section [[more]]: [Hosts] has no subsections"],
    [["web1 = %(nothing)s"], "a.cfg:3: web1: %(nothing)s"],
    [["what is this"], "a.cfg:3: "],
  ];
  for (const [lines, message] of wrong) {
    test(`says what is wrong: ${lines.join("; ")}`, () => {
      const { issues } = read(...lines);
      const told = issues.map(formatIssue);
      assert.equal(told.length, 1, told.join("\n"));
      assert.ok(told[0]?.startsWith(message), told[0]);
    });
  }

  test("names the loop of groups that contain themselves", () => {
    const found = read("a = b, x", "b = @c, y", "c = a, z", "d = a, w", "e = @e");
    assert.deepEqual(found.issues.map(formatIssue), [
      "a.cfg:3: a: contains itself: a → b → c → a; take one of them out",
      "a.cfg:4: b: contains itself: b → c → a → b; take one of them out",
      "a.cfg:5: c: contains itself: c → a → b → c; take one of them out",
      "a.cfg:7: e: contains itself: e → e; take one of them out",
    ]);
    assert.equal(found.entries.get("a")?.kind, "faulty");
    assert.equal(found.entries.get("d")?.kind, "group");
  });
});
